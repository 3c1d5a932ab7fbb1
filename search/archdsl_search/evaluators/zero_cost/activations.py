"""Watches what a module computes, whatever it is made of: calls of functions and of modules alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

# Rectifiers and their smooth relatives: where their input is positive, the unit is on.
_SWITCHES = {
    torch.ops.aten.relu,
    torch.ops.aten.relu_,
    torch.ops.aten.hardtanh,  # ReLU6
    torch.ops.aten.hardtanh_,
    torch.ops.aten.leaky_relu,
    torch.ops.aten.leaky_relu_,
    torch.ops.aten._prelu_kernel,
    torch.ops.aten.elu,
    torch.ops.aten.elu_,
    torch.ops.aten.gelu,
    torch.ops.aten.silu,
    torch.ops.aten.silu_,
    torch.ops.aten.hardswish,
    torch.ops.aten.hardswish_,
}


class Switches(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Calls `seen` with the input of every rectifier, as often as one is computed."""

    def __init__(self, seen: Callable[[Tensor], None]):
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen = seen

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.overloadpacket in _SWITCHES:
            self.seen(args[0])
        return func(*args, **(kwargs or {}))


class LastMap(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Keeps the last feature map [N, C, H, W] of more than one position that was computed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: Tensor | None = None

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        made = result[0] if isinstance(result, tuple) and result else result
        if isinstance(made, Tensor) and made.ndim == 4 and made.shape[2] * made.shape[3] > 1:
            self.found = made
        return result
