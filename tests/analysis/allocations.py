"""What torch holds in memory while it trains or runs a network, followed storage by storage."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Allocations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Bytes of the storages that operators have made, and of those given, that are alive."""

    def __init__(self, given: Iterable[Tensor] = ()):
        super().__init__()  # type: ignore[no-untyped-call]
        self.known: set[int] = set()
        self.live = self.peak = 0
        for tensor in given:
            self.count(tensor)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self.count(tensor)
        return made

    def count(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self.known:
            return
        self.known.add(key)
        self.live += storage.nbytes()
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self.free, key, storage.nbytes())

    def free(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.live -= size


def training_peak(module: nn.Module, inputs: list[Tensor], optimizer: torch.optim.Optimizer) -> int:
    """Bytes at the peak of the second step; the first one makes the optimizer's state."""
    module.train()

    def step() -> None:
        made = module(*inputs)
        outputs = list(made.values()) if isinstance(made, dict) else [made]
        torch.autograd.backward(outputs, [torch.ones_like(y) for y in outputs])
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    step()
    state = [t for kept in optimizer.state.values() for t in kept.values() if isinstance(t, Tensor)]
    counter = Allocations([*module.parameters(), *module.buffers(), *inputs, *state])
    with counter:
        step()
    return counter.peak
