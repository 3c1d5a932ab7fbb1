"""A small environment for tests of expressions."""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.ir.graph import Value
from archdsl.spec.expressions import POISON, parse
from archdsl.types import TensorType


class Names:
    """An environment of given names; values in `read` count as read by earlier steps."""

    def __init__(self, values: dict[str, object], read: tuple[object, ...] = ()):
        self.values = values
        self.read = read

    def value(self, name: str) -> object:
        return self.values[name]

    def names(self) -> Iterable[str]:
        return self.values

    def has_read(self, value: object) -> bool:
        return any(value is r for r in self.read)


IMAGE = Value(TensorType((64, 28, 30)))
SEQUENCE = Value(TensorType((20, 7)))
FLAT = Value(TensorType((10,)))
SCALAR = Value(TensorType(()))
PYRAMID = [IMAGE, SEQUENCE, FLAT]

ENV = Names(
    {
        "a": 3,
        "b": 2.5,
        "yes": True,
        "no_": False,
        "x": IMAGE,
        "line": SEQUENCE,
        "flat": FLAT,
        "scalar": SCALAR,
        "features": PYRAMID,
        "widths": [16, 32, 64],
        "empty": [],
        "gone": POISON,
        "partly": [1, POISON],
        "activation_word": "",
    },
    read=(IMAGE,),
)


def value(text: str, *words: str) -> object:
    """The value of an expression in ENV."""
    return parse(text).evaluate(ENV, words)
