"""Channel order: shuffles and splits become an order of the weights, and only what must be joined is copied.

Algebra, for a layer L with the weight W and a permutation (or choice) P of channels:
    P L(x) = (P W) x + P b            a layer can make its channels in any order
    W P x = (W P) x                   a layer can read its channels in any order
    P f(x) = f(P x)                   what works on each channel by itself hands the order on

So only *which* channels a layer reads matters. The channels that a layer makes are put in an order in which those that
the same readers want lie behind one another; a reader joins such ranges. In a ShuffleNetV2 a unit's half of the
channels is never shuffled or handed on by copies: each unit joins ranges of what earlier units made, once.

Which values change their order: those of convolutions with one group, whose weights nobody shares, without residual,
all of whose readers (through concat, split, chunk, slice, channel_shuffle and index_select) are convolutions with one
group, linear layers on [features], or nodes that work on each channel and lead to such readers. Values of which an
output of the network or another reader sees the order keep it; so do the nodes that lead there.

When it pays: fewer elements are copied than before, of ranges that aren't too many. Views (split, slice) count nothing,
joins their result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.families.activation import Elementwise
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.inference.channel_steps import Inputs, Outputs
from archdsl.passes.inference.layers import AFFINE, groups_of, is_convolution, is_depthwise, is_vector_linear
from archdsl.passes.inference.routes import Route, channels, is_routing, joined, routes
from archdsl.passes.rewriting import Reading, Rewriting, made
from archdsl.passes.weights import WeightStep

POOLS = frozenset({"max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "global_avg_pool2d"})
# Ranges that are joined for each node that goes, at most: a join of single channels is no gain.
MOST_RUNS = 4


@dataclass(frozen=True, slots=True)
class ChannelOrder:
    """Reorders channels in the weights so that shuffles go and joins are few."""

    name: str = "channel_order"

    def run(self, graph: Graph) -> PassResult:
        """The graph with fewer copies of channels."""
        if not any(is_routing(node) and node.op.name != "concat" for node in graph.nodes):
            return unchanged(graph)
        plan = _Plan(graph)
        if not plan.pays():
            return unchanged(graph)
        rewriting = _Emission(graph, plan)
        result = rewriting.run()
        before, after = len(plan.dropped), rewriting.joins
        note = f"put the channels of {counted(len(plan.orders), 'layer')} in another order: "
        note += f"{counted(before, 'shuffle, split or join', 'shuffles, splits and joins')} became {after} joins"
        places = tuple(node.path for node in plan.dropped)
        return PassResult(result, True, (note,), tuple(plan.steps()), places)


@dataclass(slots=True)
class _Plan:
    """Which values get another order, and what their readers read then."""

    graph: Graph
    reading: Reading = field(init=False)
    known: dict[Value, Route] = field(init=False)
    absorbed: dict[Value, bool] = field(default_factory=dict)  # whether all who read a value take any order
    orders: dict[Value, list[int]] = field(default_factory=dict)  # roots: the old channel at each new place
    operands: dict[Value, Route] = field(default_factory=dict)  # what stands for a value that a routing node made
    moved: dict[Value, list[int]] = field(default_factory=dict)  # values read: the old channel at each new place
    dropped: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reading, self.known = Reading(self.graph), routes(self.graph)
        for node in reversed(self.graph.nodes):  # readers before those they read
            for value in node.outputs:
                self.absorbed[value] = self._is_absorbed(value)
        read = [v for v in self.known if self._is_sink(v)]
        free = self._free_roots(read)
        self._order(free, read)
        needed: set[Value] = set(self.graph.outputs.values())
        for value in read:
            if self.absorbed[value]:
                self._route(value)
            else:
                needed.add(value)
        for node in reversed(self.graph.nodes):
            if is_routing(node) and not needed.isdisjoint(node.outputs):
                needed.update(node.operands)
            elif is_routing(node):
                self.dropped.append(node)
        self.dropped.reverse()

    def _is_sink(self, value: Value) -> bool:
        """Whether anybody but routing nodes reads a value."""
        readers = self.reading.readers.get(value, [])
        return value in self.reading.outputs or any(not is_routing(node) for node in readers)

    def _is_absorbed(self, value: Value) -> bool:
        """Whether all who read a value, routing nodes aside, can take its channels in any order."""
        return value not in self.reading.outputs and all(
            is_routing(node) or self._absorbs(node, value) for node in self.reading.readers.get(value, [])
        )

    def _absorbs(self, node: Node, value: Value) -> bool:
        if node.operands[0] is not value or node.operands.count(value) != 1 or self.reading.is_shared(node):
            return False
        if is_vector_linear(node) or (is_convolution(node) and groups_of(node) == 1):
            return True
        if not _is_channelwise(node):
            return False
        made_value = node.outputs[0]
        readers = self.reading.readers.get(made_value, [])
        return not any(map(is_routing, readers)) and self.absorbed[made_value]

    def _free_roots(self, read: list[Value]) -> list[Value]:
        roots = {value: None for route in map(self.known.__getitem__, read) for value, _, _ in route}
        pinned = {root for value in read if not self.absorbed[value] for root, _, _ in self.known[value]}
        return [root for root in roots if root not in pinned and self._makes_any_order(root)]

    def _makes_any_order(self, value: Value) -> bool:
        node = value.producer
        if node is None or not is_convolution(node) or groups_of(node) != 1 or len(node.operands) != 1:
            return False
        return not self.reading.is_shared(node) and self.absorbed[value]

    def _order(self, free: list[Value], read: list[Value]) -> None:
        """Channels with the same readers behind one another, in the order of these readers."""
        wanted: dict[Value, list[list[int]]] = {v: [[] for _ in range(v.type.shape[0])] for v in free}
        for place, value in enumerate(read):
            for root, channel in channels(self.known[value]):
                if root in wanted:
                    wanted[root][channel].append(place)
        for root, readers in wanted.items():
            order = sorted(range(len(readers)), key=lambda channel: (readers[channel], channel))
            self.orders[root] = order
            self.moved[root] = order

    def _route(self, value: Value) -> None:
        """What a value is joined of now, and which of its old channels stands at each new place."""
        old = channels(self.known[value])
        places = {key: index for index, key in enumerate(old)}
        if len(places) != len(old):  # a channel twice: the order of the old route is kept
            new = [(root, self._now(root, channel)) for root, channel in old]
            self.operands[value] = joined((root, c, c + 1) for root, c in new)
            return
        first = {root: None for root, _ in old}
        rank = {root: index for index, root in enumerate(first)}
        ordered = sorted(old, key=lambda key: (rank[key[0]], self._now(*key)))
        self.operands[value] = joined((r, self._now(r, c), self._now(r, c) + 1) for r, c in ordered)
        self.moved[value] = [places[key] for key in ordered]

    def _now(self, root: Value, channel: int) -> int:
        if root not in self.orders:
            return channel
        inverse = self._inverse(root)
        return inverse[channel]

    def _inverse(self, root: Value) -> list[int]:
        found = self._inverses.get(root)
        if found is None:
            found = [0] * len(self.orders[root])
            for place, channel in enumerate(self.orders[root]):
                found[channel] = place
            self._inverses[root] = found
        return found

    _inverses: dict[Value, list[int]] = field(default_factory=dict)

    def pays(self) -> bool:
        """Whether fewer elements are copied, or as many by fewer nodes."""
        before = sum(node.op.cost(node.operand_types, node.output_types).writes for node in self.dropped)
        routed = {route: value.type.elements for value, route in self.operands.items() if len(route) > 1}
        few = sum(map(len, routed)) <= MOST_RUNS * len(self.dropped)
        return bool(self.dropped) and few and sum(routed.values()) < before

    def steps(self) -> Iterator[WeightStep]:
        """What happens to the weights."""
        for root, order in self.orders.items():
            if order != sorted(order) and root.producer is not None:
                yield Outputs(root.producer.path, tuple(order))
        for value, order in self.moved.items():
            if order != sorted(order):
                yield from self._readers(value, tuple(order))

    def _readers(self, value: Value, order: tuple[int, ...]) -> Iterator[WeightStep]:
        waiting = [value]
        while waiting:
            for node in dict.fromkeys(self.reading.readers.get(waiting.pop(), [])):
                if is_routing(node):
                    continue
                if not _is_channelwise(node):
                    yield Inputs(node.path, order)
                    continue
                if node.weights:
                    yield Outputs(node.path, order)
                waiting += node.outputs


class _Emission(Rewriting):
    """The new graph."""

    def __init__(self, graph: Graph, plan: _Plan):
        super().__init__(graph)
        self.plan = plan
        self.joins = 0
        self._cuts: dict[Value, list[tuple[int, int]]] = {}
        for route in plan.operands.values():
            for root, start, stop in route:
                self._cuts.setdefault(root, []).append((start, stop))
        self._parts: dict[tuple[Value, int, int], Value] = {}
        self._joined: dict[Route, Value] = {}

    def run(self) -> Graph:
        dropped = set(self.plan.dropped)
        for node in self.source.nodes:
            if node in dropped:
                continue
            if not is_routing(node):
                for value in node.operands:
                    if value in self.plan.operands:
                        self.replace(value, self._value(value))
            self.keep(node)
        return self.finish()

    def _value(self, value: Value) -> Value:
        """What stands for a value that routing nodes made."""
        route = self.plan.operands[value]
        if route not in self._joined:
            like = value.producer
            assert like is not None
            parts = [self._part(like, *run) for run in route]
            if len(parts) > 1:
                parts = list(self.add(like, made("concat"), parts, like.path).outputs)
                self.joins += 1
            self._joined[route] = parts[0]
        return self._joined[route]

    def _part(self, like: Node, root: Value, start: int, stop: int) -> Value:
        size = root.type.shape[0]
        if (start, stop) == (0, size):
            return self.now(root)
        if (root, start, stop) not in self._parts:
            ranges = sorted(set(self._cuts[root]) - {(0, size)})
            if all(one[1] <= other[0] for one, other in pairwise(ranges)):
                self._split(root, ranges, root.producer or like)
            else:
                op = made("slice", {"start": start, "stop": stop, "dim": 0})
                path = f"{(root.producer or like).path}_part"
                (self._parts[root, start, stop],) = self.add(like, op, [self.now(root)], path).outputs
        return self._parts[root, start, stop]

    def _split(self, root: Value, ranges: list[tuple[int, int]], like: Node) -> None:
        """All parts of a value at once."""
        ends = sorted({0, root.type.shape[0], *(end for each in ranges for end in each)})
        pieces = list(pairwise(ends))
        op = made("split", {"sizes": tuple(stop - start for start, stop in pieces), "dim": 0})
        node = self.add(like, op, [self.now(root)], f"{like.path}_parts")
        for (start, stop), value in zip(pieces, node.outputs, strict=True):
            self._parts[root, start, stop] = value


def _is_channelwise(node: Node) -> bool:
    """Whether a node works on each channel by itself and makes one of it."""
    if len(node.operands) != 1 or len(node.outputs) != 1:
        return False
    if is_convolution(node):
        return is_depthwise(node)
    elementwise = isinstance(node.op, Elementwise) and not node.weights
    return elementwise or node.op.name in POOLS or node.op.name in AFFINE
