"""The tools themselves, run on a module with one sample."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from tests.specs.implementations import _declare


def fvcore(module: nn.Module, inputs: Sequence[Tensor]) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fvcore.nn import FlopCountAnalysis

        logging.getLogger("fvcore").setLevel(logging.CRITICAL)
        counted = FlopCountAnalysis(module, tuple(inputs)).unsupported_ops_warnings(False)
        return int(counted.uncalled_modules_warnings(False).total())


def _ptflops(module: nn.Module, inputs: Sequence[Tensor], backend: str) -> int:
    _declare()  # ptflops looks for torchvision
    from ptflops import get_model_complexity_info

    class Given(nn.Module):
        """ptflops gives modules one positional input, or keywords."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, x: Tensor) -> object:
            return self.inner(*inputs)

    with contextlib.redirect_stdout(io.StringIO()):
        found, _ = get_model_complexity_info(
            Given(), (1,), as_strings=False, print_per_layer_stat=False, verbose=False, backend=backend
        )
    assert found is not None
    return int(found)


def ptflops(module: nn.Module, inputs: Sequence[Tensor]) -> int:
    return _ptflops(module, inputs, "pytorch")


def ptflops_aten(module: nn.Module, inputs: Sequence[Tensor]) -> int:
    with torch.no_grad():
        return _ptflops(module, inputs, "aten")


def thop(module: nn.Module, inputs: Sequence[Tensor]) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from thop import profile

        return int(profile(copy.deepcopy(module), tuple(inputs), verbose=False)[0])


def torchinfo(module: nn.Module, inputs: Sequence[Tensor]) -> int:
    from torchinfo import summary

    return int(summary(module, input_data=list(inputs), verbose=0).total_mult_adds)


def flopcounter(module: nn.Module, inputs: Sequence[Tensor]) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*inputs)
    return int(counter.get_total_flops())


TOOLS = {
    "fvcore": fvcore,
    "ptflops": ptflops,
    "ptflops-aten": ptflops_aten,
    "thop": thop,
    "torchinfo": torchinfo,
    "flopcounter": flopcounter,
}
