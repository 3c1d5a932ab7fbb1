"""Sibling merging: convolutions that read one value become one, whose result is split.

Algebra, with [W1; ...; Wn] the weights above one another:
    (W1 x + b1, ..., Wn x + bn) = split([W1; ...; Wn] x + [b1; ...; bn])

and the same with an activation on all of them. A window that is smaller gets zeros around it, if the merged
convolution then takes at most `slack` more multiply-adds than the siblings (1 x 1 beside few 3 x 3 channels). The same
for linear layers.

When it pays: x is read once and the matrix product is larger. The parts are views where the runtime can read a range
of channels, and copies elsewhere; where they are joined again in the same order nothing is split. So it is a choice
of the runtime: `fewest` is the least number of siblings worth it.

Side conditions: one group (channels of several groups would interleave), equal stride, dilation, padding mode, place
of the window, activation; no residual; weights shared with nobody.

Way back: the weight is cut again; elements around a smaller window, and biases of siblings without, must be zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from archdsl.ir.graph import Graph, Node, Value
from archdsl.ir.naming import state_key
from archdsl.ops.base import Operator
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.inference.layers import convolution, groups_of, has_bias, is_convolution, window_of
from archdsl.passes.rewriting import Paths, Reading, Rewriting, changed, common_scope, fits, made
from archdsl.passes.weights import NoInverseError, WeightStep, exact

TYPES = frozenset({"conv2d", "fused_conv2d", "linear", "fused_linear"})


class Sibling(NamedTuple):
    """One member: its rows in the merged weight, and where its window stands in the merged one."""

    path: str
    outputs: int
    kernel: tuple[int, ...]
    offset: tuple[int, ...]
    has_bias: bool


@dataclass(frozen=True, slots=True)
class SiblingMerging:
    """Merges layers that read the same value."""

    fewest: int = 2
    slack: float = 0.0
    name: str = "sibling_merging"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which siblings are one layer."""
        families = self._families(graph)
        if not families:
            return unchanged(graph)
        heads = {members[0]: (members, op) for members, op in families}
        gone = {node for members, _ in families for node in members}
        rewriting, paths = Rewriting(graph), Paths(graph)
        steps: list[WeightStep] = []
        for node in graph.nodes:
            if node in heads:
                steps.append(_merge(rewriting, *heads[node], paths))
            elif node not in gone:
                rewriting.keep(node)
        note = f"merged {counted(len(gone), 'layer')} into {len(families)} that read the same"
        places = tuple(", ".join(node.path for node in members) for members, _ in families)
        return PassResult(rewriting.finish(), True, (note,), tuple(steps), places)

    def _families(self, graph: Graph) -> list[tuple[list[Node], Operator]]:
        reading = Reading(graph)
        groups: dict[tuple[Any, ...], list[Node]] = {}
        for node in graph.nodes:
            if node.op.name not in TYPES or len(node.operands) != 1 or reading.is_shared(node) or groups_of(node) != 1:
                continue
            groups.setdefault((node.operands[0], _kind(node)), []).append(node)
        found = []
        for members in groups.values():
            for family in self._alike(members):
                op = _merged(family)
                if len(family) >= max(2, self.fewest) and op is not None:
                    found.append((family, op))
        return found

    def _alike(self, members: list[Node]) -> list[list[Node]]:
        """Members by window; all in one where the zeros around smaller windows are few."""
        if not is_convolution(members[0]):
            return [members]
        by_window: dict[tuple[Any, ...], list[Node]] = {}
        for node in members:
            window = window_of(node)
            by_window.setdefault((window.kernel, window.padding), []).append(node)
        op = _merged(members) if len(by_window) > 1 else None
        if op is not None and self.slack:
            types = (members[0].operands[0].type,)
            work = op.cost(types, op.infer(*types)).mult_adds
            if work <= (1 + self.slack) * sum(_work(node) for node in members):
                return [members]
        return list(by_window.values())


def _kind(node: Node) -> tuple[Any, ...]:
    """What siblings must have in common."""
    activation = (getattr(node.op, "activation", "none"), getattr(node.op, "alpha", None))
    if not is_convolution(node):
        return ("linear", activation)
    window = window_of(node)
    spatial = node.output_types[0].shape[1:]
    return ("conv2d", activation, window.stride, window.dilation, convolution(node).padding_mode, spatial)


def _work(node: Node) -> int:
    return node.op.cost(node.operand_types, node.output_types).mult_adds


def _merged(members: Sequence[Node]) -> Operator | None:
    """The one operator; None if no window covers all and gives the same sizes."""
    first = members[0]
    outputs = sum(_outputs(node) for node in members)
    bias = any(has_bias(node) for node in members)
    alpha = {name: getattr(first.op, name, None) for name in ("activation", "alpha")}
    if not is_convolution(first):
        return changed(first.op, out_features=outputs, bias=bias, init=None, bias_init=None)
    largest = max(members, key=lambda node: prod(window_of(node).kernel))
    window = window_of(largest)
    for node in members:
        offset, inner = _offset(node, window.padding, window.dilation), window_of(node)
        covers = all(o >= 0 and o + k <= n for o, k, n in zip(offset, inner.kernel, window.kernel, strict=True))
        if not covers or (inner.kernel != window.kernel and convolution(first).padding_mode != "zeros"):
            return None
    attributes = {"out_channels": outputs, "kernel_size": window.kernel, "stride": window.stride, "bias": bias}
    attributes |= {"padding": convolution(largest).padding, "dilation": window.dilation}
    attributes |= {"padding_mode": convolution(first).padding_mode}
    given = attributes | (alpha if first.op.name == "fused_conv2d" else {})
    op = made(first.op.name, {name: value for name, value in given.items() if value is not None})
    return op if fits(op, [first.operands[0].type]) else None


def _outputs(node: Node) -> int:
    return node.output_types[0].shape[0 if is_convolution(node) else -1]


def _offset(node: Node, padding: Sequence[tuple[int, int]], dilation: Sequence[int]) -> tuple[int, ...]:
    """Where a window begins in the one with this padding; -1 where the grids don't meet."""
    if not is_convolution(node):
        return ()
    gaps = [(whole[0] - own[0], d) for whole, own, d in zip(padding, window_of(node).padding, dilation, strict=True)]
    return tuple(gap // d if gap % d == 0 else -1 for gap, d in gaps)


def _merge(rewriting: Rewriting, members: list[Node], op: Operator, paths: Paths) -> Siblings:
    """The one layer and its parts, in the place of the first member."""
    first = members[0]
    scope = common_scope(members)
    label = f"{first.path.rpartition('/')[2].partition('[')[0]}_merged"
    path = paths.fresh(f"{scope.path}/{label}" if scope.path else label)
    whole = rewriting.add(first, op, rewriting.all_now(first.operands), path, scope)
    parts = split(rewriting, whole, [_outputs(node) for node in members], is_convolution(first))
    for node, part in zip(members, parts, strict=True):
        rewriting.replace(node.outputs[0], part)
    window = window_of(whole) if is_convolution(whole) else None
    siblings = []
    for node in members:
        kernel = window_of(node).kernel if window else ()
        offset = _offset(node, window.padding, window.dilation) if window else ()
        siblings.append(Sibling(node.path, _outputs(node), kernel, offset, has_bias(node)))
    return Siblings(path, tuple(siblings), window.kernel if window else ())


def split(rewriting: Rewriting, whole: Node, sizes: list[int], channels: bool) -> tuple[Value, ...]:
    """The parts of a layer's result."""
    dim = 0 if channels else whole.output_types[0].rank - 1
    op = made("split", {"sizes": sizes, "dim": dim})
    return rewriting.add(whole, op, whole.outputs, f"{whole.path}_parts", whole.scope).outputs


@dataclass(frozen=True, slots=True)
class Siblings:
    """Weights above one another, smaller windows with zeros around them."""

    path: str
    members: tuple[Sibling, ...]
    kernel: tuple[int, ...]

    def forward(self, state: dict[str, Any]) -> None:
        import numpy as np

        weights = [(m, state.pop(state_key(m.path, "weight"))) for m in self.members]
        whole = [self._embedded(member, weight) for member, weight in weights]
        state[state_key(self.path, "weight")] = np.concatenate(whole)
        if any(m.has_bias for m in self.members):
            biases = [
                exact(state.pop(state_key(m.path, "bias"))) if m.has_bias else np.zeros(m.outputs) for m in self.members
            ]
            state[state_key(self.path, "bias")] = np.concatenate(biases)

    def _embedded(self, member: Sibling, weight: Any) -> Any:
        import numpy as np

        if member.kernel == self.kernel:
            return weight
        full = np.zeros((*weight.shape[:2], *self.kernel))
        full[self._taps(member)] = weight
        return full

    def _taps(self, member: Sibling) -> tuple[slice, ...]:
        inner = [slice(o, o + k) for o, k in zip(member.offset, member.kernel, strict=True)]
        return (slice(None), slice(None), *inner)

    def backward(self, state: dict[str, Any]) -> None:
        import numpy as np

        ends = np.cumsum([m.outputs for m in self.members])[:-1]
        pieces = np.split(state.pop(state_key(self.path, "weight")), ends)
        for member, piece in zip(self.members, pieces, strict=True):
            own = piece if member.kernel == self.kernel else piece[self._taps(member)]
            if np.count_nonzero(own) != np.count_nonzero(piece):
                raise NoInverseError(f"sibling_merging: the window of `{member.path}` is smaller than what it became")
            state[state_key(member.path, "weight")] = own
        if any(m.has_bias for m in self.members):
            for member, bias in zip(self.members, np.split(state.pop(state_key(self.path, "bias")), ends), strict=True):
                if member.has_bias:
                    state[state_key(member.path, "bias")] = bias
                elif bias.any():
                    raise NoInverseError(f"sibling_merging: `{member.path}` has no bias")
