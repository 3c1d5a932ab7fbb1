"""A spec file as declarations and steps, each with its place: what the static checks and the elaborator read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.span import Span
from archdsl.spec.source.tree import Scalar

Written: TypeAlias = "Text | Constant | Listing | Choice | StepCall | Unread"
Label: TypeAlias = "str | int | float | bool | list[Label]"


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A text: an expression, a word, or the name of a callable; what it is depends on where it stands."""

    text: str
    span: Span
    content: Span


@dataclass(frozen=True, slots=True, eq=False)
class Unread:
    """A value or head that could not be read, and that is reported: nothing more is said about what hangs on it."""

    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A number or truth value."""

    value: int | float | bool
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """A written list."""

    items: tuple[Written, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A hole, `{choose: ..., take: ...}`.

    `options` is a list, labelled options in order, or an expression that gives a list.
    """

    options: Listing | Text | tuple[tuple[Scalar, Written], ...]
    take: Written | None
    span: Span

    @property
    def options_span(self) -> Span:
        """Where the options stand; the hole itself if they are labelled."""
        return self.span if isinstance(self.options, tuple) else self.options.span


@dataclass(frozen=True, slots=True, eq=False)
class StepCall:
    """A step as a value: `{sep_conv: {kernel_size: 5}}`."""

    name: str
    name_span: Span
    attributes: tuple[Attribute, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """`name: value` of a call."""

    name: str
    value: Written
    span: Span  # of the name


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """Head: a step parameter, cell or operator with attributes."""

    name: str
    span: Span
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Do:
    """Head: a nested body."""

    body: Body
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Branches:
    """Head: bodies that all read the step's values."""

    bodies: tuple[Body, ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class ChooseBody:
    """Head: one of several bodies."""

    options: tuple[tuple[Scalar, Body], ...]
    span: Span


Head: TypeAlias = "Call | Do | Branches | ChooseBody | Unread"


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A name that a step gives."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class From:
    """Arguments of a step; `single` if written without a list around them."""

    arguments: tuple[Written, ...]
    single: bool
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """`for`: the variables with what they walk over."""

    variables: tuple[tuple[Name, Written], ...]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step of a body.

    Attributes:
        label: its segment in paths (rule 12).
        broken: a step word could not be read, so that nothing is known about what the step gives.
    """

    head: Head
    span: Span
    label: str = ""
    names: tuple[Name, ...] = ()
    names_listed: bool = False
    reads: From | None = None
    condition: Written | None = None
    loop: Loop | None = None
    repeat: Written | None = None
    collect: tuple[tuple[Name, Name], ...] = ()
    share: Name | None = None
    tie: Name | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """Steps in order; none = identity."""

    steps: tuple[Step, ...]
    span: Span


ParamKind: TypeAlias = Literal["step", "data"]


@dataclass(frozen=True, slots=True, eq=False)
class Param:
    """A parameter: required with a type, or with a default. `kind` of a default is settled by the cell's file."""

    name: str
    span: Span
    type: str = ""
    default: Written | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """One output: its name (empty if the written expression is no name) and what it is."""

    name: str
    value: Written
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """A network input: sizes of one sample and dtype."""

    name: str
    span: Span
    shape: Written
    dtype: str = "float32"


@dataclass(slots=True, eq=False)
class Cell:
    """A cell, or a file's own graph.

    Attributes:
        params: in order; `kinds` says which are steps, `required` names those without a default.
        is_open: inputs or parameters could not be read, so that unknown names may be theirs.
    """

    name: str
    span: Span
    file: SpecFile
    inputs: tuple[Name, ...] = ()
    params: dict[str, Param] = field(default_factory=dict)
    require: tuple[Written, ...] = ()
    body: Body | None = None
    outputs: tuple[Output, ...] | None = None
    outputs_span: Span | None = None
    description: str = ""
    kinds: dict[str, ParamKind] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    is_root: bool = False
    is_open: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ImportedCell:
    """One cell named in an import."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Import:
    """Cells from another file."""

    target: str
    span: Span
    cells: tuple[ImportedCell, ...]


class GivenLabel(NamedTuple):
    """An outcome that a file gives: of which decision, and where the label stands."""

    id: Scalar
    label: Label
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A named size: values for root parameters and decisions."""

    name: str
    span: Span
    params: tuple[Attribute, ...] = ()
    decisions: tuple[GivenLabel, ...] = ()


@dataclass(slots=True, eq=False)
class SpecFile:
    """A parsed file.

    Attributes:
        display: how findings name it.
        findings: those of reading and parsing.
        visible_cells: own and imported cells, filled when the imports are resolved.
        unread_cells: cells that are declared or imported and could not be read.
        is_open: cells or imports could not be read, so that unknown callables may be theirs.
    """

    path: Path
    display: str
    span: Span
    name: str = ""
    description: str = ""
    references: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()
    inputs: tuple[Input, ...] = ()
    cells: dict[str, Cell] = field(default_factory=dict)
    root: Cell | None = None
    variants: dict[str, Variant] = field(default_factory=dict)
    decisions: tuple[GivenLabel, ...] = ()
    allow: tuple[Name, ...] = ()
    findings: list[Diagnostic] = field(default_factory=list)
    visible_cells: dict[str, Cell] = field(default_factory=dict)
    unread_cells: set[str] = field(default_factory=set)
    is_open: bool = False

    def imported_files(self) -> list[SpecFile]:
        """The files whose cells are used here, directly or through others, each once."""
        found: dict[Path, SpecFile] = {}
        waiting = [self]
        while waiting:
            for cell in waiting.pop().visible_cells.values():
                if cell.file is not self and cell.file.path not in found:
                    found[cell.file.path] = cell.file
                    waiting.append(cell.file)
        return list(found.values())

    def may_have(self, name: str) -> bool:
        """Whether a cell of this name could not be read."""
        return self.is_open or name in self.unread_cells
