"""Rounds of a loop: how many, the variables of each, and what is collected from them."""

from __future__ import annotations

from archdsl.spec.elaborate.messages import show
from archdsl.spec.elaborate.run import Reported, Run
from archdsl.spec.elaborate.scopes import ABSENT, Absent, Context, Data, Names
from archdsl.spec.elaborate.size import constant_count
from archdsl.spec.elaborate.values import evaluate
from archdsl.spec.expressions import POISON, ExpressionError, Poisoned, parse
from archdsl.spec.syntax.model import Loop, Step, Text, Written

# From so many rounds on, the loops inside are looked at before the first round.
_MANY = 100


def columns(run: Run, step: Step, ctx: Context, path: str) -> tuple[dict[str, list[Data]], int]:
    """Loop variables with their values in each round, and the number of rounds.

    Args:
        path: decision path of the step.

    Raises:
        Stopped: if the loop passes the limit of steps.
    """
    if step.loop is not None:
        values, count = _loop_columns(run, step, step.loop, ctx, path)
    else:
        values, count = {}, _repeats(run, step, ctx, path)
    return values, count


def _repeats(run: Run, step: Step, ctx: Context, path: str) -> int:
    assert step.repeat is not None
    try:
        value = evaluate(run, step.repeat, ctx, f"{path}/repeat")
    except Reported:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        run.fail("E0501", f"`repeat` must be a whole number, 0 or more, not {show(value)}", step.repeat.span, ctx)
        return 1
    _check(run, step, value, step.repeat, ctx)
    return value


def _loop_columns(run: Run, step: Step, loop: Loop, ctx: Context, path: str) -> tuple[dict[str, list[Data]], int]:
    lengths: dict[str, int] = {}
    values: dict[str, list[Data]] = {}
    for name, written in loop.variables:
        try:
            value = evaluate(run, written, ctx, f"{path}/{name.text}")
        except Reported:
            continue
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            lengths[name.text] = value
        elif isinstance(value, list):
            values[name.text], lengths[name.text] = value, len(value)
        else:
            message = f"`{name.text}` must walk over a count (0 or more) or a list, not {show(value)}"
            run.fail("E0501", message, written.span, ctx, "{i: 3} or {width: widths}")
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"`{name}` has {length:,}" for name, length in lengths.items())
        run.fail("E0502", f"the loop variables differ in length: {shown}", loop.span, ctx, "they walk together")
    if len(lengths) < len(loop.variables) or len(set(lengths.values())) > 1:
        return {name.text: [POISON] for name, _ in loop.variables}, 1
    count = next(iter(lengths.values()), 0)
    _check(run, step, count, loop.variables[0][1], ctx)
    return {name: values[name] if name in values else list(range(count)) for name in lengths}, count


def _check(run: Run, step: Step, count: int, written: Written, ctx: Context) -> None:
    """Refuse more rounds than there can be steps, with the loops inside as far as their counts are known here."""

    def known(inner: Written) -> int:
        if not isinstance(inner, Text):
            return constant_count(inner)
        try:
            expression = parse(inner.text)
            if not all(type(ctx.local.find(name)) in (int, list) for name in expression.names):
                return 0
            value = expression.evaluate(ctx)
        except (ExpressionError, Poisoned):
            return 0
        if isinstance(value, list):
            return len(value)
        return max(value, 0) if isinstance(value, int) and not isinstance(value, bool) else 0

    least = run.sizes.head(step, ctx.frame.cell, known) if count >= _MANY else 1
    run.count_rounds(step, count, least, written.span, ctx)


def start(step: Step, ctx: Context, values: dict[str, list[Data]], collected: list[list[Data]], number: int) -> Names:
    """The names of a round: the loop variables, and the lists as far as they have grown."""
    table: dict[str, Data | Absent] = {name: column[number] for name, column in values.items()}
    for (made, _), members in zip(step.collect, collected, strict=True):
        # A name that is taken is reported behind the loop; which of the two is read here can't be told.
        taken = made.text in values or ctx.local.find(made.text) not in (None, ABSENT)
        table[made.text] = POISON if taken else list(members)
    return Names(ctx.local, table)


def extend(step: Step, inner: Context, collected: list[list[Data]]) -> None:
    """Collect what a round has made."""
    for (_, name), members in zip(step.collect, collected, strict=True):
        value = inner.local.table.get(name.text)
        if value is None:
            # Nothing of this name in this body; the static check has said so.
            members.append(POISON)
        elif not isinstance(value, Absent):
            members.append(value)
