"""What is known about calls and loops: within a run by place, across runs by what they read and decide.

Across runs only those are kept that ask for few decisions: the others are hardly ever met again. Of a call everything
is kept that it reads (`Shelf`, by key), then the decisions that it asks for, as a tree: what is asked first depends on
nothing else, what is asked next on the outcomes so far.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from archdsl.ir.graph import Value
from archdsl.spec.elaborate.compiled.state import Asked, Frame, Record, Run
from archdsl.spec.elaborate.decisions import Decision
from archdsl.spec.elaborate.run import CALL_DEPTH
from archdsl.spec.elaborate.scopes import Data
from archdsl.spec.elaborate.tally.blueprint import Blueprint, Included, Simplify
from archdsl.spec.elaborate.tally.outlines import Template, Tensors, restored
from archdsl.spec.elaborate.tally.recollection import Amounts, Positions
from archdsl.spec.elaborate.tally.record import Doubtful
from archdsl.spec.syntax.model import Label
from archdsl.types import TensorType

# What named tuples do, without a call in between.
_new = tuple.__new__
# Calls that ask for more decisions are known only to the run that has made them.
MOST_ASKED = 8


class Leaf(NamedTuple):
    """A finished call.

    Attributes:
        amounts: what it costs; empty for nothing.
        results: what it gives; numbers are tensors: those that it reads, then those of the types in `made`.
        height: how deep cells call each other inside.
        marked: numbers of the tensors that were read, where the loop around wants to know.
    """

    amounts: Amounts
    results: tuple[Template, ...]
    made: tuple[TensorType, ...]
    height: int
    marked: tuple[int, ...]
    blueprint: Blueprint


class Ask:
    """A decision that a call asks for, by its id within the call."""

    __slots__ = ("here", "hole", "id", "options", "sizes", "tied")

    def __init__(self, asked: Asked, start: int):
        decision, self.hole, self.tied, _ = asked
        self.id, self.options, self.sizes = decision.id[start:], decision.options, decision.sizes
        self.here: dict[str, Decision] = {}

    def is_of(self, asked: Asked, start: int) -> bool:
        """Whether it is what was asked for."""
        decision, hole, tied, _ = asked
        same = hole is self.hole and tied == self.tied and decision.id[start:] == self.id
        return same and decision.sizes == self.sizes and exactly(decision.options) == exactly(self.options)


class Fork:
    """An ask, and what came after each outcome."""

    __slots__ = ("ask", "branches")

    def __init__(self, ask: Ask):
        self.ask = ask
        self.branches: dict[Positions, Known] = {}


Known: TypeAlias = "Fork | Leaf"


class Memory:
    """What a program has remembered.

    Attributes:
        entries: how much that is; the program is compiled anew when it is too much.
        simplify: for blueprints.
    """

    def __init__(self, simplify: Simplify):
        self.simplify = simplify
        self.entries = 0
        self._decisions: dict[object, Decision] = {}

    def decision(self, id: str, options: tuple[Label, ...], sizes: tuple[int, ...] | None = None) -> Decision:
        """A decision: one object for equal ones, so that they are quickly seen to be one."""
        key = (id, exactly(options), sizes)
        found = self._decisions.get(key)
        if found is None:
            found = self._decisions[key] = Decision(id, options, sizes)
            self.entries += 1
        return found


class Shelf:
    """Calls of one cell with one set of attributes, or rounds of one loop, by what they read.

    Once one of them has asked for too much, no more are kept.
    """

    __slots__ = ("_large", "_memory", "_roots")

    def __init__(self, memory: Memory):
        self._memory = memory
        self._large = False
        self._roots: dict[object, Known] = {}

    def find(self, run: Run, key: object, base: str) -> Leaf | None:
        """The finished call; None if it is not known. What it asks is asked in order."""
        known = self._roots.get(key)
        while type(known) is Fork:
            ask = known.ask
            decision = ask.here.get(base)
            if decision is None:
                id = f"{base}/{ask.id}" if base else ask.id
                decision = ask.here[base] = self._memory.decision(id, ask.options, ask.sizes)
                self._memory.entries += 1
            known = known.branches.get(run.decide(decision, ask.hole, ask.tied))
        return known  # type: ignore[return-value]

    def keep(self, key: object, asks: list[Asked], start: int, leaf: Leaf) -> None:
        """Keep a call, unless it asked for too much."""
        if self._large:
            return
        row: dict[object, Asked] = {}
        for asked in asks:
            row.setdefault((asked[0].id, asked[1], asked[2]), asked)
            if len(row) > MOST_ASKED:
                self._large = True
                return
        self._memory.entries += 1 + len(row)
        branches: dict[object, Known] = self._roots
        at: object = key
        for asked in row.values():
            fork = branches.get(at)
            if fork is None:
                fork = branches[at] = Fork(Ask(asked, start))
            if not isinstance(fork, Fork) or not fork.ask.is_of(asked, start):
                return  # never known to happen; nothing is lost but time
            branches, at = fork.branches, asked[3]  # type: ignore[assignment]
        branches[at] = leaf


def begun(run: Run) -> tuple[Record, int]:
    """Look at a call from here on; gives what is needed to finish it."""
    outer, run.record = run.record, Record()
    return outer, len(run.asks)


def finished(
    run: Run,
    begin: tuple[Record, int],
    tensors: Tensors,
    results: list[Data],
    memory: Memory,
    marks: set[int] | None = None,
) -> tuple[Leaf, list[Asked]]:
    """A call that was looked at, counted in the one around it.

    Args:
        tensors: what it reads.
        marks: identities of the tensors that it has read, for a loop.
    """
    inner, (run.record, mark) = run.record, begin
    read = list(tensors.values)
    templates = tuple([tensors.template(result) for result in results])
    given = tensors.values[len(read) :]
    marked = () if not marks else tuple([i for i, value in enumerate(tensors.values) if id(value) in marks])
    plan = Blueprint(read, inner.built, given, memory.simplify)
    leaf = Leaf(inner.total(), templates, tuple([value.type for value in given]), inner.height, marked, plan)
    _count(run.record, leaf, read, given)
    return leaf, run.asks[mark:]


def recalled(run: Run, frame: Frame, leaf: Leaf, read: list[Value]) -> tuple[list[Data], list[Value]]:
    """The values of a call that is known, its cost counted; and the tensors that it reads and gives.

    Raises:
        Doubtful: if cells would call each other too deep.
    """
    if frame.depth + 1 + leaf.height > CALL_DEPTH:
        raise Doubtful
    kinds, results = leaf.made, leaf.results
    made = [Value(kinds[0])] if len(kinds) == 1 else [Value(kind) for kind in kinds]
    _count(run.record, leaf, read, made)
    values = read + made
    if len(results) == 1 and type(results[0]) is int:
        return [values[results[0]]], values
    return [restored(result, values) for result in results], values


def _count(record: Record, leaf: Leaf, read: list[Value], made: list[Value]) -> None:
    if leaf.amounts:
        record.parts.append(leaf.amounts)
    if leaf.height >= record.height:
        record.height = leaf.height + 1
    record.built.append(_new(Included, (leaf.blueprint, read, made, str(len(record.built)))))


def exactly(options: tuple[Label, ...]) -> object:
    """Options as a key that keeps 1, 1.0 and true apart."""
    return tuple([option if type(option) is str else (repr(option),) for option in options])
