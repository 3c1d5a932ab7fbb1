"""The tree of modules that the names in a checkpoint describe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from archdsl.conversion.numbering import series
from archdsl.conversion.units import COUNTER, Shape, Signature, signature_of

DEEPEST = 64
# How torch orders the tensors of its modules.
_WITHIN = {"weight": 0, "bias": 1, "running_mean": 2, "running_var": 3, COUNTER: 4}


class Tree:
    """A module of a checkpoint: its children in the order of the file, or the tensors of a leaf.

    Attributes:
        name: last part of its name; empty for tensors that a module holds beside its children.
        prefix: what the names of its tensors begin with.
        keys: of a leaf, the full name of each tensor by its last part.
        signature: of a leaf, what it is matched by.
        size: how many leaves it has.
        first: place of its first tensor in the file.
    """

    __slots__ = ("children", "first", "keys", "name", "prefix", "shapes", "signature", "size")

    def __init__(self, name: str, prefix: str, first: int):
        self.name = name
        self.prefix = prefix
        self.first = first
        self.children: list[Tree] = []
        self.keys: dict[str, str] = {}
        self.shapes: dict[str, Shape] = {}
        self.signature: Signature = ()
        self.size = 0

    @property
    def is_list(self) -> bool:
        """Whether its children are numbered and nothing else."""
        return len(self.children) > 1 and all(child.name.isdecimal() for child in self.children)

    def leaves(self) -> Iterator[Tree]:
        """All leaves below it, in the order of the file."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def __repr__(self) -> str:
        return f"Tree({self.prefix or 'the root'}, {self.size} leaves)"


def tree_of(shapes: Mapping[str, Shape]) -> Tree:
    """The modules of a checkpoint.

    Args:
        shapes: shape by name, in the order of the file.

    Raises:
        ValueError: if a name has more than 64 parts.
    """
    root = Tree("", "", 0)
    known: dict[tuple[str, ...], Tree] = {(): root}
    for place, (key, shape) in enumerate(shapes.items()):
        *parents, last = key.split(".")
        if len(parents) > DEEPEST:
            raise ValueError(f"the name {key[:80]!r}... has more than {DEEPEST} parts")
        here = root
        for depth, name in enumerate(parents, 1):
            path = tuple(parents[:depth])
            if path not in known:
                known[path] = Tree(name, ".".join(path), place)
                here.children.append(known[path])
            here = known[path]
        here.keys[last] = key
        here.shapes[last] = shape
    for tree in reversed(known.values()):
        _finish(tree)
    return root


def _finish(tree: Tree) -> None:
    """Move what a module holds beside its children into a leaf of its own, and count. Children come first."""
    if tree.children and tree.keys:
        own = Tree("", tree.prefix, tree.first)
        own.keys, own.shapes = tree.keys, tree.shapes
        tree.keys, tree.shapes = {}, {}
        _finish(own)
        tree.children.insert(0, own)
    tree.size = sum(child.size for child in tree.children) or 1
    if not tree.children:
        tree.signature = signature_of(tree.shapes)


def is_in_order_of_definition(shapes: Mapping[str, Shape], root: Tree) -> bool:
    """Whether the file can have the order in which a program defined its modules.

    It can't if modules are interrupted by others, numbers do not rise, tensors of a module stand in another order than
    torch's, or all names are sorted, as `safetensors` leaves them.
    """
    names = list(shapes)
    if len(names) < 2 or names == sorted(names):
        return False
    return _contiguous(names) and all(_rising(tree) for tree in _walk(root))


def _contiguous(names: Sequence[str]) -> bool:
    closed: set[tuple[str, ...]] = set()
    current: tuple[str, ...] = ()
    for name in names:
        parents = tuple(name.split(".")[:-1])
        common = 0
        while common < min(len(current), len(parents)) and current[common] == parents[common]:
            common += 1
        closed.update(current[:depth] for depth in range(common + 1, len(current) + 1))
        if any(parents[:depth] in closed for depth in range(common + 1, len(parents) + 1)):
            return False
        current = parents
    return True


def _rising(tree: Tree) -> bool:
    latest: dict[str, tuple[int, ...]] = {}
    for child in tree.children:
        stem, place = series(child.name)
        if stem in latest and place and latest[stem] > place:
            return False
        latest[stem] = place
    ranks = [_WITHIN[name] for name in tree.keys if name in _WITHIN]
    return all(a < b for a, b in pairwise(ranks))


def _walk(tree: Tree) -> Iterator[Tree]:
    yield tree
    for child in tree.children:
        yield from _walk(child)
