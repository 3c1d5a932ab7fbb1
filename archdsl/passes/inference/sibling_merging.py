"""Sibling merging: convolutions that read one value become one, whose result is split.

Algebra, with [W1; ...; Wn] the weights above one another:
    (W1 x + b1, ..., Wn x + bn) = split([W1; ...; Wn] x + [b1; ...; bn])

and the same with an activation on all of them. A window that is smaller gets zeros around it, if the merged
convolution then takes at most `slack` more multiply-adds than the siblings (1 x 1 beside few 3 x 3 channels). The same
for linear layers.

When it pays: x is read once and the matrix product is larger. The parts are views where the runtime can read a range
of channels, and copies elsewhere; where they are joined again in the same order nothing is split. So it is a choice
of the runtime: without `splits`, only siblings that stand beside one another in one concat, and are read by nothing
else, are merged. `fewest` is the least number of siblings worth it.

With `grouped`, siblings of several groups (depthwise ones, too) are merged if all of them are joined by one concat that
only convolutions with one group read: in the result the siblings' channels stand group by group, and the readers'
weights are put into that order, so that neither a join nor a split is left. A depthwise convolution becomes one with
several outputs per channel, which not every runtime computes as fast.

Side conditions: equal groups, stride, dilation, padding mode, place of the window, activation; no residual; weights
shared with nobody.

Way back: the weight is cut again; elements around a smaller window, and biases of siblings without, must be zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.base import Operator
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.inference.layers import convolution, groups_of, has_bias, is_convolution, window_of
from archdsl.passes.inference.sibling_steps import Sibling, Siblings
from archdsl.passes.rewriting import Paths, Reading, Rewriting, changed, common_scope, fits, made
from archdsl.passes.weights import WeightStep

TYPES = frozenset({"conv2d", "fused_conv2d", "linear", "fused_linear"})


@dataclass(frozen=True, slots=True)
class SiblingMerging:
    """Merges layers that read the same value."""

    splits: bool = False
    fewest: int = 2
    slack: float = 0.0
    grouped: bool = False
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
            if node.op.name not in TYPES or len(node.operands) != 1 or reading.is_shared(node):
                continue
            join = None
            if groups_of(node) != 1:
                join = _join(node, reading) if self.grouped else None
                if join is None:
                    continue
            groups.setdefault((node.operands[0], _kind(node), join), []).append(node)
        found = []
        for members in groups.values():
            for alike in self._alike(members):
                whole = self.splits or groups_of(alike[0]) != 1
                for family in [alike] if whole else _rejoined(alike, reading):
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
    groups, mode = groups_of(node), convolution(node).padding_mode
    return ("conv2d", activation, groups, window.stride, window.dilation, mode, spatial)


def _concat(node: Node, reading: Reading) -> Node | None:
    """The concat along the channels of a layer that alone reads it."""
    join = reading.sole_reader(node.outputs[0])
    if join is None or join.op.name != "concat":
        return None
    dim = 0 if is_convolution(node) else node.output_types[0].rank - 1
    return join if join.op.canonical_attributes(join.operand_types)["dim"] == dim else None


def _rejoined(members: list[Node], reading: Reading) -> list[list[Node]]:
    """Members that stand beside one another in one concat, in its order."""
    joins: dict[Node, list[Node]] = {}
    for node in members:
        join = _concat(node, reading)
        if join is not None:
            joins.setdefault(join, []).append(node)
    found: list[list[Node]] = []
    for join, among in joins.items():
        row: list[Node] = []
        for value in join.operands:
            if value.producer in among and value.producer is not None:
                row.append(value.producer)
                continue
            found.append(row)
            row = []
        found.append(row)
    return [row for row in found if len(row) > 1]


def _join(node: Node, reading: Reading) -> Node | None:
    """The concat along the channels that alone reads a convolution, if convolutions with one group read that."""
    join = _concat(node, reading)
    if join is None:
        return None
    readers = reading.readers.get(join.outputs[0], [])
    pointwise = [is_convolution(r) and groups_of(r) == 1 and r.operands[0] is join.outputs[0] for r in readers]
    return join if readers and all(pointwise) and join.outputs[0] not in reading.outputs else None


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
    attributes |= {"padding_mode": convolution(first).padding_mode, "groups": groups_of(first)}
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
    groups, sizes = groups_of(first), [_outputs(node) for node in members]
    value = whole.outputs[0] if groups == 1 else _member_by_member(rewriting, whole, sizes, groups)
    parts = _split(rewriting, whole, value, sizes, is_convolution(first))
    for node, part in zip(members, parts, strict=True):
        rewriting.replace(node.outputs[0], part)
    window = window_of(whole) if is_convolution(whole) else None
    siblings = []
    for node in members:
        kernel = window_of(node).kernel if window else ()
        offset = _offset(node, window.padding, window.dilation) if window else ()
        siblings.append(Sibling(node.path, _outputs(node), kernel, offset, has_bias(node)))
    return Siblings(path, tuple(siblings), window.kernel if window else (), groups)


def _member_by_member(rewriting: Rewriting, whole: Node, sizes: list[int], groups: int) -> Value:
    """The channels, which stand group by group and in each group member by member, the other way round."""
    starts = [sum(sizes[:member]) // groups for member in range(len(sizes))]
    each = sum(sizes) // groups
    index = [
        group * each + start + channel
        for start, size in zip(starts, sizes, strict=True)
        for group in range(groups)
        for channel in range(size // groups)
    ]
    op = made("index_select", {"index": index, "dim": 0})
    return rewriting.add(whole, op, whole.outputs, f"{whole.path}_order", whole.scope).outputs[0]


def _split(rewriting: Rewriting, whole: Node, value: Value, sizes: list[int], channels: bool) -> tuple[Value, ...]:
    """The parts of a layer's result."""
    dim = 0 if channels else value.type.rank - 1
    op = made("split", {"sizes": sizes, "dim": dim})
    return rewriting.add(whole, op, [value], f"{whole.path}_parts", whole.scope).outputs
