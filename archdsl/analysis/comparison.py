"""What differs between two networks, and what that does to cost and weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod

from archdsl.analysis.alignment import aligned
from archdsl.analysis.costing import cost_report
from archdsl.analysis.differences import FIGURES, CellChange, Comparison, Figure, Kind, LayerChange, WeightFit
from archdsl.ir.graph import Graph, Node, Scope, Value
from archdsl.ir.naming import state_key
from archdsl.ir.text import canonical_attributes
from archdsl.ops.base import WeightSpec
from archdsl.passes.canonical import canonical_form


def compare(before: Graph, after: Graph) -> Comparison:
    """Compare two networks, each in the form that is given.

    Steps are aligned by path, then by structure. Takes time about linear in their sizes, unless most steps have
    other paths: then the product of what is left.
    """
    forms = canonical_form(before), canonical_form(after)
    equal = forms[0] == forms[1]
    pairs = aligned(before, after, isomorphic=equal and not _same_paths(before, after))
    layers = tuple(_changes(before, after, pairs))
    reports = cost_report(before), cost_report(after)
    return Comparison(
        names=(before.name, after.name),
        equal=equal,
        inputs=_shapes(before.inputs, after.inputs),
        outputs=_shapes(before.outputs, after.outputs),
        figures={name: Figure(*[getattr(report, name) for report in reports]) for name in FIGURES},
        cells=tuple(_cells(before, after, layers)),
        layers=layers,
        weights=_weight_fit(before, after, pairs),
    )


def _same_paths(before: Graph, after: Graph) -> bool:
    return [(node.path, node.op.name) for node in before.nodes] == [(n.path, n.op.name) for n in after.nodes]


def _shapes(
    before: dict[str, Value], after: dict[str, Value]
) -> dict[str, tuple[tuple[int, ...] | None, tuple[int, ...] | None]]:
    found = {}
    for name in {**before, **after}:
        a, b = before.get(name), after.get(name)
        if a is None or b is None or a.type != b.type:
            found[name] = (a.type.shape if a else None, b.type.shape if b else None)
    return found


def _changes(before: Graph, after: Graph, pairs: list[tuple[Node, Node]]) -> Iterator[LayerChange]:
    partner = {id(a): b for a, b in pairs}
    values = _corresponding(before, after, pairs)
    for node in before.nodes:
        other = partner.get(id(node))
        if other is None:
            yield _change("removed", node, None)
            continue
        change = _change("changed", node, other)
        if [values.get(value) for value in node.operands] != list(other.operands):
            change = change._replace(reads_before=_reads(node, before), reads_after=_reads(other, after))
        same_types = node.output_types == other.output_types and node.weights == other.weights
        if change.attributes or change.reads_before != change.reads_after or not same_types:
            yield change
        elif node.path != other.path:
            yield change._replace(kind="renamed")
    found = {id(b) for _, b in pairs}
    for node in after.nodes:
        if id(node) not in found:
            yield _change("added", None, node)


def _corresponding(before: Graph, after: Graph, pairs: list[tuple[Node, Node]]) -> dict[Value, Value]:
    """Values of `after` by those of `before`: of the nodes that correspond, and of inputs, by place."""
    found = dict(zip(before.inputs.values(), after.inputs.values(), strict=False))
    for a, b in pairs:
        found.update(zip(a.outputs, b.outputs, strict=False))
    return found


def _change(kind: Kind, before: Node | None, after: Node | None) -> LayerChange:
    node = after or before
    assert node is not None
    attributes = {}
    if before is not None and after is not None:
        old, new = canonical_attributes(before), canonical_attributes(after)
        attributes = {name: (old.get(name), new.get(name)) for name in {**old, **new} if old.get(name) != new.get(name)}
    return LayerChange(
        kind,
        before.path if before else "",
        after.path if after else "",
        node.op.name,
        (node.scope.path, node.scope.cell),
        attributes,
        tuple(t.shape for t in before.output_types) if before else (),
        tuple(t.shape for t in after.output_types) if after else (),
        (),
        (),
        _params(before),
        _params(after),
    )


def _params(node: Node | None) -> int:
    return sum(prod(spec.shape) for spec in node.weights if spec.kind == "parameter") if node is not None else 0


def _reads(node: Node, graph: Graph) -> tuple[str, ...]:
    inputs = {value: name for name, value in graph.inputs.items()}
    return tuple(value.producer.path if value.producer else inputs[value] for value in node.operands)


def _cells(before: Graph, after: Graph, layers: Iterable[LayerChange]) -> Iterator[CellChange]:
    """Calls that are gone or new as a whole, then the others with steps that differ."""
    rows = list(layers)
    whole: set[tuple[str, str]] = set()
    for kind, graph in (("removed", before), ("added", after)):
        differing = {(row.path_before or row.path_after, row.op) for row in rows if row.kind == kind}
        for scope, nodes in _whole_calls(graph, differing):
            whole.update((kind, node.path) for node in nodes)
            yield CellChange(_kind(kind), scope.path, scope.cell, len(nodes), sum(map(_params, nodes)))
    tally: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        if (row.kind, row.path_before or row.path_after) not in whole:
            counted = tally.setdefault(row.cell, [0, 0])
            counted[0] += 1
            counted[1] += row.params_after - row.params_before
    for (path, cell), (count, params) in tally.items():
        yield CellChange("changed", path, cell, count, params)


def _kind(text: str) -> Kind:
    return "added" if text == "added" else "removed"


def _whole_calls(graph: Graph, differing: set[tuple[str, str]]) -> Iterator[tuple[Scope, list[Node]]]:
    """The outermost calls all of whose nodes are among the differing ones."""
    inside: dict[Scope, list[Node]] = {}
    for node in graph.nodes:
        for scope in _chain(node.scope):
            inside.setdefault(scope, []).append(node)
    whole = {scope for scope, nodes in inside.items() if all((n.path, n.op.name) in differing for n in nodes)}
    for scope, nodes in inside.items():
        if scope in whole and scope.parent is not None and scope.parent not in whole:
            yield scope, nodes


def _chain(scope: Scope | None) -> Iterator[Scope]:
    while scope is not None:
        yield scope
        scope = scope.parent


def _weight_fit(before: Graph, after: Graph, pairs: list[tuple[Node, Node]]) -> WeightFit:
    old, new = _state(before), _state(after)
    moved = {
        state_key(a.path, spec.name): state_key(b.path, spec.name) for a, b in reversed(pairs) for spec in a.weights
    }
    same, renamed, reshaped, gone = [], [], [], []
    reached = set()
    for key, spec in old.items():
        target = key if key in new else moved.get(key, "")
        if target not in new or target in reached:
            gone.append(key)
            continue
        reached.add(target)
        if new[target].shape != spec.shape:
            reshaped.append((key, target, spec.shape, new[target].shape))
        elif key == target:
            same.append(key)
        else:
            renamed.append((key, target))
    kept = [*same, *[key for key, _ in renamed]]
    return WeightFit(
        tuple(same),
        tuple(renamed),
        tuple(reshaped),
        tuple(gone),
        tuple(key for key in new if key not in reached),
        sum(prod(spec.shape) for spec in old.values() if spec.kind == "parameter"),
        sum(prod(old[key].shape) for key in kept if old[key].kind == "parameter"),
    )


def _state(graph: Graph) -> dict[str, WeightSpec]:
    return {state_key(node.path, spec.name): spec for node, spec in graph.weights()}
