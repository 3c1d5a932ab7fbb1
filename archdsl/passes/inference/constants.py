"""Constant folding: what depends on constants only is computed now.

Algebra: f(c1, ..., cn) is a constant for the operators below, element by element in float64, or in whole numbers.

Side conditions: the result has no more than `largest` elements (or no more than what it reads), is finite, and keeps
the kind of its elements. Values that are not constants, and weights, are not touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias

from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.rules.attributes import LARGEST
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.rewriting import Rewriting, made

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, Any]"

DEEPEST = 4  # nesting that the attribute of `constant` can hold


@dataclass(frozen=True, slots=True)
class ConstantFolding:
    """Computes what depends on constants only."""

    largest: int = 4096
    name: str = "constant_folding"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which no node reads constants only, as far as its operator is known here."""
        if not any(node.op.name == "constant" for node in graph.nodes):
            return unchanged(graph)
        rewriting = Rewriting(graph)
        known: dict[Value, Array] = {}
        folded: list[str] = []
        for node in graph.nodes:
            array = self._value(node, known)
            if array is None:
                rewriting.keep(node)
                continue
            known[node.outputs[0]] = array
            if node.op.name == "constant":
                rewriting.keep(node)
                continue
            folded.append(node.path)
            first = next(iter(graph.inputs.values()))
            rewriting.put(node, _constant(node, array), [first])
        if not folded:
            return unchanged(graph)
        note = f"computed {counted(len(folded), 'node')} that depend on constants only"
        return PassResult(rewriting.finish(), True, (note,), places=tuple(folded))

    def _value(self, node: Node, known: dict[Value, Array]) -> Array | None:
        """The result of a constant node or of one that reads constants only; None if it isn't known."""
        import numpy as np

        (type, *more) = node.output_types
        if more or type.rank > DEEPEST:
            return None
        if node.op.name == "constant":
            kind = np.int64 if type.dtype == "int64" else np.float64
            return np.broadcast_to(np.array(getattr(node.op, "value", 0), kind), type.shape)
        compute = _RULES.get(node.op.name)
        if compute is None or not node.operands or any(v not in known for v in node.operands):
            return None
        if type.elements > max(self.largest, *(v.type.elements for v in node.operands)):
            return None
        with np.errstate(all="ignore"):
            found = compute(node, [_aligned(known[v], type.rank) for v in node.operands])
        sound = found.shape == type.shape and np.isfinite(found).all() and (abs(found) < LARGEST).all()
        return found if sound else None


def _aligned(array: Array, rank: int) -> Array:
    return array.reshape((1,) * (rank - array.ndim) + array.shape) if array.ndim < rank else array


def _constant(node: Node, array: Array) -> Any:
    """The operator that makes these numbers for each sample."""
    (type,) = node.output_types
    if array.size and (array == array.flat[0]).all():
        return made("constant", {"value": array.flat[0].item(), "shape": type.shape, "dtype": type.dtype})
    return made("constant", {"value": array.tolist(), "dtype": type.dtype})


def _folded(pair: Callable[[Array, Array], Array]) -> Callable[[Node, list[Array]], Array]:
    return lambda node, arrays: reduce(pair, arrays)


def _single(function: Callable[[Array], Array]) -> Callable[[Node, list[Array]], Array]:
    return lambda node, arrays: function(arrays[0])


def _shaped(node: Node, arrays: list[Array]) -> Array:
    return arrays[0].reshape(node.output_types[0].shape)


def _mean(node: Node, arrays: list[Array]) -> Array:
    found: Array = reduce(lambda a, b: a + b, arrays) / len(arrays)
    return found


_RULES: dict[str, Callable[[Node, list[Array]], Array]] = {
    "add": _folded(lambda a, b: a + b),
    "sub": _folded(lambda a, b: a - b),
    "mul": _folded(lambda a, b: a * b),
    "div": _folded(lambda a, b: a / b),
    "mean": _mean,
    "relu": _single(lambda x: x.clip(0)),
    "relu6": _single(lambda x: x.clip(0, 6)),
    "flatten": _shaped,
    "reshape": _shaped,
    "squeeze": _shaped,
    "unsqueeze": _shaped,
}
