"""The functions that an expression may call, each on checked values and within the limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

from archdsl.spec.expressions.environment import Run
from archdsl.spec.expressions.errors import ExpressionError
from archdsl.spec.expressions.operations import add, integer, less, new_list, number, truth
from archdsl.spec.expressions.values import LIST_LIMIT, bounded, describe

Arguments: TypeAlias = Sequence[object]


class Function(NamedTuple):
    """One function: how it is written, how many values it takes, and what it computes from them."""

    signature: str
    least: int
    most: int
    apply: Callable[[Run, Arguments], object]


def _the_list(name: str, value: object) -> list[object]:
    if type(value) is list:
        return value
    hint = "`.shape` is the list of its dimensions" if name == "len" else ""
    raise ExpressionError("E0403", f"`{name}` takes a list, not {describe(value)}", hint)


def _len(run: Run, args: Arguments) -> object:
    return len(_the_list("len", args[0]))


def _extreme(name: str, run: Run, args: Arguments) -> object:
    items = args if len(args) > 1 else _the_list(name, args[0])
    if not items:
        raise ExpressionError("E0404", f"`{name}` of an empty list has no value")
    run.spend(len(items))
    best = number(items[0], name)
    for item in items[1:]:
        other = number(item, name)
        if less(other, best) if name == "min" else less(best, other):
            best = other
    return best


def _min(run: Run, args: Arguments) -> object:
    return _extreme("min", run, args)


def _max(run: Run, args: Arguments) -> object:
    return _extreme("max", run, args)


def _sum(run: Run, args: Arguments) -> object:
    # A loop of our own: Python's `sum` rounds floats differently from 3.12 on.
    items = _the_list("sum", args[0])
    run.spend(len(items))
    total: object = 0
    for item in items:
        total = add(run, total, number(item, "sum"))
    return total


def _abs(run: Run, args: Arguments) -> object:
    return abs(number(args[0], "abs"))


def _round(run: Run, args: Arguments) -> object:
    value = number(args[0], "round")
    if len(args) == 1:
        return bounded(round(value))
    digits = integer(args[1], "round")
    if not -20 <= digits <= 20:
        raise ExpressionError("E0905", f"`round` to {digits} digits", "from -20 to 20")
    return bounded(round(value, digits))


def _floor(run: Run, args: Arguments) -> object:
    return bounded(math.floor(number(args[0], "floor")))


def _ceil(run: Run, args: Arguments) -> object:
    return bounded(math.ceil(number(args[0], "ceil")))


def _sqrt(run: Run, args: Arguments) -> object:
    value = number(args[0], "sqrt")
    if value < 0:
        raise ExpressionError("E0404", f"`sqrt` of {value:g} has no real value")
    return math.sqrt(value)


def _range(run: Run, args: Arguments) -> object:
    bounds = [integer(a, "range") for a in args]
    if len(bounds) == 3 and bounds[2] == 0:
        raise ExpressionError("E0404", "`range` with step 0 never ends")
    members = range(*bounds)
    # A range itself is small; its length is checked before it becomes a list.
    if len(members) > LIST_LIMIT:
        raise ExpressionError("E0906", f"a list of {len(members):,} is too long", f"at most {LIST_LIMIT:,}")
    return new_list(run, list(members))


def _reversed(run: Run, args: Arguments) -> object:
    return new_list(run, _the_list("reversed", args[0])[::-1])


def _all(run: Run, args: Arguments) -> object:
    items = _the_list("all", args[0])
    run.spend(len(items))
    members = [truth(item, "a member of the list in `all`") for item in items]
    return all(members)


def _any(run: Run, args: Arguments) -> object:
    items = _the_list("any", args[0])
    run.spend(len(items))
    members = [truth(item, "a member of the list in `any`") for item in items]
    return any(members)


def make_divisible(value: int | float, divisor: int, minimum: int) -> int:
    """The multiple of `divisor` nearest to `value`, at least `minimum`, never more than 10 % below `value`.

    The channel rounding of the MobileNet family (its reference code, `_make_divisible`).
    """
    rounded = max(minimum, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def _make_divisible(run: Run, args: Arguments) -> object:
    value = number(args[0], "make_divisible")
    divisor = integer(args[1], "make_divisible")
    if divisor < 1:
        raise ExpressionError("E0404", f"`make_divisible` by {divisor} has no value", "a divisor of at least 1")
    minimum = integer(args[2], "make_divisible") if len(args) > 2 else divisor
    return bounded(make_divisible(value, divisor, minimum))


def _unused(run: Run, args: Arguments) -> object:
    items = _the_list("unused", args[0])
    return new_list(run, [item for item in items if not run.env.has_read(item)])


FUNCTIONS: Final[dict[str, Function]] = {
    "len": Function("len(list)", 1, 1, _len),
    "min": Function("min(list) or min(a, b, ...)", 1, 255, _min),
    "max": Function("max(list) or max(a, b, ...)", 1, 255, _max),
    "sum": Function("sum(list)", 1, 1, _sum),
    "abs": Function("abs(number)", 1, 1, _abs),
    "round": Function("round(number) or round(number, digits)", 1, 2, _round),
    "floor": Function("floor(number)", 1, 1, _floor),
    "ceil": Function("ceil(number)", 1, 1, _ceil),
    "sqrt": Function("sqrt(number)", 1, 1, _sqrt),
    "range": Function("range(stop), range(start, stop) or range(start, stop, step)", 1, 3, _range),
    "reversed": Function("reversed(list)", 1, 1, _reversed),
    "all": Function("all(list)", 1, 1, _all),
    "any": Function("any(list)", 1, 1, _any),
    "make_divisible": Function(
        "make_divisible(value, divisor) or make_divisible(value, divisor, minimum)", 2, 3, _make_divisible
    ),
    "unused": Function("unused(list)", 1, 1, _unused),
}
