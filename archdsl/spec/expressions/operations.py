"""The operators of expressions, on checked values and within the limits.

Each takes Python values and gives one, or raises an ExpressionError without a place. Two plain integers take the
short way; everything else is sorted out behind.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, TypeAlias

from archdsl.ir.graph import Value
from archdsl.spec.expressions.environment import Run
from archdsl.spec.expressions.errors import ExpressionError
from archdsl.spec.expressions.values import (
    INTEGER_LIMIT,
    LIST_LIMIT,
    Word,
    bounded,
    deep_size,
    describe,
    healthy,
    is_number,
)

Number: TypeAlias = "int | float"


def number(value: object, where: str) -> int | float:
    """The value as an operand of arithmetic or of the function `where`; E0403 for anything but int and float."""
    if type(value) is int or type(value) is float:
        return value
    raise ExpressionError("E0403", f"`{where}` takes numbers, not {describe(value)}")


def integer(value: object, where: str) -> int:
    """The value as an integer argument of the function `where`."""
    if type(value) is int:
        return value
    raise ExpressionError("E0403", f"`{where}` takes integers, not {describe(value)}")


def truth(value: object, where: str) -> bool:
    """The value as a condition: there is no truthiness."""
    if type(value) is bool:
        return value
    raise ExpressionError("E0403", f"{where} is {describe(value)}, not true or false", "compare it: `> 0`, `!= 0`")


def new_list(run: Run, items: list[object]) -> list[object]:
    """A list just made, its size checked and paid for."""
    size = deep_size(items)
    run.spend(size)
    if size > LIST_LIMIT:
        raise _too_long(size)
    return items


def _too_long(size: int) -> ExpressionError:
    hint = f"at most {LIST_LIMIT:,} members, inner ones too"
    return ExpressionError("E0906", f"a list of {size:,} is too long", hint)


def _mismatch(symbol: str, a: object, b: object) -> ExpressionError:
    hint = ""
    if symbol == "+" and (type(a) is list) != (type(b) is list):
        hint = "put the single value into a list: `[a] + b`"
    return ExpressionError("E0403", f"`{symbol}` does not go between {describe(a)} and {describe(b)}", hint)


def add(run: Run, a: object, b: object) -> object:
    """Sum of two numbers, or one list behind the other."""
    if type(a) is int and type(b) is int:
        return bounded(a + b)
    if type(a) is list and type(b) is list:
        if len(a) + len(b) > LIST_LIMIT:
            raise _too_long(len(a) + len(b))
        return new_list(run, a + b)
    if is_number(a) and is_number(b):
        return bounded(a + b)  # type: ignore[operator]
    raise _mismatch("+", a, b)


def subtract(run: Run, a: object, b: object) -> object:
    """Difference of two numbers."""
    if is_number(a) and is_number(b):
        return bounded(a - b)  # type: ignore[operator]
    raise _mismatch("-", a, b)


def multiply(run: Run, a: object, b: object) -> object:
    """Product of two numbers, or a list several times over."""
    if is_number(a) and is_number(b):
        return bounded(a * b)  # type: ignore[operator]
    if type(b) is list and type(a) is int:
        a, b = b, a
    if type(a) is list and type(b) is int:
        size = deep_size(a) * max(b, 0)
        if size > LIST_LIMIT:
            raise _too_long(size)
        return new_list(run, a * b)
    raise _mismatch("*", a, b)


def _divisor(symbol: str, a: object, b: object) -> tuple[Number, Number]:
    if not (is_number(a) and is_number(b)):
        raise _mismatch(symbol, a, b)
    if b == 0:
        raise ExpressionError("E0404", "division by zero")
    return a, b  # type: ignore[return-value]


def divide(run: Run, a: object, b: object) -> object:
    """Quotient of two numbers, always a float."""
    x, y = _divisor("/", a, b)
    return _float(lambda: x / y)


def floor_divide(run: Run, a: object, b: object) -> object:
    """Quotient of two numbers, rounded down."""
    x, y = _divisor("//", a, b)
    return _float(lambda: x // y)


def modulo(run: Run, a: object, b: object) -> object:
    """Remainder with the sign of the divisor."""
    x, y = _divisor("%", a, b)
    return _float(lambda: x % y)


def power(run: Run, a: object, b: object) -> object:
    """Power of two numbers: an integer for integers with an exponent of at least 0, else a float."""
    if not (is_number(a) and is_number(b)):
        raise _mismatch("**", a, b)
    if a == 0 and b < 0:  # type: ignore[operator]
        raise ExpressionError("E0404", "division by zero: 0 to a negative power")
    # Decided before computing: the power itself might not fit into memory.
    if type(a) is int and type(b) is int and abs(a) > 1 and b * math.log2(abs(a)) > math.log2(INTEGER_LIMIT) + 1:
        raise ExpressionError("E0905", "the number is too large", "integers stay below 2**53")
    result = _float(lambda: a**b)  # type: ignore[operator]
    if isinstance(result, complex):
        raise ExpressionError("E0404", "a negative number to a fractional power has no real value")
    return result


def _float(compute: Callable[[], int | float]) -> int | float:
    try:
        result = compute()
    except OverflowError:
        raise ExpressionError("E0905", "the number is too large", "floats stay finite") from None
    return result if isinstance(result, complex) else bounded(result)


def negative(value: object) -> object:
    """Minus the number."""
    return -number(value, "-")


def positive(value: object) -> object:
    """The number."""
    return number(value, "+")


def less(a: object, b: object, symbol: str = "<") -> bool:
    """Whether one number is below another."""
    if is_number(a) and is_number(b):
        return a < b  # type: ignore[operator, no-any-return]
    raise _mismatch(symbol, a, b)


def at_most(a: object, b: object, symbol: str = "<=") -> bool:
    """Whether one number is not above another."""
    if is_number(a) and is_number(b):
        return a <= b  # type: ignore[operator, no-any-return]
    raise _mismatch(symbol, a, b)


def equal(run: Run, a: object, b: object) -> bool:
    """Whether two numbers, truth values, words or lists of them are equal; values of unlike kinds are not."""
    if is_number(a) and is_number(b):
        return a == b
    if type(a) is list and type(b) is list:
        run.spend(min(len(a), len(b)))
        return len(a) == len(b) and all(equal(run, x, y) for x, y in zip(a, b, strict=True))
    for value in (a, b):
        if type(healthy(value)) not in (int, float, bool, Word, list):
            raise ExpressionError("E0403", f"{describe(value)} cannot be compared", "compare shapes: `.shape`")
    return type(a) is type(b) and a == b


def contains(run: Run, items: object, value: object) -> bool:
    """Whether `value` equals a member of the list."""
    if type(items) is not list:
        raise ExpressionError("E0403", f"`in` needs a list on its right, not {describe(items)}")
    run.spend(len(items))
    return any(equal(run, value, item) for item in items)


def item(value: object, index: object) -> object:
    """A member of a list; negative positions count from the end."""
    if type(value) is not list:
        hint = "`.shape[i]` is a dimension; `slice` and `select` cut a tensor" if isinstance(value, Value) else ""
        raise ExpressionError("E0403", f"{describe(value)} has no members to pick", hint)
    if type(index) is not int:
        raise ExpressionError("E0403", f"a position in a list is an integer, not {describe(index)}")
    if not -len(value) <= index < len(value):
        raise ExpressionError("E0404", f"position {index} is outside of a list of {len(value)}")
    return healthy(value[index])


def part(run: Run, value: object, start: object, stop: object, step: object) -> object:
    """A slice of a list, as Python's."""
    if type(value) is not list:
        raise ExpressionError("E0403", f"{describe(value)} cannot be sliced", "only lists can")
    bounds = [b if b is None else integer(b, "[:]") for b in (start, stop, step)]
    if bounds[2] == 0:
        raise ExpressionError("E0404", "a slice with step 0 has no value")
    return new_list(run, value[slice(*bounds)])


def attribute(value: object, name: str) -> object:
    """`.shape` (without N), `.channels`, `.height` or `.width` of a tensor.

    `.channels` is dimension 0; `.height` is dimension 1 of [C, H, W]; `.width` the last of [C, H, W] and [C, W].
    """
    if not isinstance(value, Value):
        raise _no_tensor(value, name)
    shape = value.type.shape
    if name == "shape":
        return list(shape)
    position, ranks = _ATTRIBUTES[name]
    if len(shape) not in ranks:
        raise ExpressionError(
            "E0403", f"{describe(value)} has no `.{name}`", "`.shape` is the list of its dimensions, without N"
        )
    return shape[position]


def _no_tensor(value: object, name: str) -> ExpressionError:
    hint = f"pick one of its members: `[0].{name}`" if type(value) is list else "only tensors have attributes"
    return ExpressionError("E0403", f"{describe(value)} has no `.{name}`", hint)


_ATTRIBUTES: Final = {"channels": (0, range(1, 64)), "height": (1, (3,)), "width": (-1, (2, 3))}
ATTRIBUTES: Final = ("channels", "height", "width", "shape")
