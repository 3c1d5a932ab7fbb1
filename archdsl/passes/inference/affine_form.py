"""Affine form: everything that scales and shifts channels by learned numbers becomes one operator, `fused_affine`.

Algebra, in inference, per channel:
    batch_norm(x) = w x + b   with w = gamma / sqrt(variance + eps), b = beta - mean w
    scale(x) = w x + 0        add_bias(x) = 1 x + b        add_bias(scale(x)) = w x + b

Side conditions: the normalisation keeps running statistics (else it needs the batch). Instance norm uses its running
statistics in inference where it keeps them. Nodes that share weights are all changed.

Way back: the statistics become mean 0 and variance 1 - eps, gamma and beta take the rest. Without gamma the variance
takes it, which can't make the factor negative, nor larger than 1 / sqrt(eps).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.ir.graph import Graph, Node
from archdsl.ir.naming import state_key
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.rewriting import Reading, Rewriting, made
from archdsl.passes.weights import NoInverseError, exact

if TYPE_CHECKING:
    from archdsl.passes.weights import Array, State

NORMS = frozenset({"batch_norm1d", "batch_norm2d", "instance_norm2d"})
TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class AffineForm:
    """Makes `fused_affine` of batch norms, `scale` and `add_bias`."""

    name: str = "affine_form"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which one operator stands for all affine maps of channels."""
        found = [node for node in graph.nodes if _is_affine(node)]
        if not found:
            return unchanged(graph)
        pairs = _pairs(found, Reading(graph))
        scales = frozenset(pairs.values())
        affine = frozenset(found)
        rewriting = Rewriting(graph)
        for node in graph.nodes:
            if node in scales:
                rewriting.replace(node.outputs[0], rewriting.now(node.operands[0]))
            elif node in affine:
                rewriting.put(node, made("fused_affine"), rewriting.all_now(node.operands))
            else:
                rewriting.keep(node)
        firsts = {node.path: node for node in reversed(found) if node not in scales}
        paths = dict.fromkeys(node.path for node in found if node not in scales)
        steps = tuple(_step(firsts[path], pairs) for path in paths)
        note = f"turned {counted(len(found), 'normalisation')} into a factor and a number per channel"
        places = tuple(node.path for node in found)
        return PassResult(rewriting.finish(), True, (note,), steps, places)


def _pairs(found: Sequence[Node], reading: Reading) -> dict[Node, Node]:
    """Each `add_bias` that alone reads a `scale`, with that."""
    pairs: dict[Node, Node] = {}
    for node in found:
        before = node.operands[0].producer if node.op.name == "add_bias" else None
        if before is None or before.op.name != "scale" or reading.is_shared(node) or reading.is_shared(before):
            continue
        if reading.sole_reader(before.outputs[0]) is node:
            pairs[node] = before
    return pairs


def _is_affine(node: Node) -> bool:
    if node.op.name in NORMS:
        return bool(getattr(node.op, "track_running_stats", False))
    return node.op.name in ("scale", "add_bias")


def _step(node: Node, pairs: Mapping[Node, Node]) -> NormStep | PartStep | PairStep:
    if node in pairs:
        return PairStep(pairs[node].path, node.path)
    if node.op.name not in NORMS:
        return PartStep(node.path, node.op.name)
    names = frozenset(spec.name for spec in node.weights)
    return NormStep(node.path, float(getattr(node.op, "eps", 0.0)), "weight" in names, "bias" in names)


@dataclass(frozen=True, slots=True)
class NormStep:
    """Running statistics, gamma and beta to a factor and a number, and back."""

    path: str
    eps: float
    has_scale: bool
    has_shift: bool

    def forward(self, state: State) -> None:
        import numpy as np

        mean, variance = (exact(state.pop(self.key(name))) for name in ("running_mean", "running_var"))
        state.pop(self.key("num_batches_tracked"), None)
        factor = 1 / np.sqrt(variance + self.eps)
        if self.has_scale:
            factor = factor * exact(state[self.key("weight")])
        shift = -mean * factor
        if self.has_shift:
            shift = shift + exact(state[self.key("bias")])
        state[self.key("weight")], state[self.key("bias")] = factor, shift

    def backward(self, state: State) -> None:
        import numpy as np

        factor, shift = exact(state.pop(self.key("weight"))), exact(state.pop(self.key("bias")))
        variance = np.full_like(factor, max(0.0, 1 - self.eps))
        if not self.has_scale:
            variance = self._variance_of(factor)
        deviation = np.sqrt(variance + self.eps)
        mean = np.zeros_like(factor)
        if self.has_scale:
            state[self.key("weight")] = factor * deviation
        if self.has_shift:
            state[self.key("bias")] = shift
        else:
            mean = self._mean_of(factor, shift)
        state[self.key("running_mean")], state[self.key("running_var")] = mean, variance
        state[self.key("num_batches_tracked")] = np.zeros((), np.int64)

    def _variance_of(self, factor: Array) -> Array:
        """The variance that makes the factor by itself."""
        import numpy as np

        if (factor <= 0).any() or (1 / factor**2 < self.eps * (1 - TOLERANCE)).any():
            raise NoInverseError(f"affine_form: the batch norm at `{self.path}` has no gamma to make this factor")
        return np.maximum(1 / factor**2 - self.eps, 0)

    def _mean_of(self, factor: Array, shift: Array) -> Array:
        """The mean that makes the shift by itself."""
        import numpy as np

        if (shift[factor == 0] != 0).any():
            raise NoInverseError(f"affine_form: the batch norm at `{self.path}` has no beta to make this shift")
        return np.divide(-shift, factor, out=np.zeros_like(shift), where=factor != 0)

    def key(self, name: str) -> str:
        return state_key(self.path, name)


@dataclass(frozen=True, slots=True)
class PartStep:
    """`scale` has no number and `add_bias` no factor of its own."""

    path: str
    operator: str

    def forward(self, state: State) -> None:
        import numpy as np

        own = exact(state[self._key(self._own)])
        state[self._key(self._own)] = own
        state[self._key(self._other)] = np.full_like(own, self._neutral)

    def backward(self, state: State) -> None:
        import numpy as np

        if not np.allclose(state.pop(self._key(self._other)), self._neutral, rtol=0, atol=TOLERANCE):
            raise NoInverseError(f"affine_form: `{self.operator}` at `{self.path}` has no `{self._other}`")

    @property
    def _own(self) -> str:
        return "weight" if self.operator == "scale" else "bias"

    @property
    def _other(self) -> str:
        return "bias" if self.operator == "scale" else "weight"

    @property
    def _neutral(self) -> float:
        return 0.0 if self.operator == "scale" else 1.0

    def _key(self, name: str) -> str:
        return state_key(self.path, name)


@dataclass(frozen=True, slots=True)
class PairStep:
    """A `scale` and the `add_bias` behind it, together at the second's path."""

    scale: str
    add_bias: str

    def forward(self, state: State) -> None:
        state[state_key(self.add_bias, "weight")] = state.pop(state_key(self.scale, "weight"))

    def backward(self, state: State) -> None:
        state[state_key(self.scale, "weight")] = state.pop(state_key(self.add_bias, "weight"))
