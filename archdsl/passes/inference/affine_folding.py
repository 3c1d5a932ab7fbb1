"""Affine folding: factors and numbers per channel (batch norms, mostly) become part of the layers beside them.

Algebra, for a layer L(x) = W x + b (convolution, transposed convolution, linear, another affine map):
    behind:  s (W x + b) + t = (s W) x + (s b + t)
    before:  W (s x + t) + b = (W s) x + (W t + b)

Behind a layer an affine map also moves through what keeps it: average pooling whose windows sum to one and resizing
(s mean(x) + t = mean(s x + t)), and concat (each part takes its share of s and t). Before a layer it moves through the
same pooling, and through flatten (each element of a channel takes the channel's s and t).

Side conditions: nobody else reads the value between, and it is no output. Before a convolution, its padding isn't
zeros: at the border W t would be wrong. Nodes that share weights are folded only if all of them are in the same
place: each user of the layer's weights has a user of the same affine weights behind it, and the other way round.
Between the two stands nothing else then.

Way back: the layer keeps what it has, the affine map becomes 1 x + 0; where the layer had no bias, the affine map (or,
before a layer, the shift that gives this bias, if there is one) brings it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from archdsl.ir.graph import Graph, Node, Value
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.inference.affine_steps import Before, Behind, Part, kind_of
from archdsl.passes.inference.layers import (
    TRANSPOSED,
    averages_exactly,
    has_bias,
    is_affine,
    is_convolution,
    is_plain,
    is_vector_linear,
    zero_padded,
)
from archdsl.passes.rewriting import Reading, Rewriting, changed

# How many nodes an affine map moves through at most.
DEEPEST = 20


class Fold(NamedTuple):
    """An affine map and the layers it goes into."""

    affine: Node
    step: Behind | Before
    layers: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AffineFolding:
    """Folds affine maps of channels into the layers before or behind them."""

    name: str = "affine_folding"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which every affine map that can be part of a layer is."""
        folds = list(_folds(graph))
        if not folds:
            return unchanged(graph)
        gone = {fold.affine for fold in folds}
        biased = {layer for fold in folds for layer in fold.layers}
        rewriting = Rewriting(graph)
        for node in graph.nodes:
            if node in gone:
                rewriting.replace(node.outputs[0], rewriting.now(node.operands[0]))
            elif node in biased and not has_bias(node):
                rewriting.put(node, changed(node.op, bias=True), rewriting.all_now(node.operands))
            else:
                rewriting.keep(node)
        steps = tuple(dict.fromkeys(fold.step for fold in folds))
        note = f"folded {counted(len(folds), 'normalisation')} into layers"
        places = tuple(f"{fold.affine.path} into {', '.join(node.path for node in fold.layers)}" for fold in folds)
        return PassResult(rewriting.finish(), True, (note,), steps, places)


def _folds(graph: Graph) -> Iterator[Fold]:
    """Folds that don't get into each other's way: weights are part of one step at most."""
    reading = Reading(graph)
    used: dict[str, Behind | Before] = {}
    folded: set[Node] = set()
    for fold in (*_direct(graph, reading), *_distant(graph, reading)):
        if fold.affine in folded:
            continue
        paths = {fold.affine.path, *(layer.path for layer in fold.layers)}
        if all(used.get(path, fold.step) == fold.step for path in paths):
            used.update(dict.fromkeys(paths, fold.step))
            folded.add(fold.affine)
            yield fold


def _direct(graph: Graph, reading: Reading) -> Iterator[Fold]:
    """Affine maps straight behind a layer, where all that share weights agree."""

    def follower(node: Node) -> str | None:
        reader = reading.sole_reader(node.outputs[0]) if _takes_behind(node) else None
        return reader.path if reader is not None and is_affine(reader) else None

    def leader(node: Node) -> str | None:
        producer = node.operands[0].producer if is_affine(node) else None
        return producer.path if producer is not None and follower(producer) == node.path else None

    followers, leaders = reading.agreed(follower), reading.agreed(leader)
    for node in graph.nodes:
        layer = node.operands[0].producer if node in leaders else None
        if layer is not None and layer in followers:
            part = Part(layer.path, kind_of(layer), 0, node.operands[0].type.shape[0], has_bias(layer))
            yield Fold(node, Behind(node.path, (part,)), (layer,))


def _distant(graph: Graph, reading: Reading) -> Iterator[Fold]:
    """Affine maps that move through other nodes to a layer, or stand before one."""
    for node in graph.nodes:
        if not is_affine(node) or reading.is_shared(node):
            continue
        sources = _sources(node.operands[0], reading, 0)
        if sources:
            yield Fold(node, Behind(node.path, tuple(part for part, _ in sources)), tuple(n for _, n in sources))
            continue
        sinks = _sinks(node.outputs[0], reading)
        if sinks:
            yield Fold(node, Before(node.path, tuple(part for part, _ in sinks)), tuple(n for _, n in sinks))


def _takes_behind(node: Node) -> bool:
    return is_plain(node) and (
        is_convolution(node) or is_vector_linear(node) or node.op.name in TRANSPOSED or is_affine(node)
    )


def _sources(value: Value, reading: Reading, start: int, depth: int = 0) -> list[tuple[Part, Node]]:
    """The layers that make a value whose channels begin at `start` of the affine map; none if others do, too."""
    node = value.producer
    if node is None or depth > DEEPEST or reading.sole_reader(value) is None or len(node.outputs) != 1:
        return []
    if _takes_behind(node):
        if reading.is_shared(node):
            return []
        return [(Part(node.path, kind_of(node), start, start + value.type.shape[0], has_bias(node)), node)]
    if averages_exactly(node):
        return _sources(node.operands[0], reading, start, depth + 1)
    if node.op.name != "concat" or node.op.canonical_attributes(node.operand_types)["dim"] != 0:
        return []
    found: list[tuple[Part, Node]] = []
    for operand in node.operands:
        parts = _sources(operand, reading, start, depth + 1)
        if not parts:
            return []
        found += parts
        start += operand.type.shape[0]
    return found


def _sinks(value: Value, reading: Reading, repeats: int = 1, depth: int = 0) -> list[tuple[Part, Node]]:
    """The layers that read a value, each channel of the affine map `repeats` times; none if others do, too."""
    readers = reading.readers.get(value, ())
    if not readers or depth > DEEPEST or value in reading.outputs:
        return []
    found: list[tuple[Part, Node]] = []
    for node in readers:
        parts = _sink(node, value, reading, repeats, depth)
        if not parts:
            return []
        found += parts
    return found


def _sink(node: Node, value: Value, reading: Reading, repeats: int, depth: int) -> list[tuple[Part, Node]]:
    if len(node.outputs) != 1 or node.operands.count(value) != 1 or node.operands[0] is not value:
        return []
    takes = (is_convolution(node) and not zero_padded(node)) or is_vector_linear(node)
    if takes and not reading.is_shared(node):
        return [(Part(node.path, kind_of(node), 0, repeats, has_bias(node)), node)]
    if averages_exactly(node):
        return _sinks(node.outputs[0], reading, repeats, depth + 1)
    whole = node.outputs[0].type.shape == (value.type.elements,)
    if node.op.name == "flatten" and whole and repeats == 1:
        return _sinks(node.outputs[0], reading, value.type.elements // value.type.shape[0], depth + 1)
    return []
