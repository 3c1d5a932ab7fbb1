"""What an expression can evaluate to: int, float, bool, word, list, tensor; and the limits on all of them.

Lists are Python lists and are never changed once made; tensors are `archdsl.ir.graph.Value`.
"""

from __future__ import annotations

from math import isfinite
from typing import Final, final

from archdsl.ir.graph import Value
from archdsl.spec.expressions.errors import ExpressionError, Poisoned

# Every integer stays exactly representable in a double, as in JSON.
INTEGER_LIMIT: Final = 2**53
# Members of a list, those of inner lists counted too.
LIST_LIMIT: Final = 100_000
# Levels of lists in lists.
DEPTH_LIMIT: Final = 64
# Operations of one evaluation.
STEP_LIMIT: Final = 1_000_000

# Constants in every expression: they mean themselves.
WORDS: Final = frozenset(
    ("same", "half", "nearest", "bilinear", "bicubic", "zeros", "reflect", "replicate", "float32", "int64")
)


class Word(str):
    """A word that means itself: `half`, `bilinear`. A str, so that operators can take it as it is."""

    __slots__ = ()


@final
class Poison:
    """The class of POISON."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "POISON"


POISON: Final = Poison()
"Stands for a value whose making failed and was reported; reading it raises `Poisoned`."


def is_number(value: object) -> bool:
    """Whether arithmetic takes it: int or float, never bool."""
    kind = type(value)
    return kind is int or kind is float


def healthy(value: object) -> object:
    """The value itself.

    Raises:
        Poisoned: if it is POISON.
    """
    if value is POISON:
        raise Poisoned
    return value


def bounded(value: int | float) -> int | float:
    """The number itself.

    Raises:
        ExpressionError: E0905 unless it is an integer below 2**53 or a finite float.
    """
    if isinstance(value, int):
        if -INTEGER_LIMIT < value < INTEGER_LIMIT:
            return value
        raise ExpressionError("E0905", "the number is too large", "integers stay below 2**53")
    if isfinite(value):
        return value
    raise ExpressionError("E0905", "the number is too large", "floats stay finite")


def describe(value: object) -> str:
    """What kind of value it is, for messages: `the number 3`, `a list of 4`."""
    match value:
        case Poison():
            raise Poisoned
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value:g}" if isinstance(value, float) else f"the number {value}"
        case Word():
            return f"the word `{value}`"
        case list():
            return f"a list of {len(value)}"
        case Value():
            return f"a tensor {value.type}"
    return "no value"


def deep_size(items: list[object]) -> int:
    """Members of a list, with those of inner lists; a shared inner list counts each time and is walked once.

    Raises:
        ExpressionError: E0906 if the lists nest too deeply.
    """
    return _measure(items, {}, 1)


def _measure(items: list[object], known: dict[int, int], depth: int) -> int:
    if depth > DEPTH_LIMIT:
        raise ExpressionError("E0906", "lists are nested too deeply", f"at most {DEPTH_LIMIT} levels")
    total = len(items)
    for item in items:
        if type(item) is list:
            if id(item) not in known:
                known[id(item)] = _measure(item, known, depth + 1)
            total += known[id(item)]
    return total
