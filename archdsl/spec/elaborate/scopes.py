"""What is visible where while a network is built: names, calls in progress, paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, final

from archdsl.diagnostics.span import Span
from archdsl.ir.graph import Scope, Value
from archdsl.ops.base import Operator
from archdsl.spec.expressions import POISON, ExpressionError, Poison, callable_as_value
from archdsl.spec.syntax.model import Cell

if TYPE_CHECKING:
    from archdsl.spec.elaborate.run import Run

# What a name can stand for; list is a Python list of these.
Data: TypeAlias = "int | float | bool | str | Value | list[Data] | Poison"


@final
class Absent:
    """The class of ABSENT."""


ABSENT: Final = Absent()
"Stands for a name whose step is not there (its `if` is false)."


@dataclass(frozen=True, slots=True, eq=False)
class BoundStep:
    """A callable with the attributes that were given where it was written."""

    name: str
    target: Cell | type[Operator]
    attributes: dict[str, tuple[Data | BoundStep, Span]]


class Names:
    """The names of one body; lookups go on to the enclosing bodies up to the cell's inputs and parameters."""

    __slots__ = ("parent", "table")

    def __init__(self, parent: Names | None = None, table: dict[str, Data | Absent] | None = None):
        self.parent = parent
        self.table: dict[str, Data | Absent] = {} if table is None else table

    def find(self, name: str) -> Data | Absent | None:
        """What the name stands for; None if it is not visible."""
        level: Names | None = self
        while level is not None:
            if name in level.table:
                return level.table[name]
            level = level.parent
        return None

    def visible(self) -> Iterator[str]:
        """Every visible name."""
        level: Names | None = self
        while level is not None:
            yield from level.table
            level = level.parent


class Frame:
    """One call of a cell in progress.

    Attributes:
        cell: the cell.
        scope: where its nodes go; `scope.path` is the weight path of the call.
        decisions: the decision path of the call.
        caller: the context of the calling step; None for the network itself.
        steps: the step parameters; None for one that failed.
        tracks_reads: whether it matters which tensors steps of this call have read.
        reads: their identities (rule 18).
        depth: cell calls around this one.
    """

    __slots__ = ("caller", "cell", "decisions", "depth", "names", "reads", "run", "scope", "steps", "tracks_reads")

    def __init__(self, run: Run, cell: Cell, scope: Scope, decisions: str, caller: Context | None):
        self.run = run
        self.cell = cell
        self.scope = scope
        self.decisions = decisions
        self.caller = caller
        self.steps: dict[str, BoundStep | None] = {}
        self.names = Names()
        self.tracks_reads = run.tracks_reads(cell)
        self.reads: set[int] = set()
        self.depth: int = caller.frame.depth + 1 if caller else 0


class Context:
    """A place in a body while it is elaborated; it is also the environment of expressions there.

    Attributes:
        frame: the cell call.
        local: the names of the body.
        weights: weight path of the step or body.
        decisions: decision path of the step or body.
        rounds: the loops around it in this call: which round, of how many.
        tied: whether several places may reach the same decisions (`tie`, `share` or `repeat` around it).
        shared: the weight path of the `share` around it; empty if there is none.
    """

    __slots__ = ("decisions", "frame", "local", "rounds", "shared", "tied", "weights")

    def __init__(
        self,
        frame: Frame,
        local: Names,
        weights: str,
        decisions: str,
        rounds: tuple[tuple[int, int], ...] = (),
        tied: bool = False,
        shared: str = "",
    ):
        self.frame = frame
        self.local = local
        self.weights = weights
        self.decisions = decisions
        self.rounds = rounds
        self.tied = tied
        self.shared = shared

    def inner(self, local: Names, weights: str, decisions: str) -> Context:
        """A place inside this one."""
        return Context(self.frame, local, weights, decisions, self.rounds, self.tied, self.shared)

    def value(self, name: str) -> object:
        """The value of a visible name, for expressions."""
        found = self.local.find(name)
        if found is None:
            if name == "training":
                return self.frame.run.read_training()
            if self.frame.cell.is_root and any(name == declared.text for declared in self.frame.cell.inputs):
                hint = "root parameters are read before the inputs"
                raise ExpressionError("E0408", f"`{name}` has no value yet", hint)
            if self.frame.cell.is_open:
                return POISON  # an input or parameter that could not be read, probably
            if name in self.frame.steps or self.frame.run.is_callable(name, self.frame.cell):
                raise callable_as_value(name)
            raise KeyError(name)
        if found is ABSENT:
            hint = "read it under the same condition"
            raise ExpressionError("E0204", f"`{name}` is absent here: the step that gives it is not there", hint)
        return found

    def names(self) -> Iterable[str]:
        """Every visible name."""
        return self.local.visible()

    def has_read(self, value: object) -> bool:
        """Whether a step of this cell call has read the tensor."""
        return id(value) in self.frame.reads


def show_rounds(rounds: tuple[tuple[int, int], ...]) -> str:
    """`round 2 of 4, round 1 of 3`."""
    return ", ".join(f"round {number} of {count}" for number, count in rounds)


def join(path: str, segment: str) -> str:
    """`path/segment`; the root's path is empty."""
    return f"{path}/{segment}" if path else segment


def tensors_in(data: Data) -> Iterator[Value]:
    """The tensors in data, in order."""
    if isinstance(data, Value):
        yield data
    elif isinstance(data, list):
        for item in data:
            yield from tensors_in(item)


def handed_on(read: list[Data], result: list[Data], other: Callable[[Value], Value]) -> list[Data]:
    """What a step gives, with another tensor for each that it has only handed on: a member of its own (rule 18).

    `[]`, `identity` and cells that do nothing have read what they were given; nobody has read what they give.

    Args:
        read, result: what the step was given, and gives.
        other: notes that a tensor was read, and makes another one that is the same.
    """
    known = {id(tensor) for tensor in tensors_in(read)}
    if not any(id(tensor) in known for tensor in tensors_in(result)):
        return result

    def given(data: Data) -> Data:
        if isinstance(data, list):
            return [given(item) for item in data]
        return other(data) if isinstance(data, Value) and id(data) in known else data

    return [given(item) for item in result]


def contains_poison(data: object) -> bool:
    """Whether a value, or a member of it, was reported already."""
    if type(data) is not list:
        return data is POISON
    return any(map(contains_poison, data))
