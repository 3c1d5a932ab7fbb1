"""The modules of one cell instance as a tree of lists and dictionaries that mirrors their paths."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar

from torch import nn

from archdsl.backends.torch import support
from archdsl.ir.graph import Node
from archdsl.ops.base import Operator
from archdsl.ops.lowering import LeafModule, Literal, TorchLowering
from archdsl.types import TensorType

Part = str | int
Content = TypeVar("Content")


class Members(Generic[Content]):
    """What stands at one path within a cell: a module (`content`), or a container of more."""

    __slots__ = ("_named", "children", "content", "length")

    def __init__(self) -> None:
        self.children: dict[Part, Members[Content]] = {}
        self.content: Content | None = None
        self.length = 0  # as a list: one more than the largest index
        self._named = False

    def put(self, parts: Sequence[Part], content: Content) -> None:
        """Register a module; a path that has one keeps it.

        Raises:
            ValueError: if the path is empty, or part of it is a module already.
        """
        place = self
        for part in parts:
            if place.content is not None:
                raise ValueError(f"the path of step {_dotted(parts)} leads through another step with weights")
            place = place._child(part)
        if place is self or place.children:
            raise ValueError(f"step {_dotted(parts) or 'at the root'} has the path of a group of steps")
        if place.content is None:
            place.content = content

    def get(self, parts: Sequence[Part]) -> Content:
        """The module at a path."""
        place = self
        for part in parts:
            place = place.children[part]
        assert place.content is not None
        return place.content

    def _child(self, part: Part) -> Members[Content]:
        found = self.children.get(part)
        if found is None:
            found = self.children[part] = Members()
            if isinstance(part, int):
                self.length = max(self.length, part + 1)
            else:
                self._named = True
        return found

    @property
    def is_list(self) -> bool:
        """Whether it is a `ModuleList`: all keys are indices. Missing indices are filled with empty containers."""
        return self.length > 0 and not self._named

    def items(self) -> Iterator[tuple[str, Members[Content] | None]]:
        """Keys and members in order of registration; a list's in order of index, None where one is missing."""
        if self.is_list:
            yield from ((str(i), self.children.get(i)) for i in range(self.length))
        else:
            yield from ((str(key), child) for key, child in self.children.items())

    def access(self, parts: Sequence[Part]) -> str:
        """Python expression of the module at a path."""
        place = self
        text = "self"
        for part in parts:
            if isinstance(part, str):
                text += f".{part}"
            else:
                text += f"[{part}]" if place.is_list else f'["{part}"]'
            place = place.children[part]
        return text


def _dotted(parts: Sequence[Part]) -> str:
    return ".".join(map(str, parts))


@lru_cache(maxsize=1 << 16)
def lowered(op: Operator, operands: tuple[TensorType, ...]) -> TorchLowering:
    """The torch lowering, remembered, its module with all constructor arguments that have plain defaults.

    Defaults are filled in so that modules that differ only in an argument left out are seen to be alike; arguments
    that have their default in all instances of a cell are not printed.
    """
    found = op.torch(operands)
    if found.leaf is None:
        return found
    leaf = found.leaf
    given = dict(leaf.kwargs)
    known = constructor_defaults(leaf.type)
    order = [name for name in known if name in given or known[name] is not inspect.Parameter.empty]
    order += [name for name in given if name not in known]
    kwargs = tuple([(name, given.get(name) or Literal(known[name], name)) for name in order])
    return TorchLowering(found.result, LeafModule(leaf.type, kwargs, leaf.inits))


def lowering_of(node: Node) -> TorchLowering:
    """The torch lowering of a node."""
    return lowered(node.op, node.operand_types)


@lru_cache(maxsize=256)
def constructor_defaults(type_name: str) -> dict[str, Any]:
    """Constructor arguments of a module class in order, with plain defaults; `Parameter.empty` stands for none."""
    owner, _, name = type_name.partition(".")
    cls = getattr({"nn": nn, "support": support}[owner], name)
    plain = (bool, int, float, str, tuple)
    defaults: dict[str, Any] = {}
    for parameter in list(inspect.signature(cls.__init__).parameters.values())[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        fixed = isinstance(parameter.default, plain)
        defaults[parameter.name] = parameter.default if fixed else inspect.Parameter.empty
    return defaults
