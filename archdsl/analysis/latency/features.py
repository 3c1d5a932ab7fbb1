"""What a step's time hangs on, as numbers: kind, sizes, work and traffic."""

from __future__ import annotations

from functools import lru_cache
from math import log2, prod
from typing import NamedTuple

from archdsl.analysis.figures import figures_of
from archdsl.analysis.latency.steps import Step
from archdsl.ops.base import Operator
from archdsl.types import TensorType

CONVOLUTIONS = frozenset({"conv1d", "conv2d", "conv_transpose2d", "fused_conv2d"})
_MATRIX_FAMILIES = frozenset({"linear", "attention", "recurrent", "recurrent_cells", "correlation"})
GROUPS = ("convolution", "grouped", "matrix", "other")


class Work(NamedTuple):
    """What a step does for a whole batch.

    Attributes:
        operations: floating-point operations, a multiply-add being two.
        moved: elements of activations read and written.
        weights: elements of weights read.
    """

    operations: int
    moved: int
    weights: int


def group_of(op: Operator) -> str:
    """Which regression predicts the operator."""
    if op.name in CONVOLUTIONS:
        return "grouped" if getattr(op, "groups", 1) > 1 else "convolution"
    return "matrix" if op.family in _MATRIX_FAMILIES or op.name in ("matmul", "fused_linear") else "other"


@lru_cache(maxsize=1 << 16)
def work_of(op: Operator, operands: tuple[TensorType, ...], batch_size: int) -> Work:
    """The work of one step."""
    known = figures_of(op, operands)
    operations = (2 * known.mult_adds + known.elementwise) * batch_size
    return Work(operations, (known.reads + known.writes) * batch_size, known.weights_read)


def written_by(op: Operator, operands: tuple[TensorType, ...], batch_size: int) -> int:
    """Elements that a step writes; views write nothing."""
    return figures_of(op, operands).writes * batch_size


def names_of(group: str) -> tuple[str, ...]:
    """Names of the features of a group, in order; `is_NAME` follow for the operators that were measured."""
    shared = (
        "operations",
        "moved",
        "weights",
        "intensity",
        "read",
        "written",
        "channels",
        "positions",
        "batch",
        "live",
    )
    if group in ("convolution", "grouped"):
        return (*shared, "in_channels", "kernel", "kernel_height", "stride", "dilation", "per_group", "in_positions")
    return (*shared, "operands", "rank", "kernel", "stride", "in_positions", "row")


@lru_cache(maxsize=1 << 16)
def features_of(step: Step, batch_size: int) -> tuple[float, ...]:
    """The features by `names_of`: sizes as binary logarithms, since time is about a product of powers of them."""
    op, operands, live = step
    work, known = work_of(op, operands, batch_size), figures_of(op, operands)
    shape = known.shapes[0] if known.shapes else ()
    source = operands[0].shape if operands else ()
    shared = (
        _log(work.operations),
        _log(work.moved),
        _log(work.weights),
        _log(work.operations / (work.moved + work.weights + 1)),
        _log(known.reads * batch_size),
        _log(known.writes * batch_size),
        _log(shape[0] if shape else 1),
        _log(prod(shape[1:]) * batch_size),
        _log(batch_size),
        _log(live * batch_size),
    )
    kernel, stride = _pair(op, "kernel_size"), _pair(op, "stride")
    if op.name in CONVOLUTIONS:
        groups = getattr(op, "groups", 1)
        own = (
            _log(source[0]),
            _log(prod(kernel)),
            float(kernel[0]),
            float(prod(stride)),
            float(prod(_pair(op, "dilation"))),
            _log(source[0] // groups),
            _log(prod(source[1:]) * batch_size),
        )
        return shared + own
    row = shape[-1] if shape else 1
    positions = _log(prod(source[1:]) * batch_size)
    return (
        *shared,
        float(len(operands)),
        float(len(shape)),
        _log(prod(kernel)),
        _log(prod(stride)),
        positions,
        _log(row),
    )


def _pair(op: Operator, name: str) -> tuple[int, ...]:
    value = getattr(op, name, None)
    if isinstance(value, int):
        return (value, value)
    return value if isinstance(value, tuple) and all(isinstance(v, int) for v in value) else (1, 1)


def _log(value: float) -> float:
    return log2(1 + value)
