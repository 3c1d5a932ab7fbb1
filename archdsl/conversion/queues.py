"""How the children of a module may be ordered: in queues, each of which keeps its own order.

Modules whose names count (`layer1`, `layer2`) stand in one queue. So do modules without numbers that cannot be told
apart by shape: which of them comes first is not known, but needn't be tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from archdsl.conversion.names import Tree
from archdsl.conversion.numbering import natural, series

# Series that may run backwards independently of each other.
_MOST_DIRECTIONS = 4


@dataclass(frozen=True, slots=True)
class Queue:
    """Children that keep their order among themselves.

    Attributes:
        members: the children, in order.
        counted: whether the order is that of numbers in their names; else they are alike and the order is arbitrary.
    """

    members: tuple[Tree, ...]
    counted: bool


def readings(tree: Tree, kind: Callable[[Tree], object]) -> Iterator[tuple[int, list[Queue]]]:
    """Ways to read a module's children, each with the strain that it puts on the names; the likeliest first.

    Numbers that rise; numbers that fall in some series (a pyramid from coarse to fine); lists side by side read across
    (`convs.0 norms.0 convs.1 norms.1`); the children's own children, where a module only groups them.
    """
    for strain, children in enumerate((tree.children, _across(tree), _dissolved(tree))):
        if not children:
            continue
        rising = _queues(children, kind)
        yield 2 * strain, rising
        counted = [queue for queue in rising if queue.counted]
        for bits in range(1, 1 << min(len(counted), _MOST_DIRECTIONS)):
            falling = {id(queue) for index, queue in enumerate(counted) if bits >> index & 1}
            yield 2 * strain + 1, [_backwards(queue) if id(queue) in falling else queue for queue in rising]


def backwards(tree: Tree, kind: Callable[[Tree], object]) -> list[Queue]:
    """The children of a list, last one first."""
    return [_backwards(queue) for queue in _queues(tree.children, kind)]


def _backwards(queue: Queue) -> Queue:
    return Queue(queue.members[::-1], queue.counted)


def _queues(children: Sequence[Tree], kind: Callable[[Tree], object]) -> list[Queue]:
    counted: dict[str, list[Tree]] = {}
    for child in children:
        stem, place = series(child.name)
        if place:
            counted.setdefault(stem, []).append(child)
    result = [
        Queue(tuple(sorted(members, key=lambda tree: series(tree.name)[1])), True)
        for members in counted.values()
        if len(members) > 1
    ]
    alone = [child for child in children if len(counted.get(series(child.name)[0], ())) < 2]
    alike: dict[object, list[Tree]] = {}
    for child in alone:
        alike.setdefault(kind(child), []).append(child)
    result += [Queue(tuple(members), False) for members in alike.values()]
    return sorted(result, key=lambda queue: min(member.first for member in queue.members))


def _across(tree: Tree) -> list[Tree]:
    """The children with lists of them regrouped by number; empty if there are no two lists."""
    lists = [child for child in tree.children if child.is_list]
    if len(lists) < 2:
        return []
    groups: dict[int, Tree] = {}
    for each in lists:
        for member in each.children:
            number = int(member.name)
            group = groups.setdefault(number, Tree(str(number), tree.prefix, member.first))
            group.children.append(_renamed(member, each.name))
    for group in groups.values():
        group.size = sum(child.size for child in group.children)
    return [*groups.values(), *[child for child in tree.children if not child.is_list]]


def _dissolved(tree: Tree) -> list[Tree]:
    """The children's children; empty if none has any."""
    if not any(child.children for child in tree.children):
        return []
    result = []
    for child in tree.children:
        result += [_renamed(inner, f"{child.name}.{inner.name}") for inner in child.children] or [child]
    return result


def _renamed(tree: Tree, name: str) -> Tree:
    copy = Tree(name, tree.prefix, tree.first)
    copy.children, copy.keys, copy.shapes = tree.children, tree.keys, tree.shapes
    copy.signature, copy.size = tree.signature, tree.size
    return copy


def in_natural_order(queue: Queue) -> Queue:
    """Members that are alike by name, so that results do not depend on the order of the file."""
    return queue if queue.counted else Queue(tuple(sorted(queue.members, key=lambda t: natural(t.prefix))), False)
