"""What all nodes with one operator and operand types have in common, for one sample; asked once and remembered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import prod

from archdsl.ops.base import Operator, WeightSpec, cost_of, infer, weights_of
from archdsl.types import TensorType

INTEGER_BYTES = 8


class Figures:
    """Cost of one application to one sample. Integers are int64 elements, all others floats.

    Attributes:
        params, buffers: elements of weights that are trained, and that are not.
        weights_read, weight_integers: elements of weights that a forward pass reads, and how many are integers.
        mult_adds, elementwise: as in `OpCost`.
        reads, read_integers, writes, written_integers: elements of activations, and how many of them are integers.
        shapes: shapes of the outputs.
        made, made_integers: elements of the outputs.
        view: whether the outputs lie in the memory of the first operand.
        weighted: whether it has weights.
    """

    __slots__ = (
        "buffers",
        "elementwise",
        "made",
        "made_integers",
        "mult_adds",
        "params",
        "read_integers",
        "reads",
        "shapes",
        "view",
        "weight_integers",
        "weighted",
        "weights_read",
        "writes",
        "written_integers",
    )

    def __init__(self, op: Operator, operands: tuple[TensorType, ...]):
        cost, outputs, specs = cost_of(op, operands), infer(op, operands), weights_of(op, operands)
        read = [spec for spec in specs if not _is_counter(spec)]
        self.weighted = bool(specs)
        self.params = _elements(spec for spec in specs if spec.kind == "parameter")
        self.buffers = _elements(spec for spec in specs if spec.kind == "buffer")
        self.weights_read = _elements(read)
        self.weight_integers = _elements(spec for spec in read if spec.dtype == "int64")
        self.mult_adds, self.elementwise = cost.mult_adds, cost.elementwise
        self.reads, self.read_integers = cost.reads, _integers(cost.reads, operands)
        self.writes, self.written_integers = cost.writes, _integers(cost.writes, outputs)
        self.shapes = tuple([t.shape for t in outputs])
        self.made = sum(t.elements for t in outputs)
        self.made_integers = sum(t.elements for t in outputs if t.dtype == "int64")
        self.view = cost.writes == 0 and bool(operands)


@lru_cache(maxsize=1 << 16)
def figures_of(op: Operator, operands: tuple[TensorType, ...]) -> Figures:
    """The figures of an operator on these operands, remembered."""
    return Figures(op, operands)


def _elements(specs: Iterable[WeightSpec]) -> int:
    return sum(prod(spec.shape) for spec in specs)


def _is_counter(spec: WeightSpec) -> bool:
    """A counter of training steps (batch norm has one): stored, but not read by a forward pass."""
    return spec.kind == "buffer" and spec.shape == () and spec.dtype == "int64"


def _integers(elements: int, types: Sequence[TensorType]) -> int:
    """How many of these elements are integers.

    Rules count elements without their kind. Where floats and integers meet (`embedding`, `gather`), the integers are
    taken to be moved once each, and the rest to be floats.
    """
    if all(t.dtype == "int64" for t in types):
        return elements
    return min(elements, sum(t.elements for t in types if t.dtype == "int64"))
