"""What is done to a value where it lies."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

Call = Callable[[], object]

_IN_PLACE: dict[str, Callable[[Tensor], object]] = {
    "relu": torch.relu_,
    "relu6": partial(torch.clamp_, min=0.0, max=6.0),
    "elu": F.elu_,
    "leaky_relu": F.leaky_relu_,
    "silu": partial(F.silu, inplace=True),
    "sigmoid": torch.sigmoid_,
    "hardsigmoid": partial(F.hardsigmoid, inplace=True),
    "hardswish": partial(F.hardswish, inplace=True),
    "tanh": torch.tanh_,
}


class Activation(NamedTuple):
    """An activation by the name that fused operators give it, and its number."""

    name: str = "none"
    alpha: float | None = None

    def in_place(self, y: Tensor) -> list[Call]:
        """The calls that apply it to a value."""
        if self.name == "none":
            return []
        if self.name == "gelu":
            return [lambda: y.copy_(F.gelu(y))]
        numbers = () if self.alpha is None else (self.alpha,)
        return [partial(_IN_PLACE[self.name], y, *numbers)]

    def written(self, made: Tensor, out: Tensor, added: Tensor | None = None) -> list[Call]:
        """The calls that put activation(made + added) in its place."""
        if added is not None:
            return [partial(torch.add, made, added, out=out), *self.in_place(out)]
        if self.name == "relu":
            return [partial(torch.clamp_min, made, 0.0, out=out)]
        return [partial(out.copy_, made), *self.in_place(out)]
