"""What compiled steps work on: the run, the call in progress, callables with their attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias

from archdsl.ir.graph import Value
from archdsl.ops.base import Operator
from archdsl.spec.elaborate.decisions import Decider, Decision
from archdsl.spec.elaborate.scopes import ABSENT, Absent, Data
from archdsl.spec.elaborate.tally.blueprint import Part
from archdsl.spec.elaborate.tally.recollection import Amounts, Positions
from archdsl.spec.elaborate.tally.record import Doubtful
from archdsl.spec.syntax.model import Cell, Choice, ChooseBody, Label
from archdsl.types import TensorType

if TYPE_CHECKING:
    from archdsl.spec.elaborate.compiled.recall import Leaf, Shelf

# Steps of one run before the network is rather built.
PATIENCE = 50_000


class Unsupported(Exception):  # noqa: N818 - a signal, not an error
    """The file does something that is not compiled."""


class Applied(NamedTuple):
    """What is known of an operator on operands of certain types; `amounts` as of `tally`."""

    types: tuple[TensorType, ...]
    amounts: Amounts
    has_weights: bool


class Bound:
    """A callable with attributes; equal ones of one program are one object.

    Attributes:
        target: a cell or an operator's class.
        attributes: by name.
        op: the operator itself.
        is_variadic, reads_batch_size, is_identity: of the operator.
        reads_nothing: whether it takes no arguments.
        applied: by the operands' types.
        calls: what is known about calls of the cell, by what they read.
    """

    __slots__ = (
        "applied",
        "attributes",
        "calls",
        "is_identity",
        "is_variadic",
        "op",
        "reads_batch_size",
        "reads_nothing",
        "target",
    )

    def __init__(
        self, target: Cell | type[Operator], attributes: dict[str, Data | Bound], op: Operator | None, calls: Shelf
    ):
        self.target = target
        self.attributes = attributes
        self.op = op
        self.is_variadic = op is not None and op.is_variadic()
        self.reads_batch_size = op is not None and op.reads_batch_size
        self.is_identity = op is not None and op.is_identity
        self.reads_nothing = not (target.inputs if isinstance(target, Cell) else target.operands)
        self.applied: dict[tuple[TensorType, ...], Applied] = {}
        self.calls = calls


class Frame:
    """A call of a cell in progress; the environment of its expressions.

    Attributes:
        table: the names of all its bodies: the compiler has made sure that none hides another.
        steps: the step parameters.
        base, prefix: what the ids of its decisions begin with, without and with a slash behind.
        tied: whether several places may reach the same decisions.
        depth: calls around it.
        reads: identities of the tensors that its steps have read.
    """

    __slots__ = ("base", "depth", "prefix", "reads", "steps", "table", "tied")

    def __init__(self, base: str, tied: bool, depth: int):
        self.base = base
        self.prefix = f"{base}/" if base else ""
        self.tied = tied
        self.depth = depth
        self.table: dict[str, Data | Absent] = {}
        self.steps: dict[str, Bound] = {}
        self.reads: set[int] = set()

    def value(self, name: str) -> object:
        """The value of a visible name.

        Raises:
            KeyError: if there is none; the expression may take the name for a word.
            Doubtful: for one that is absent, and for `training`.
        """
        found = self.table.get(name)
        if found is None:
            if name == "training":
                raise Doubtful
            raise KeyError(name)
        if found is ABSENT:
            raise Doubtful
        return found

    def names(self) -> Iterable[str]:
        """For messages, of which there are none."""
        return ()

    def has_read(self, value: object) -> bool:
        """Whether a step of this call has read the tensor."""
        return id(value) in self.reads


class Record:
    """What a call or a loop has come to so far; `height`: how deep calls go inside."""

    __slots__ = ("built", "height", "parts")

    def __init__(self) -> None:
        self.parts: list[Amounts] = []
        self.built: list[Part] = []
        self.height = 0

    def total(self) -> Amounts:
        """The sum of the parts."""
        return tuple(map(sum, zip(*self.parts, strict=True)))


# A decision that was needed: where, whether others may share it, and the options that it takes.
Asked: TypeAlias = "tuple[Decision, Choice | ChooseBody, bool, Positions]"


class Run:
    """One candidate on its way.

    Attributes:
        decisions: outcomes by id, in the order reached; `points` the decisions themselves.
        asks: every decision that was needed, in order.
        here: calls and loops that this run knows, by place.
        record: the call in progress.
        first: the network's first input.
        steps: looked at so far.
    """

    __slots__ = ("_decider", "_holes", "_positions", "asks", "decisions", "first", "here", "points", "record", "steps")

    def __init__(self, decider: Decider, decisions: dict[str, Label]):
        self._decider = decider
        self._positions: dict[str, Positions] = {}
        self._holes: dict[str, Choice | ChooseBody] = {}
        self.decisions = decisions
        self.points: dict[str, Decision] = {}
        self.asks: list[Asked] = []
        self.here: dict[object, tuple[Leaf, list[Asked]]] = {}
        self.record = Record()
        self.first: list[Value] = []
        self.steps = 0

    def decide(self, decision: Decision, hole: Choice | ChooseBody, tied: bool) -> Positions:
        """Which options are taken; whoever decides is asked once for each id.

        Raises:
            Doubtful: if there is no answer, or the id names something else already.
        """
        id = decision.id
        known = self.points.get(id)
        if known is None:
            positions = self._answer(decision)
            self.points[id] = decision
            self._holes[id] = hole
        else:
            if (known is not decision and known != decision) or not (tied or self._holes[id] is hole):
                raise Doubtful
            positions = self._positions[id]
        self.asks.append((decision, hole, tied, positions))
        return positions

    def _answer(self, decision: Decision) -> Positions:
        label = self._decider.decide(decision)
        positions = None if label is None else decision.positions(label)
        if positions is None:
            raise Doubtful
        options = decision.options
        taken: Label = options[positions[0]] if decision.sizes is None else [options[i] for i in positions]
        self.decisions[decision.id], self._positions[decision.id] = taken, positions
        return positions

    def count(self, steps: int) -> None:
        """Count steps.

        Raises:
            Doubtful: if there are very many.
        """
        self.steps += steps
        if self.steps > PATIENCE:
            raise Doubtful

    def fail(self, *what: Any) -> NoReturn:
        """For what is shared with runs that report: the network has to be built to say what is wrong.

        Raises:
            Doubtful: always.
        """
        raise Doubtful


Evaluate: TypeAlias = "Callable[[Run, Frame, str, bool], Data]"
"The value of what is written: the id of a hole that stands here, and whether others may share it."
Bind: TypeAlias = "Callable[[Run, Frame, str, bool], Bound]"
StepCode: TypeAlias = "Callable[[Run, Frame, str, bool, list[Data]], list[Data]]"
"A step or a body: at this decision path, tied or not, on what the step before gives."
