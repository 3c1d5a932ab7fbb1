"""What is asked before each call: whether weights have changed, and whether somebody follows the layers.

Looking at every tensor and layer would take as long as a small network's first layers, since none of them lies in the
cache by then. So both are a few numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter, is_
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

_VERSION = attrgetter("_version")


def shared_counters(module: nn.Module) -> list[Tensor]:
    """Let a module's tensors share the counters of changes in place that torch has for each; gives their two bearers.

    Aliases share a counter, and an alias keeps it when it is given other data. So each parameter and buffer is replaced
    by an alias of a bearer that has its data. Integers have a counter of their own: batch norms count their batches
    between a forward pass and its backward pass, in which nothing that gradients depend on may count as changed.
    Tensors on other devices and those made in inference mode keep what they have.
    """
    with torch.inference_mode(False):
        floats, integers = torch.empty(0, device="cpu"), torch.empty(0, device="cpu", dtype=torch.int64)
        made: dict[Tensor, Tensor] = {}
        for layer in module.modules():
            for held in (layer._parameters, layer._buffers):
                for name, tensor in held.items():
                    if tensor is None or tensor.device.type != "cpu" or tensor.is_inference():
                        continue
                    if tensor not in made:
                        made[tensor] = _alias(floats if tensor.is_floating_point() else integers, tensor)
                    held[name] = made[tensor]  # type: ignore[assignment]
    return [floats, integers]


def _alias(bearer: Tensor, tensor: Tensor) -> Tensor:
    alias = bearer.detach()
    if isinstance(tensor, nn.Parameter):
        alias = nn.Parameter(alias, requires_grad=False)
    alias.data = tensor.data
    return alias


class Changes:
    """Counts how often torch has changed tensors in place; loading a checkpoint does that."""

    def __init__(self, bearers: Sequence[Tensor], tensors: Sequence[Tensor]):
        """`bearers` is what `shared_counters` gave; tensors that have got a counter of their own since are found."""
        counted = [tensor for tensor in tensors if not tensor.is_inference()]
        before = list(map(_VERSION, counted))
        with torch.inference_mode(False), torch.no_grad():
            for bearer in bearers:
                bearer.zero_()  # counts as a change
        apart = [each for each, version in zip(counted, before, strict=True) if each._version == version]
        self._counters = [*bearers, *apart]

    def count(self) -> int:
        """A number that is larger after a change."""
        return sum(map(_VERSION, self._counters))


def dispatches(x: Tensor) -> bool:
    """Whether operators on a tensor are its class's own affair, as on fake tensors: only they can compute with it."""
    return type(x).__torch_dispatch__ is not Tensor.__torch_dispatch__


class Held:
    """Which tensors the layers of a module hold, by identity."""

    def __init__(self, module: nn.Module):
        places: list[dict[str, Any]] = [
            held for layer in module.modules() for held in (layer._parameters, layer._buffers)
        ]
        self._places = [held for held in places for _ in held]
        self._names = [name for held in places for name in held]
        self._tensors = [tensor for held in places for tensor in held.values()]

    def is_same(self) -> bool:
        """Whether they hold these tensors now. In C: a network has hundreds, and each call asks."""
        return all(map(is_, map(dict.get, self._places, self._names), self._tensors))

    def is_like(self, other: Held) -> bool:
        """Whether these are tensors for the same places."""
        return self._names == other._names and all(map(is_, self._places, other._places))

    def wants_gradients(self) -> bool:
        """Whether torch would record gradients for any of them."""
        return any(tensor is not None and tensor.requires_grad for tensor in self._tensors)


class Hooks:
    """Tells whether any layer has a forward hook; layers are only looked at when hooks were registered anywhere."""

    def __init__(self, layers: Sequence[nn.Module]):
        self._hooks = [hooks for each in layers for hooks in (each._forward_hooks, each._forward_pre_hooks)]
        self._registered = -1
        self._found = False

    def any(self) -> bool:
        """Whether there is one now."""
        registered = RemovableHandle.next_id
        if self._found or registered != self._registered:
            self._registered, self._found = registered, any(self._hooks)
        return self._found
