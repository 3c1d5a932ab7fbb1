"""Walks over the parts of steps and values, for checks that look at all of them."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.spec.syntax.model import (
    Body,
    Branches,
    Call,
    Cell,
    Choice,
    ChooseBody,
    Do,
    Listing,
    Step,
    StepCall,
    Text,
    Written,
)


def inner_bodies(step: Step) -> tuple[Body, ...]:
    """The bodies inside a step's head."""
    head = step.head
    if isinstance(head, Do):
        return (head.body,)
    if isinstance(head, Branches):
        return head.bodies
    if isinstance(head, ChooseBody):
        return tuple(body for _, body in head.options)
    return ()


def step_values(step: Step) -> Iterator[Written]:
    """Everything written as a value in a step itself, not in the bodies inside it."""
    if step.condition is not None:
        yield step.condition
    if step.reads is not None:
        yield from step.reads.arguments
    if step.loop is not None:
        yield from (value for _, value in step.loop.variables)
    if step.repeat is not None:
        yield step.repeat
    if isinstance(step.head, Call):
        yield from (attribute.value for attribute in step.head.attributes)


def parts(value: Written) -> Iterator[Written]:
    """A value and all values inside it."""
    yield value
    if isinstance(value, Listing):
        inner: tuple[Written, ...] = value.items
    elif isinstance(value, StepCall):
        inner = tuple(attribute.value for attribute in value.attributes)
    elif isinstance(value, Choice):
        options = value.options
        inner = (options,) if isinstance(options, Listing | Text) else tuple(v for _, v in options)
        inner = inner if value.take is None else (*inner, value.take)
    else:
        return
    for item in inner:
        yield from parts(item)


def steps_of(body: Body) -> Iterator[Step]:
    """All steps of a body, nested ones included."""
    for step in body.steps:
        yield step
        for inner in inner_bodies(step):
            yield from steps_of(inner)


def has_hole(step: Step) -> bool:
    """Whether a decision hangs on the step itself, so that its name stands in the decision's id."""
    if isinstance(step.head, ChooseBody):
        return True
    return any(isinstance(part, Choice) for value in step_values(step) for part in parts(value))


def reads_incoming(body: Body) -> bool:
    """Whether a body reads what it is given without `from`."""
    for step in body.steps:
        if step.reads is None and step_reads(step):
            return True
        if step.condition is None and not (step.reads is None and isinstance(step.head, Do)):
            return False
    return not body.steps


def step_reads(step: Step) -> bool:
    """Whether a step without `from` reads the step before it: a group does only if a body inside does."""
    bodies = inner_bodies(step)
    return not bodies or any(reads_incoming(body) for body in bodies)


def cell_values(cell: Cell) -> Iterator[Written]:
    """Everything written as a value in a cell."""
    yield from (param.default for param in cell.params.values() if param.default is not None)
    yield from cell.require
    yield from (output.value for output in cell.outputs or ())
    for step in steps_of(cell.body) if cell.body is not None else ():
        yield from step_values(step)


def called_names(cell: Cell) -> Iterator[str]:
    """Every word in a cell that may name a callable: heads and texts of values."""
    values: list[Written] = [param.default for param in cell.params.values() if param.default is not None]
    for step in steps_of(cell.body) if cell.body is not None else ():
        if isinstance(step.head, Call):
            yield step.head.name
        values.extend(step_values(step))
    yield from names_in(values)


def names_in(values: list[Written]) -> Iterator[str]:
    """Every word in values that may name a callable."""
    for value in values:
        for part in parts(value):
            if isinstance(part, StepCall):
                yield part.name
            elif isinstance(part, Text):
                yield from _words(part.text)


def _words(text: str) -> Iterator[str]:
    from archdsl.spec.expressions import ExpressionError, parse

    try:
        yield from parse(text).names
    except ExpressionError:
        yield text
