"""The operators' samples as test parameters, with random operands and their leaf modules."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl.backends.torch import support
from archdsl.backends.torch.printing import print_expression
from archdsl.ops.base import Operator, Sample
from archdsl.ops.lowering import LeafModule
from archdsl.ops.registry import every_operator, make
from archdsl.types import TensorType

OPERATORS = [pytest.param(op, id=name) for name, op in every_operator().items()]
SAMPLES = [
    pytest.param(make(op, sample.attributes), sample, id=f"{name}-{i}")
    for name, op in every_operator().items()
    for i, sample in enumerate(op.samples())
]
DTYPES = {"float32": torch.float32, "int64": torch.int64}


def tensor(x: TensorType, bound: int, batch: int, generator: torch.Generator) -> Tensor:
    """Random elements; integers below `bound`, distinct within each channel where there are enough of them."""
    shape = (batch, *x.shape)
    if x.dtype == "float32":
        return torch.randn(shape, generator=generator)
    inner = prod(x.shape[1:])
    if x.rank < 2 or inner > bound:
        return torch.randint(0, bound, shape, generator=generator)
    rows = [torch.randperm(bound, generator=generator)[:inner] for _ in range(batch * x.shape[0])]
    return torch.stack(rows).reshape(shape)


def tensors(sample: Sample, batch: int = 2, seed: int = 0) -> list[Tensor]:
    """Random operands of a sample."""
    generator = torch.Generator().manual_seed(seed)
    return [tensor(x, sample.integer_range, batch, generator) for x in sample.operands]


def build_leaf(leaf: LeafModule) -> nn.Module:
    """The module that an operator's lowering asks for, its weights started."""
    kind = getattr(support, leaf.type[8:]) if leaf.type.startswith("support.") else getattr(nn, leaf.type[3:])
    built: nn.Module = kind(**{name: literal.value for name, literal in leaf.kwargs})
    for function, weight, arguments in leaf.inits:
        getattr(nn.init, f"{function}_")(built.get_parameter(weight), *arguments)
    return built


def run(op: Operator, sample: Sample, operands: Sequence[Tensor], leaf: nn.Module | None = None) -> list[Tensor]:
    """The operator by its torch lowering, in inference; `leaf` is its module if it is there already."""
    lowering = op.torch(sample.operands)
    torch.manual_seed(0)
    if lowering.leaf and leaf is None:
        with operands[0].device:
            leaf = build_leaf(lowering.leaf).eval()
    names = [f"x{i}" for i in range(len(operands))]
    text = print_expression(lowering.result, names, "leaf" if leaf else None)
    known = {"torch": torch, "F": F, "nn": nn, "leaf": leaf, "self": SimpleNamespace(training=False)}
    with torch.no_grad():
        made = eval(text, vars(support) | known | dict(zip(names, operands, strict=True)))
    return list(made) if isinstance(made, tuple | list) else [made]
