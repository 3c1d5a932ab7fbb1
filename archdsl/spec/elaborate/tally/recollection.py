"""What is known about cell calls, across candidates of one space: bounded, the least recently used goes first.

A call is known by what it reads (types of its tensors and which of them are one, parameters, steps) and by the
decisions that are taken inside. These are kept as a tree: what is asked first does not depend on anything else, what
is asked next on the outcomes so far, and each leaf is a finished call.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from archdsl.ops.base import Operator
from archdsl.spec.elaborate.decisions import Decision
from archdsl.spec.elaborate.scopes import BoundStep
from archdsl.spec.elaborate.size import Sizes
from archdsl.spec.elaborate.tally.blueprint import Blueprint, Simplify
from archdsl.spec.elaborate.tally.outlines import Template
from archdsl.spec.syntax.model import Call, Cell, Choice, ChooseBody
from archdsl.types import TensorType

Positions: TypeAlias = "tuple[int, ...]"
Amounts: TypeAlias = "tuple[float, ...]"
Weights: TypeAlias = "Mapping[str, tuple[object, str]]"

# Finished calls that are kept.
MOST_LEAVES = 8192
_MOST_DECISIONS = 16384


# Of what a call costs, so many entries are counted once where weights are shared.
ONCE = 2


def repeated(amounts: Amounts) -> Amounts:
    """What a call costs whose weights were counted before."""
    return (0,) * min(ONCE, len(amounts)) + amounts[ONCE:]


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A finished call.

    Attributes:
        amounts: what it costs; empty for nothing.
        weights: by path within the call: an operator with its weights, or the weights of a call; and the `share`.
        results: what it gives; numbers are tensors: those that it reads, then those of the types in `made`.
        height: how deep cells call each other inside.
        saw_training: whether it reads `training`.
        shares: whether steps inside share weights.
        blueprint: what it is built of.
    """

    amounts: Amounts
    weights: Weights
    results: tuple[Template, ...]
    made: tuple[TensorType, ...]
    height: int
    saw_training: bool
    shares: bool
    blueprint: Blueprint


class Ask:
    """A decision that a call asks for: its id within the call, and where it stands."""

    __slots__ = ("_all", "_here", "hole", "id", "options", "sizes", "tied")

    def __init__(self, like: Decision, id: str, hole: Choice | ChooseBody, tied: bool, all_: dict[object, Decision]):
        self.id, self.hole, self.tied = id, hole, tied
        self.options, self.sizes = like.options, like.sizes
        self._all = all_
        self._here: dict[str, Decision] = {}

    def decision(self, prefix: str) -> Decision:
        """The decision of the call at this place."""
        known = self._here.get(prefix)
        if known is None:
            made = Decision(prefix + self.id, self.options, self.sizes)
            # One object for equal decisions, whichever call asks: that it is known already is then quickly seen.
            known = self._here[prefix] = self._all.setdefault((made.id, _exact(made)), made)
        return known


Taken: TypeAlias = "tuple[Ask, Positions]"


class _Stretch:
    """Asks with their outcomes in a row, and what comes then: a leaf, or an ask with several outcomes seen."""

    __slots__ = ("ask", "branches", "leaf", "row")

    def __init__(self, row: tuple[Taken, ...], leaf: Leaf | None = None):
        self.row = row
        self.leaf = leaf
        self.ask: Ask | None = None
        self.branches: dict[Positions, _Stretch] = {}

    def split(self, at: int) -> None:
        """Make the ask with this number in the row the one that branches."""
        rest = _Stretch(self.row[at + 1 :], self.leaf)
        rest.ask, rest.branches = self.ask, self.branches
        self.ask, taken = self.row[at]
        self.branches = {taken: rest}
        self.row, self.leaf = self.row[:at], None


class Tree:
    """Everything known about calls that read the same."""

    __slots__ = ("_all", "_asks", "_first", "leaves")

    def __init__(self, all_: dict[object, Decision]) -> None:
        self.leaves = 0
        self._all = all_
        self._first: _Stretch | None = None
        self._asks: dict[object, Ask] = {}

    def find(self, answer: Callable[[Ask], Positions]) -> Leaf | None:
        """The call with these answers; None if it is not known. What it asks is asked in order."""
        now = self._first
        while now is not None:
            for ask, taken in now.row:
                if answer(ask) != taken:
                    return None
            if now.ask is None:
                return now.leaf
            now = now.branches.get(answer(now.ask))
        return None

    def ask(self, like: Decision, id: str, hole: Choice | ChooseBody, tied: bool) -> Ask:
        """The ask for such a decision, under its id within the call."""
        key = (id, hole, tied, _exact(like))
        known = self._asks.get(key)
        if known is None:
            known = self._asks[key] = Ask(like, id, hole, tied, self._all)
        return known

    def add(self, row: Sequence[Taken], leaf: Leaf) -> None:
        """Remember a call."""
        self.leaves += 1
        if self._first is None:
            self._first = _Stretch(tuple(row), leaf)
            return
        now, i = self._first, 0
        while True:
            for at, (_, taken) in enumerate(now.row):
                if row[i][1] != taken:
                    now.split(at)
                    break
                i += 1
            if now.ask is None:
                now.leaf = leaf  # known already: it was forgotten to look, or two threads met
                return
            outcome = row[i][1]
            i += 1
            following = now.branches.get(outcome)
            if following is None:
                now.branches[outcome] = _Stretch(tuple(row[i:]), leaf)
                return
            now = following


class Recollection:
    """Calls of one space, and what of a file need be looked at only once.

    Args:
        simplify: what simplifies graphs, for blueprints.
        most: calls that are kept.
    """

    def __init__(self, simplify: Simplify, most: int = MOST_LEAVES):
        self.simplify = simplify
        self.prepared: dict[Call, tuple[BoundStep, Operator | None]] = {}
        self.sizes = Sizes()
        self.tracking: dict[Cell, bool] = {}
        self.leaves = 0
        self._most = most
        self._trees: OrderedDict[object, Tree] = OrderedDict()
        self._decisions: dict[object, Decision] = {}

    def tree(self, key: object) -> Tree:
        """What is known about calls with this key."""
        known = self._trees.get(key)
        if known is None:
            known = self._trees[key] = Tree(self._decisions)
            self.leaves += 1  # a tree without leaves takes room as well
        else:
            self._trees.move_to_end(key)
        return known

    def add(self, tree: Tree, row: Sequence[Taken], leaf: Leaf) -> None:
        """Remember a call, and forget others if there are too many."""
        before = tree.leaves
        tree.add(row, leaf)
        self.leaves += tree.leaves - before
        while self.leaves > self._most and self._trees:
            _, gone = self._trees.popitem(last=False)
            self.leaves -= gone.leaves + 1
        if len(self._decisions) > _MOST_DECISIONS:
            self._decisions.clear()  # asks keep theirs; equal ones are then several objects, and slower to see


def _exact(decision: Decision) -> object:
    """Options and sizes as a key that keeps 1, 1.0 and true apart."""
    return tuple(map(repr, decision.options)), decision.sizes
