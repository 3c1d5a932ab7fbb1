"""Activation motion: a rectifier stands where it costs least, or nowhere.

Algebra, with r = relu:
    r(x) = x                                   where x is never negative
    r(concat(x1, ..., xn)) = concat(r(x1), ..., r(xn))
    r(max_pool(x)) = max_pool(r(x))

Where it goes: up to a layer or sum that can make it part of itself, if nobody else reads the value between; from a
concat to its parts, if for at least half of the elements it then becomes part of a layer or isn't needed; behind a max
pooling that leaves at most half of the elements, if it can't become part of a layer.

Never negative are: results of relu, relu6, sigmoid, hardsigmoid, softmax, exp, and of layers with such an activation;
sums, products, means, maxima, averages, views and joins of values that are never negative.

Side conditions: a max pooling has a real element in each window (no dilation), and gives no positions: these would
differ where all elements are negative. Weights stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.ir.graph import Graph, Node, Value
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.inference.fusion import FUSED
from archdsl.passes.inference.layers import activation_of, is_plain
from archdsl.passes.rewriting import Reading, Rewriting

RECTIFIED = frozenset({"relu", "relu6", "sigmoid", "hardsigmoid", "softmax", "exp", "softplus"})
# Give nothing negative if they read nothing negative.
KEEPING = frozenset({"add", "mul", "mean", "maximum", "minimum", "concat", "stack", "max_pool2d", "avg_pool2d"})
KEEPING |= {"max_pool1d", "avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "global_avg_pool2d", "chunk"}
KEEPING |= {"split", "slice", "select", "channel_shuffle", "pixel_shuffle", "flatten", "reshape", "permute"}
KEEPING |= {"squeeze", "unsqueeze", "identity", "reduce_mean", "reduce_sum", "center_crop"}


@dataclass(frozen=True, slots=True)
class ActivationMotion:
    """Moves rectifiers to where they cost least."""

    name: str = "activation_motion"

    def run(self, graph: Graph) -> PassResult:
        """The graph with rectifiers in other places, or without them."""
        run = _Run(graph)
        for node in graph.nodes:
            run.visit(node)
        if not run.places:
            return unchanged(graph)
        done = (
            (run.removed, f"removed {counted(run.removed, 'rectifier')} of values that are never negative"),
            (run.raised, f"moved {counted(run.raised, 'rectifier')} up to where a layer makes them"),
            (run.sunk, f"moved {counted(run.sunk, 'rectifier')} behind a pooling"),
        )
        notes = tuple(note for number, note in done if number)
        return PassResult(run.rewriting.finish(), True, notes, places=tuple(run.places))


class _Run:
    """One walk in topological order; `positive` holds old values that are never negative."""

    def __init__(self, graph: Graph):
        self.reading = Reading(graph)
        self.rewriting = Rewriting(graph)
        self.positive = _never_negative(graph)
        self.removed = self.raised = self.sunk = 0
        self.places: list[str] = []
        self.free: set[Value] = set()  # values of which a rectifier becomes part of the layer that makes them
        for node in graph.nodes:
            if len(node.outputs) == 1 and self._is_free(node):
                self.free.update(node.outputs)
        self.moving: dict[Node, Node] = {}  # joins and poolings whose rectifier moves up: the rectifier
        for node in graph.nodes:
            if self._moves_up(node):
                self.moving[node.operands[0].producer] = node  # type: ignore[index]

    def visit(self, node: Node) -> None:
        rewriting = self.rewriting
        if node in self.moving:
            self._raise(node, self.moving[node])
        elif node.op.name == "relu" and node.operands[0] in self.positive:
            rewriting.replace(node.outputs[0], rewriting.now(node.operands[0]))
            self.removed += 1
            self.places.append(node.path)
        elif node.op.name == "relu" and node.operands[0].producer in self.moving:
            rewriting.replace(node.outputs[0], rewriting.now(node.operands[0]))
        elif self._sinks(node):
            self._sink(node)
        elif node.op.name == "relu" and self._is_sunk(node):
            rewriting.replace(node.outputs[0], rewriting.now(node.operands[0]))
        else:
            rewriting.keep(node)

    def _moves_up(self, node: Node) -> bool:
        """Whether a rectifier goes before the concat or max pooling that it reads."""
        before = node.operands[0].producer if node.op.name == "relu" else None
        if before is None or node.operands[0] in self.positive or self.reading.sole_reader(node.operands[0]) is None:
            return False
        if _is_max_pool(before):
            return before.operands[0] in self.free
        if before.op.name != "concat":
            return False
        free = sum(v.type.elements for v in before.operands if v in self.positive or v in self.free)
        return 2 * free >= node.operands[0].type.elements

    def _is_free(self, maker: Node) -> bool:
        """Whether a rectifier of what a node makes becomes part of it, or of the layers before; those are known."""
        if self.reading.sole_reader(maker.outputs[0]) is None:
            return False
        if maker.op.name in FUSED and activation_of(maker.op) == "none":
            return not self.reading.is_shared(maker)
        if maker.op.name == "concat" or _is_max_pool(maker):
            return self.free.issuperset(maker.operands)
        layers = [v.producer for v in maker.operands if self.reading.sole_reader(v) is not None]
        takes = [n for n in layers if n is not None and n.op.name in ("conv2d", "fused_conv2d") and is_plain(n)]
        return maker.op.name == "add" and any(not self.reading.is_shared(n) for n in takes)

    def _raise(self, node: Node, rectifier: Node) -> None:
        """The join or pooling of rectified operands."""
        rewriting = self.rewriting
        operands: list[Value] = []
        made: dict[Value, Value] = {}
        for place, value in enumerate(node.operands):
            if value not in made:
                path = rectifier.path if len(node.operands) == 1 else f"{rectifier.path}[{place}]"
                positive = value in self.positive
                now = rewriting.now(value)
                made[value] = now if positive else rewriting.add(rectifier, rectifier.op, [now], path).outputs[0]
            operands.append(made[value])
        rewriting.put(node, node.op, operands)
        self.raised += 1
        self.places.append(rectifier.path)

    def _sinks(self, node: Node) -> bool:
        """Whether a max pooling reads a rectified value that is better rectified behind it."""
        if not _is_max_pool(node):
            return False
        before = node.operands[0].producer
        return before is not None and before.op.name == "relu" and self._is_sunk(before)

    def _is_sunk(self, rectifier: Node) -> bool:
        source = rectifier.operands[0]
        reader = self.reading.sole_reader(rectifier.outputs[0])
        if reader is None or not _is_max_pool(reader) or source in self.free or source in self.positive:
            return False
        if source.producer in self.moving:
            return False
        return 2 * reader.outputs[0].type.elements <= source.type.elements

    def _sink(self, node: Node) -> None:
        rewriting = self.rewriting
        rectifier = node.operands[0].producer
        assert rectifier is not None
        pooled = rewriting.add(node, node.op, [rewriting.now(rectifier.operands[0])], node.path)
        behind = rewriting.add(rectifier, rectifier.op, pooled.outputs, rectifier.path)
        rewriting.replace(node.outputs[0], behind.outputs[0])
        self.sunk += 1
        self.places.append(rectifier.path)


def _is_max_pool(node: Node) -> bool:
    if node.op.name != "max_pool2d" or len(node.outputs) != 1:
        return False
    return set(node.op.canonical_attributes(node.operand_types)["dilation"]) == {1}


def _never_negative(graph: Graph) -> set[Value]:
    found: set[Value] = set()
    for node in graph.nodes:
        if any(v.type.dtype != "float32" for v in node.outputs):
            continue
        rectified = node.op.name in RECTIFIED or activation_of(node.op) in RECTIFIED
        if rectified or (node.op.name in KEEPING and found.issuperset(node.operands)):
            found.update(node.outputs)
    return found
