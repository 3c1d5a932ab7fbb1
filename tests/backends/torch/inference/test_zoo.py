"""Optimized networks of the zoo compute what the plain ones do, on every runtime."""

from __future__ import annotations

import pytest
import torch

import archdsl
from archdsl.backends.torch.inference import RUNTIMES
from tests.backends.torch.inference.networks import difference, outputs, trained

QUICK = ["digits_resnet", "lenet5", "squeezenet1_1", "shufflenet_v2_x0_5"]
REST = [
    "resnet18", "resnet50", "googlenet", "inception_v3", "densenet121", "mobilenet_v2", "mobilenet_v3_large",
    "mnasnet_b1_1_0", "nasnet_mobile", "vgg11", "resnext50_32x4d", "unet",
]  # fmt: skip


def check(name: str, runtime: str) -> None:
    """Small batches, and images only as large as they are in the file."""
    net = archdsl.load(name)
    plain = trained(net)
    torch.manual_seed(0)
    given = [torch.randn(2, *value.type.shape) for value in net.graph().inputs.values()]
    settled(plain, given)
    module = archdsl.compile(net, "inference", plain, runtime=runtime)  # type: ignore[arg-type]
    assert difference(outputs(module, given), outputs(plain, given)) < 1e-4


def settled(module: torch.nn.Module, given: list[torch.Tensor]) -> None:
    """Batch norms with the statistics of a batch, so that values neither vanish nor explode."""
    for each in module.modules():
        if isinstance(each, torch.nn.BatchNorm2d):
            each.momentum = None
            each.reset_running_stats()
            each.train()
    outputs(module, given)
    module.eval()


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", QUICK)
def test_quick(name: str, runtime: str) -> None:
    check(name, runtime)


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", REST)
def test_rest(name: str, runtime: str) -> None:
    check(name, runtime)
