"""The closures that compiled expressions are made of: functions from a `Run` to a value."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from archdsl.spec.expressions.environment import Run
from archdsl.spec.expressions.errors import ExpressionError, Poisoned, unknown_name
from archdsl.spec.expressions.values import POISON, WORDS, Word, describe, healthy

Code: TypeAlias = Callable[[Run], object]
Apply: TypeAlias = Callable[[Run, object, object], object]
Place: TypeAlias = "tuple[int, int]"


class Loop(NamedTuple):
    """One `for` of a comprehension, with its filters and the place of the list."""

    variable: str
    source: Code
    filters: list[Code]
    place: Place


def place(node: ast.AST) -> Place:
    """Offset and length of a node in the text, which is one line of ASCII."""
    start, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", None)
    return start, (end or start + 1) - start


def placed(node: ast.AST, code: Code) -> Code:
    """The closure, with the node's place on errors that have none yet."""
    where = place(node)

    def run_placed(run: Run) -> object:
        try:
            return code(run)
        except ExpressionError as error:
            raise error.placed(*where) from None

    return run_placed


def nothing(run: Run) -> object:
    """A bound of a slice that is left out."""
    return None


def read(name: str, where: Place) -> Code:
    """Reads a name of the environment, or takes it as a word of the attribute."""

    def run_read(run: Run) -> object:
        try:
            value = run.env.value(name)
        except KeyError:
            if name in run.words:
                return Word(name)
            raise _unknown(name, run).placed(*where) from None
        except ExpressionError as error:
            # A word may be an operator's name, too: `gelu: {approximate: tanh}`.
            if error.code == "E0208" and name in run.words:
                return Word(name)
            raise error.placed(*where) from None
        if value is POISON:
            raise Poisoned
        return value

    return run_read


def _unknown(name: str, run: Run) -> ExpressionError:
    if name in ("True", "False"):
        return ExpressionError("E0402", f"`{name}` is Python's", f"write `{name.lower()}`")
    visible = {*run.env.names(), *WORDS, "true", "false", *run.locals}
    return unknown_name(name, sorted(visible))


def binary(left: Code, apply: Apply, right: Code, where: Place) -> Code:
    """One operator between two operands."""

    def run_binary(run: Run) -> object:
        a, b = left(run), right(run)
        try:
            return apply(run, a, b)
        except ExpressionError as error:
            raise error.placed(*where) from None

    return run_binary


def chained(start: Code, steps: list[tuple[Apply, Code, Place]]) -> Code:
    """Operators of one precedence, from left to right."""

    def run_chain(run: Run) -> object:
        value = start(run)
        for apply, right, where in steps:
            other = right(run)
            try:
                value = apply(run, value, other)
            except ExpressionError as error:
                raise error.placed(*where) from None
        return value

    return run_chain


def loop(run: Run, loops: list[Loop], level: int, element: Code, made: list[object], cost: int) -> None:
    """Walks the lists of a comprehension from `level` inwards and appends elements; each round costs `cost` steps."""
    if level == len(loops):
        made.append(element(run))
        return
    name, source, filters, where = loops[level]
    items = source(run)
    if type(items) is not list:
        raise ExpressionError("E0403", f"`for` walks over lists, not {describe(items)}").placed(*where)
    for item in items:
        run.spend(cost)
        run.locals[name] = healthy(item)
        if all(test(run) for test in filters):
            loop(run, loops, level + 1, element, made, cost)
    run.locals.pop(name, None)
