"""Evaluates what is written as a value: numbers, expressions, lists, holes, and steps as values."""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable

from archdsl.diagnostics.suggest import nearest
from archdsl.ir.graph import Value
from archdsl.spec.elaborate.decisions import Decision, hashable
from archdsl.spec.elaborate.recovery import is_misspelt
from archdsl.spec.elaborate.run import Reported, Run
from archdsl.spec.elaborate.scopes import Context, Data, contains_poison, join
from archdsl.spec.expressions import Environment, Expression, ExpressionError, Poisoned, parse
from archdsl.spec.syntax.model import Choice, Constant, Label, Listing, Text, Unread, Written

MOST_OPTIONS = 10_000
NO_WORDS: frozenset[str] = frozenset()


def evaluate(run: Run, written: Written, ctx: Context, hole: str, words: Container[str] = NO_WORDS) -> Data:
    """The value of what is written; `hole` is the id of a hole that stands here.

    Raises:
        Reported: if it has none.
    """
    if isinstance(written, Constant):
        return written.value
    if isinstance(written, Text):
        expression = parsed(run, written, ctx)
        return evaluated(run, expression, written, ctx, words)
    if isinstance(written, Listing):
        return [evaluate(run, item, ctx, f"{hole}[{i}]", words) for i, item in enumerate(written.items)]
    if isinstance(written, Choice):
        return choose(run, written, ctx, hole, words)
    if isinstance(written, Unread):
        raise Reported
    message = f"`{written.name}` with attributes is a step; a value belongs here"
    raise run.fail("E0208", message, written.span, ctx)


def parsed(run: Run, text: Text, ctx: Context) -> Expression:
    """The expression a text stands for.

    Raises:
        Reported: if it is none.
    """
    try:
        return parse(text.text)
    except ExpressionError as error:
        raise run.fail_expression(error, text, ctx) from None


def evaluated(run: Run, expression: Expression, text: Text, ctx: Context, words: Container[str] = NO_WORDS) -> Data:
    """The value of an expression that stands in `text`; where a name is misspelt, with the one probably meant.

    Raises:
        Reported: if it has none.
    """
    env: Environment = ctx
    while True:
        try:
            return expression.evaluate(env, words)  # type: ignore[return-value]
        except ExpressionError as error:
            run.fail_expression(error, text, ctx)
            unknown = expression.text[error.offset : error.offset + error.length] if error.code == "E0201" else ""
            close = nearest(unknown, ctx.names())
            meant = env.meant if isinstance(env, _Mended) else {}
            if unknown in meant or not is_misspelt(unknown, close):
                raise Reported from None
            env = _Mended(ctx, {**meant, unknown: close})
        except Poisoned:
            raise Reported from None


class _Mended:
    """A place whose misspelt names, reported already, stand for those that were probably meant."""

    def __init__(self, ctx: Context, meant: dict[str, str]):
        self._ctx = ctx
        self.meant = meant

    def value(self, name: str) -> object:
        return self._ctx.value(self.meant.get(name, name))

    def names(self) -> Iterable[str]:
        return self._ctx.names()

    def has_read(self, value: object) -> bool:
        return self._ctx.has_read(value)


def truth(run: Run, written: Written, ctx: Context, hole: str, what: str) -> bool:
    """A condition.

    Raises:
        Reported: if it has no value, or one that is no truth value.
    """
    value = evaluate(run, written, ctx, hole)
    if not isinstance(value, bool):
        raise run.fail("E0403", f"{what} must be true or false", written.span, ctx, "compare it: `x > 0`")
    return value


# Holes with values as options.


def choose(run: Run, hole: Choice, ctx: Context, hole_id: str, words: Container[str]) -> Data:
    """The chosen option, or for `take` the list of those taken.

    Raises:
        Reported: if the hole has no valid options, or its decision is in conflict.
    """
    if isinstance(hole.options, tuple):
        labels: list[Label] = [key.value for key, _ in hole.options if key.value is not None]
        taken = decided(run, hole, labels, ctx, hole_id)
        chosen: list[Data] = []
        for position in taken:
            key, value = hole.options[position]
            chosen.append(evaluate(run, value, ctx, join(hole_id, key.text), words))
    else:
        values = evaluate(run, hole.options, ctx, hole_id, words)
        if not isinstance(values, list):
            raise run.fail("E0403", "`choose` needs a list of options", hole.options.span, ctx)
        if contains_poison(values):
            raise Reported
        labels, values = labelled(run, values, hole, ctx)
        chosen = [values[position] for position in decided(run, hole, labels, ctx, hole_id)]
    return chosen if hole.take is not None else chosen[0]


def labelled(run: Run, values: list[Data], hole: Choice, ctx: Context) -> tuple[list[Label], list[Data]]:
    """Labels of options that name themselves: numbers, words and lists of them; tensors are positions.

    Equal options count once.
    """
    if any(_has_tensor(value) for value in values):
        return list(range(len(values))), values
    found: dict[Hashable, tuple[Label, Data]] = {}
    for value in values:
        label = _label(value)
        if label is None:
            raise run.fail("E0606", "an option that is no number, word or tensor needs a label", hole.span, ctx)
        found.setdefault(hashable(label), (label, value))
    return [label for label, _ in found.values()], [value for _, value in found.values()]


def _has_tensor(value: Data) -> bool:
    if isinstance(value, list):
        return any(_has_tensor(item) for item in value)
    return isinstance(value, Value)


def _label(value: Data) -> Label | None:
    if isinstance(value, list):
        labels = [_label(item) for item in value]
        return None if None in labels else [x for x in labels if x is not None]
    return value if isinstance(value, bool | int | float | str) else None


def decided(run: Run, hole: Choice, labels: list[Label], ctx: Context, hole_id: str) -> tuple[int, ...]:
    """The positions of the options taken; asks only where more than one outcome is possible (rule 17)."""
    if len(labels) > MOST_OPTIONS:
        message = f"a choice of {len(labels):,} options"
        raise run.fail("E0906", message, hole.options_span, ctx, f"at most {MOST_OPTIONS:,}")
    if not labels and hole.take is None:
        raise run.fail("E0604", "the list of options is empty here", hole.options_span, ctx)
    sizes = _sizes(run, hole, len(labels), ctx) if hole.take is not None else None
    decision = Decision(hole_id, tuple(labels), sizes)
    if decision.outcomes == 1:
        if sizes is None:
            return (0,)
        return tuple(range(len(labels))) if sizes[0] else ()
    return run.decide(decision, hole, ctx)


def _sizes(run: Run, hole: Choice, options: int, ctx: Context) -> tuple[int, ...]:
    assert hole.take is not None
    value = evaluate(run, hole.take, ctx, "")
    wanted = value if isinstance(value, list) else [value]
    for size in wanted:
        if isinstance(size, bool) or not isinstance(size, int) or size < 0:
            raise run.fail("E0604", "`take` is a number of options, or a list of numbers", hole.take.span, ctx)
    sizes = tuple(dict.fromkeys(size for size in wanted if isinstance(size, int) and size <= options))
    if not sizes:
        if not wanted:
            raise run.fail("E0604", "`take` lists no number of options", hole.take.span, ctx)
        least = min(size for size in wanted if isinstance(size, int))
        raise run.fail("E0604", f"{least} of {options} options cannot be taken", hole.take.span, ctx)
    return sizes
