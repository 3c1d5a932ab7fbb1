"""The operators by name, and the one way to make one.

Each family file lists its operators by defining them; nothing else is edited to add one. Users' own operators come
through the installed entry-point group `archdsl.operators` (each entry point loads an `Operator` class), never
through names in files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Any

from pydantic import ValidationError

from archdsl.ops.base import Operator

_interned: dict[tuple[object, ...], Operator] = {}


@cache
def operators() -> Mapping[str, type[Operator]]:
    """The operators that files may name.

    Raises:
        ValueError: as `every_operator`.
    """
    return {name: op for name, op in every_operator().items() if not op.internal}


@cache
def offered() -> tuple[str, ...]:
    """Their names as hints offer them: of two that are equally near, `conv2d` is meant more often than `conv1d`."""
    return tuple(sorted(operators(), key=lambda name: name.endswith("1d")))


@cache
def every_operator() -> Mapping[str, type[Operator]]:
    """Every operator by name, those that only passes make included: built-in ones and those of installed packages.

    Raises:
        ValueError: if an installed package takes a name that is taken, or offers something that is no operator.
    """
    package = import_module("archdsl.ops.families")
    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
    found = {op.name: op for op in _named(Operator.__subclasses__()) if op.__module__.startswith("archdsl.ops.")}
    for entry in entry_points(group="archdsl.operators"):
        op = entry.load()
        if not (isinstance(op, type) and issubclass(op, Operator)):
            raise ValueError(f"entry point {entry.name!r} of group archdsl.operators is no Operator class")
        if op.name in found and found[op.name] is not op:
            raise ValueError(f"operator `{op.name}` of entry point {entry.name!r} has the name of another operator")
        found[op.name] = op
    return dict(sorted(found.items()))


def _named(children: Iterable[type[Operator]]) -> Iterator[type[Operator]]:
    for child in children:
        if "name" in vars(child):
            yield child
        yield from _named(child.__subclasses__())


def make(op: type[Operator], attributes: Mapping[str, Any]) -> Operator:
    """The operator with these attributes; the same object for the same attributes.

    Raises:
        pydantic.ValidationError: if an attribute is unknown, missing or of another kind.
    """
    # repr keeps 1, 1.0 and True apart, which are equal as dictionary keys.
    key = (op, *((name, repr(value)) for name, value in attributes.items()))
    found = _interned.get(key)
    if found is None:
        made = op(**{name: _frozen(value) for name, value in attributes.items()})
        # The same attributes given in another way (order, pair or number, defaults) are the same operator.
        full = (op, *((name, repr(getattr(made, name))) for name in type(made).model_fields))
        found = _interned.setdefault(full, made)
        _interned[key] = found
    return found


@cache
def identity() -> Operator:
    """The operator that gives what it reads."""
    (op,) = [op for op in every_operator().values() if op.is_identity]
    return make(op, {})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list | tuple) else value


__all__ = ["ValidationError", "every_operator", "make", "operators"]
