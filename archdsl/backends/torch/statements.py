"""Statements of a generated forward function, with slots for literals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from archdsl.backends.torch.layout import Chain, Doc, Group, filled, layout
from archdsl.ops.lowering import Constant


class ListStep(NamedTuple):
    """A statement that is `target = list[index](argument)` and nothing else."""

    modules: str
    position: int
    argument: str


@dataclass(frozen=True, slots=True)
class Assign:
    """`targets = value`; without targets, `value` alone. `step` says that it might be part of a loop."""

    targets: tuple[str, ...]
    value: Doc
    step: ListStep | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """`del names`."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Return:
    """`return value`."""

    value: Doc


@dataclass(frozen=True, slots=True)
class Loop:
    """`for layer in modules: name = layer(name)`."""

    modules: str
    name: str


@dataclass(frozen=True, slots=True)
class Branch:
    """What only one of the two modes does."""

    training: tuple[Statement, ...]
    inference: tuple[Statement, ...]


Statement: TypeAlias = "Assign | Delete | Return | Loop | Branch"


class Argument(NamedTuple):
    """A literal that may become a parameter: the name it would like, and its value."""

    hint: str
    value: Constant


@dataclass(frozen=True, slots=True)
class Code:
    """A forward function.

    Attributes:
        arguments: names of the tensors it reads.
        statements: the body.
        returns: annotation of the result.
        literals: value of each slot.
        names: all names the body binds.
    """

    arguments: tuple[str, ...]
    statements: tuple[Statement, ...]
    returns: str
    literals: tuple[Argument, ...]
    names: frozenset[str]


def listed(names: Sequence[str]) -> Doc:
    """`a, b, c`; in round brackets where it has to be broken."""
    return (names[0],) if len(names) == 1 else (Group("", tuple([(name,) for name in names]), ""),)


def refilled(statements: Sequence[Statement], fill: Callable[[int], Doc]) -> tuple[Statement, ...]:
    """The statements with every slot replaced."""
    made: list[Statement] = []
    for found in statements:
        match found:
            case Assign(targets, value, step):
                made.append(Assign(targets, filled(value, fill), step))
            case Return(value):
                made.append(Return(filled(value, fill)))
            case Branch(training, inference):
                made.append(Branch(refilled(training, fill), refilled(inference, fill)))
            case _:
                made.append(found)
    return tuple(made)


def with_loops(statements: Sequence[Statement], lengths: Callable[[str], int]) -> tuple[Statement, ...]:
    """Runs through a whole module list rolled into loops, three rounds at least.

    The loop binds and frees exactly what the statements did: each round replaces the only name of its operand.
    """
    made: list[Statement] = []
    i = 0
    while i < len(statements):
        run = _run(statements, i, lengths)
        if run is None:
            made.append(statements[i])
            i += 1
        else:
            rolled, i = run
            made.extend(rolled)
    return tuple(made)


def _run(
    statements: Sequence[Statement], start: int, lengths: Callable[[str], int]
) -> tuple[list[Statement], int] | None:
    first = statements[start]
    if not isinstance(first, Assign) or first.step is None or first.step.position != 0:
        return None
    modules, _, argument = first.step
    (name,) = first.targets
    length = lengths(modules)
    rolled: list[Statement] = [] if argument == name else [Assign((name,), (argument,))]
    at = start + 1
    if at < len(statements) and argument != name and statements[at] == Delete((argument,)):
        rolled.append(statements[at])
        at += 1
    if length < 3 or at + length - 1 > len(statements):
        return None
    for index, found in enumerate(statements[at : at + length - 1], 1):
        wanted = ListStep(modules, index, name)
        if not (isinstance(found, Assign) and found.step == wanted and found.targets == (name,)):
            return None
    return [*rolled, Loop(modules, name)], at + length - 1


def collapsed(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """`x = f(x)` and `return x` at the end as `return f(x)`."""
    if len(statements) > 1:
        before, last = statements[-2:]
        if isinstance(last, Return) and isinstance(before, Assign) and last.value == before.targets:
            return (*statements[:-2], Return(before.value))
    if statements and isinstance(statements[-1], Branch):
        branch = statements[-1]
        return (*statements[:-1], Branch(collapsed(branch.training), collapsed(branch.inference)))
    return tuple(statements)


def statement_lines(statements: Sequence[Statement], indent: int) -> Iterator[str]:
    """The statements as lines of Python; slots must be filled."""
    for i, found in enumerate(statements):
        match found:
            case Assign(targets, value):
                head: Doc = (*listed(targets), " = ") if targets else ()
                yield from layout((*head, *_breakable(value)), indent)
            case Delete(names):
                yield from layout(("del ", *listed(names)), indent)
            case Return(value):
                yield from layout(("return ", *_breakable(value)), indent)
            case Loop(modules, name):
                yield " " * indent + f"for layer in {modules}:"
                yield " " * (indent + 4) + f"{name} = layer({name})"
            case Branch():
                yield from _branch_lines(found, indent, last=i == len(statements) - 1)


def _breakable(value: Doc) -> Doc:
    """A chain of operators gets round brackets where it has to be broken."""
    return (Group("", (value,), "", commas=False),) if any(isinstance(part, Chain) for part in value) else value


def _branch_lines(branch: Branch, indent: int, last: bool) -> Iterator[str]:
    space = " " * indent
    if not branch.training:
        yield f"{space}if not self.training:"
        yield from statement_lines(branch.inference, indent + 4)
        return
    yield f"{space}if self.training:"
    yield from statement_lines(branch.training, indent + 4)
    if branch.inference:
        returned = last and isinstance(branch.training[-1], Return)
        if not returned:
            yield f"{space}else:"
        yield from statement_lines(branch.inference, indent if returned else indent + 4)
