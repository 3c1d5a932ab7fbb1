"""Written values compiled: expressions are computed once for each combination of what they read."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Container, Sequence

from archdsl.ir.graph import Value
from archdsl.spec.elaborate.compiled.recall import Memory
from archdsl.spec.elaborate.compiled.state import Evaluate, Frame, Run, Unsupported
from archdsl.spec.elaborate.decisions import Decision
from archdsl.spec.elaborate.purity import has_tensor, key_of, reads_state
from archdsl.spec.elaborate.scopes import ABSENT, Data, join
from archdsl.spec.elaborate.tally.recollection import Positions
from archdsl.spec.elaborate.tally.record import Doubtful
from archdsl.spec.elaborate.values import MOST_OPTIONS, NO_WORDS, labelled
from archdsl.spec.expressions import Expression, ExpressionError, Poisoned, parse
from archdsl.spec.syntax.model import Choice, Constant, Label, Listing, Text, Written

_UNUSED = re.compile(r"unused\((\w+)\)")
# Members of a list that is put together the short way.
_SHORT = 1000


def value(memory: Memory, written: Written, words: Container[str] = NO_WORDS) -> Evaluate:
    """What evaluates a written value.

    Raises:
        Unsupported: if it is none.
    """
    if isinstance(written, Constant):
        constant = written.value
        return lambda run, frame, hole, tied: constant
    if isinstance(written, Text):
        return expression(memory, expression_of(written), words)
    if isinstance(written, Listing):
        items = [value(memory, item, words) for item in written.items]
        return lambda run, frame, hole, tied: [item(run, frame, f"{hole}[{i}]", tied) for i, item in enumerate(items)]
    if isinstance(written, Choice):
        return _choice(memory, written, words)
    raise Unsupported


def expression_of(text: Text) -> Expression:
    """The expression that a text stands for.

    Raises:
        Unsupported: if it is none.
    """
    try:
        return parse(text.text)
    except ExpressionError:
        raise Unsupported from None


def simple_name(written: Written) -> str | None:
    """The name, if what is written is one."""
    return expression_of(written).simple_name if isinstance(written, Text) else None


def reader(names: Sequence[str]) -> Callable[[Frame], object]:
    """What makes a key of the values of names; those that aren't visible count as such."""
    if not names:
        return lambda frame: ()
    if len(names) == 1:
        only = names[0]
        return lambda frame: key_of(frame.table.get(only))
    return lambda frame: tuple([key_of(frame.table.get(name)) for name in names])


# Expressions.


def expression(memory: Memory, expression: Expression, words: Container[str] = NO_WORDS) -> Evaluate:
    """What evaluates an expression."""
    name = expression.simple_name
    if name is not None and name not in words and name != "training":
        return _name(name)
    joined = _joined_lists(expression.text)
    if joined is not None:
        return _join(*joined, _general(expression, words))
    unread = _UNUSED.fullmatch(expression.text.strip())
    if unread is not None and expression.names == {unread[1]}:
        return _unused(unread[1], _general(expression, words))
    if reads_state(expression.text) or "training" in expression.names:
        return _general(expression, words)
    return _remembered(memory, expression, words)


def _name(name: str) -> Evaluate:
    def read(run: Run, frame: Frame, hole: str, tied: bool) -> Data:
        found = frame.table.get(name)
        if found is None or found is ABSENT:
            raise Doubtful
        return found  # type: ignore[return-value]

    return read


def _general(expression: Expression, words: Container[str]) -> Evaluate:
    def evaluate(run: Run, frame: Frame, hole: str, tied: bool) -> Data:
        try:
            return expression.evaluate(frame, words)  # type: ignore[return-value]
        except (ExpressionError, Poisoned):
            raise Doubtful from None

    return evaluate


def _remembered(memory: Memory, expression: Expression, words: Container[str]) -> Evaluate:
    """Tensors can't be compared, so that a value without tensors hangs on their types alone."""
    known: dict[object, Data] = {}
    read, general = reader(sorted(expression.names)), _general(expression, words)
    gives_tensors = False

    def evaluate(run: Run, frame: Frame, hole: str, tied: bool) -> Data:
        nonlocal gives_tensors
        if gives_tensors:
            return general(run, frame, hole, tied)
        key = read(frame)
        found = known.get(key)
        if found is None:
            found = general(run, frame, hole, tied)
            if has_tensor(found):
                gives_tensors = True
            else:
                known[key] = found
                memory.entries += 1
        return found

    return evaluate


def _joined_lists(text: str) -> tuple[list[str], str] | None:
    """The names in `[a, b] + c`, which is what choices of inputs look like."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and isinstance(node.right, ast.Name)):
        return None
    items = node.left.elts if isinstance(node.left, ast.List) else []
    names = [item.id for item in items if isinstance(item, ast.Name)]
    return (names, node.right.id) if names and len(names) == len(items) else None


def _join(first: list[str], rest: str, general: Evaluate) -> Evaluate:
    def evaluate(run: Run, frame: Frame, hole: str, tied: bool) -> Data:
        table = frame.table
        more = table.get(rest)
        items = [table.get(name) for name in first]
        if type(more) is list and len(more) < _SHORT:
            for item in items:
                if type(item) is not Value:
                    break
            else:
                return [*items, *more]  # type: ignore[list-item]
        return general(run, frame, hole, tied)

    return evaluate


def chosen_input(memory: Memory, written: Written) -> Callable[[Run, Frame, str, bool], list[Data]] | None:
    """What gives a step its input where that is one of `[a, b] + c`; None for everything else."""
    if not isinstance(written, Choice) or written.take is not None or not isinstance(written.options, Text):
        return None
    joined = _joined_lists(written.options.text)
    if joined is None:
        return None
    (first, rest), hole, general = joined, written, _choice(memory, written, NO_WORDS)
    count = len(first)
    known: dict[tuple[str, int], Decision] = {}

    def choose(run: Run, frame: Frame, id: str, tied: bool) -> list[Data]:
        table = frame.table
        more = table.get(rest)
        if type(more) is list and 1 < len(more) + count < _SHORT:
            for name in first:
                if type(table.get(name)) is not Value:
                    break
            else:
                place = id, len(more)
                decision = known.get(place)
                if decision is None:
                    decision = known[place] = memory.decision(id, tuple(range(count + len(more))))
                    memory.entries += 1
                taken = run.decide(decision, hole, tied)[0]
                return [table[first[taken]] if taken < count else more[taken - count]]  # type: ignore[list-item]
        return [general(run, frame, id, tied)]

    return choose


def _unused(name: str, general: Evaluate) -> Evaluate:
    def evaluate(run: Run, frame: Frame, hole: str, tied: bool) -> Data:
        items, reads = frame.table.get(name), frame.reads
        if type(items) is list and len(items) < _SHORT and type(items[0] if items else None) is Value:
            return [item for item in items if id(item) not in reads]
        return general(run, frame, hole, tied)

    return evaluate


# Choices.


def _choice(memory: Memory, hole: Choice, words: Container[str]) -> Evaluate:
    take = None if hole.take is None else value(memory, hole.take)
    if isinstance(hole.options, tuple):
        return _labelled(memory, hole, take, words)
    options = value(memory, hole.options, words)
    of_tensors: dict[tuple[str, int], Decision] = {}

    def choose(run: Run, frame: Frame, path: str, tied: bool) -> Data:
        values = options(run, frame, path, tied)
        if type(values) is not list:
            raise Doubtful
        if take is None and len(values) > 1 and type(values[0]) is Value:
            place = path, len(values)
            decision = of_tensors.get(place)
            if decision is None:
                decision = of_tensors[place] = memory.decision(path, tuple(range(len(values))))
                memory.entries += 1
            return values[run.decide(decision, hole, tied)[0]]
        labels, values = labelled(run, values, hole, frame)  # type: ignore[arg-type]
        taken = decided(run, hole, labels, frame, path, tied, take)
        return values[taken[0]] if take is None else [values[i] for i in taken]

    return choose


def _labelled(memory: Memory, hole: Choice, take: Evaluate | None, words: Container[str]) -> Evaluate:
    assert isinstance(hole.options, tuple)
    labels: list[Label] = [key.value for key, _ in hole.options if key.value is not None]
    if len(labels) < len(hole.options):
        raise Unsupported
    values = [(key.text, value(memory, option, words)) for key, option in hole.options]

    def choose(run: Run, frame: Frame, path: str, tied: bool) -> Data:
        taken = decided(run, hole, labels, frame, path, tied, take)
        chosen = [values[i][1](run, frame, join(path, values[i][0]), tied) for i in taken]
        return chosen[0] if take is None else chosen

    return choose


def decided(
    run: Run, hole: Choice, labels: list[Label], frame: Frame, path: str, tied: bool, take: Evaluate | None
) -> Positions:
    """The positions of the options taken.

    Raises:
        Doubtful: for options that are none, or too many.
    """
    if not labels or len(labels) > MOST_OPTIONS:
        raise Doubtful
    if take is None:
        if len(labels) == 1:
            return (0,)
        return run.decide(Decision(path, tuple(labels)), hole, tied)
    sizes = _sizes(take(run, frame, "", tied), len(labels))
    decision = Decision(path, tuple(labels), sizes)
    if decision.outcomes == 1:
        return tuple(range(len(labels))) if sizes[0] else ()
    return run.decide(decision, hole, tied)


def _sizes(wanted: Data, options: int) -> tuple[int, ...]:
    sizes = wanted if isinstance(wanted, list) else [wanted]
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise Doubtful
    found = tuple(dict.fromkeys(size for size in sizes if isinstance(size, int) and size <= options))
    if not found:
        raise Doubtful
    return found
