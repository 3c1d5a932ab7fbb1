"""What a compiled network says of inputs that it wasn't compiled for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from archdsl.backends.torch.inference.recipe import dtype_name
from archdsl.ir.graph import Graph


def checked(graph: Graph, inputs: Sequence[Tensor], device: torch.device, dtype: torch.dtype) -> int:
    """The number of samples, once the inputs are known to fit.

    Raises:
        TypeError, ValueError: naming the input that is missing, or of another kind, type, device or size.
    """
    expected = graph.inputs
    if len(inputs) != len(expected):
        raise TypeError(f"{graph.name} reads {len(expected)} inputs ({', '.join(expected)}) and got {len(inputs)}")
    n: int | None = None
    for (name, value), x in zip(expected.items(), inputs, strict=True):
        if not isinstance(x, Tensor):
            raise TypeError(f"{name} is {type(x).__name__}, and a tensor is needed")
        wanted = torch.int64 if value.type.dtype == "int64" else dtype
        if x.dtype is not wanted:
            given, needed = dtype_name(x.dtype), dtype_name(wanted)
            raise TypeError(f"{name} is {given}, and the network computes in {needed}: convert one of them")
        if x.device != device:
            raise ValueError(f"{name} is on {x.device}, and the network is on {device}: move one of them")
        shape = tuple(x.shape)
        if shape[1:] != value.type.shape or not shape:
            sizes = ", ".join(["N", *map(str, value.type.shape)])
            raise ValueError(f"{name} is {list(shape)}, compiled for [{sizes}]")
        if n is not None and shape[0] != n:
            raise ValueError(f"{name} has {shape[0]} samples, and the inputs before it have {n}")
        n = shape[0]
    return n or 0


def ordered(graph: Graph, inputs: Sequence[Tensor], named: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """All inputs in the order of the file, where some are given by name.

    Raises:
        TypeError: for a name that is none or was given already, and for a missing input.
    """
    left = list(graph.inputs)[len(inputs) :]
    for name in named:
        if name not in left:
            known = "given twice" if name in graph.inputs else f"no input of {graph.name} ({', '.join(graph.inputs)})"
            raise TypeError(f"{name} is {known}")
    missing = [name for name in left if name not in named]
    if missing:
        raise TypeError(f"{graph.name} reads {', '.join(missing)} too")
    return (*inputs, *(named[name] for name in left))
