"""Paths of operations through the cells of a network: what two candidates have in common, beyond their decisions.

The path encoding of arXiv:1910.11858, for any graph: in each cell call, a path leads from a value that comes in to a
value that goes out, and is named by the operators it meets. Identities, sums and concatenations are left out, and paths
through `zero` are no paths. A network as a whole has more paths than anybody can count, and a long chain has one that
nobody shares: so the outermost calls are taken that have few paths and few joins; a call that has too many is looked
into.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archdsl import Architecture

# Where paths meet; these are not operations on them.
JOINS = frozenset({"identity", "add", "concat"})
MOST_PATHS = 64
MOST_JOINS = 8
# Widths are decisions of their own, or follow from where the cell stands; they would make equal paths differ.
WIDTHS = frozenset({"out_channels", "out_features", "before", "after", "groups", "init", "bias_init"})

_Path = tuple[str, int]


def cell_paths(architecture: Architecture) -> frozenset[str]:
    """The paths through the cells of an architecture, each named by its operators and their attributes."""
    graph = architecture.graph()
    inside: dict[Any, list[Any]] = {}
    children: dict[Any, dict[Any, None]] = {}
    for node in graph.nodes:
        scope: Any = node.scope
        while scope is not None:
            inside.setdefault(scope, []).append(node)
            if scope.parent is not None:
                children.setdefault(scope.parent, {})[scope] = None
            scope = scope.parent
    words: dict[int, str] = {}
    found: set[str] = set()
    waiting: list[Any] = [graph.root]
    while waiting:
        scope = waiting.pop()
        paths = _paths(inside.get(scope, ()), words)
        if paths is None:
            waiting += children.get(scope, {})
        else:
            found.update(f"{scope.cell}: {path}" for path in paths)
    return frozenset(found)


def _paths(nodes: Iterable[Any], words: dict[int, str]) -> set[str] | None:
    """The paths from what these nodes read from outside to what none of them reads; None if there are too many."""
    reached: dict[int, set[_Path]] = {}
    ends: dict[int, None] = {}
    entries: dict[int, int] = {}
    for node in nodes:
        paths: set[_Path] = set()
        joins = len(set(map(id, node.operands))) > 1
        for value in node.operands:
            ends.pop(id(value), None)
            before = reached.get(id(value))
            if before is None:
                before = {(f"{entries.setdefault(id(value), len(entries))}", 0)}
            paths |= before
        made = _through(node, paths, joins, words)
        if len(made) > MOST_PATHS or any(joined > MOST_JOINS for _, joined in made):
            return None
        for value in node.outputs:
            reached[id(value)] = made
            ends[id(value)] = None
    return {path for end in ends for path, _ in reached[end]}


def _through(node: Any, paths: set[_Path], joins: bool, words: dict[int, str]) -> set[_Path]:
    """Paths that go on through an operator."""
    word = words.get(id(node.op))
    if word is None:
        word = words[id(node.op)] = _word(node)
    if word == "zero":
        return set()
    if word in JOINS:
        return {(path, joined + joins) for path, joined in paths}
    return {(f"{path} {word}", joined + joins) for path, joined in paths}


def _word(node: Any) -> str:
    """An operator's name with the attributes that are not its defaults; of groups, whether there is one per channel."""
    op = node.op
    told = op.model_dump(exclude_defaults=True, exclude=set(WIDTHS))
    groups = getattr(op, "groups", 1)
    if groups != 1:
        told["groups"] = "each" if groups == node.operand_types[0].shape[0] else groups
    return f"{op.name}({','.join(f'{k}={v}' for k, v in sorted(told.items()))})" if told else str(op.name)
