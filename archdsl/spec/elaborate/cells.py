"""Calls of cells: inputs, parameters, requirements, graph and outputs of one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archdsl.diagnostics.span import Span
from archdsl.ir.graph import Scope, Value
from archdsl.spec.elaborate.binding import step_value
from archdsl.spec.elaborate.messages import show
from archdsl.spec.elaborate.run import Reported, Run
from archdsl.spec.elaborate.scopes import (
    ABSENT,
    BoundStep,
    Context,
    Data,
    Frame,
    Names,
    contains_poison,
    join,
    show_rounds,
)
from archdsl.spec.elaborate.values import evaluate, truth
from archdsl.spec.expressions import POISON, parse
from archdsl.spec.syntax.model import Cell, Output, Param, Text, Written


def call_cell(run: Run, cell: Cell, bound: BoundStep, arguments: list[Data], ctx: Context, span: Span) -> list[Data]:
    """Elaborate a cell with its arguments; gives its outputs.

    Raises:
        Reported: if the cell has no graph.
    """
    memory = run.memory
    visit = memory.visit(bound, arguments, ctx) if memory is not None else None
    if memory is not None and visit is not None and (known := memory.recall(visit, span, ctx)) is not None:
        return known
    inside = _begun(run, cell, bound, arguments, ctx, span)
    check_requirements(run, cell, inside)
    result = _run_graph(run, cell, inside, [POISON] if cell.is_open else arguments)
    if memory is not None and visit is not None:
        memory.remember(visit, result, ctx)
    return result


def parameter_values(
    run: Run, cell: Cell, bound: BoundStep, arguments: list[Data], ctx: Context, span: Span
) -> dict[str, Data | BoundStep]:
    """What each parameter of a call stands for, given or by default."""
    frame = _begun(run, cell, bound, arguments, ctx, span).frame
    table: dict[str, Any] = {**frame.names.table, **frame.steps}
    return {name: POISON if table.get(name) is None else table[name] for name in cell.params}


def _begun(run: Run, cell: Cell, bound: BoundStep, arguments: list[Data], ctx: Context, span: Span) -> Context:
    """The inside of a call whose inputs and parameters have their values."""
    frame = open_frame(run, cell, ctx, span)
    _bind_inputs(run, frame, bound.name, arguments, ctx, span)
    inside = Context(frame, frame.names, ctx.weights, ctx.decisions, (), ctx.tied, ctx.shared)
    for name, param in cell.params.items():
        given = bound.attributes.get(name)
        if given is not None:
            set_parameter(run, frame, param, given[0], given[1], ctx)
        else:
            default_parameter(run, frame, param, inside)
    return inside


def open_frame(run: Run, cell: Cell, ctx: Context, span: Span) -> Frame:
    """A new call of `cell` from `ctx`."""
    scope = Scope(cell.name, ctx.weights, ctx.frame.scope, span, show_rounds(ctx.rounds) if ctx.rounds else "")
    frame = Frame(run, cell, scope, ctx.decisions, ctx)
    run.enter(frame, span, ctx)
    return frame


def _bind_inputs(run: Run, frame: Frame, name: str, arguments: list[Data], ctx: Context, span: Span) -> None:
    inputs = frame.cell.inputs
    if len(arguments) != len(inputs):
        if not contains_poison(arguments) and not frame.cell.is_open:
            names = ", ".join(i.text for i in inputs)
            values = "value" if len(inputs) == 1 else "values"
            message = f"`{name}` reads {len(inputs)} {values} ({names}) and got {len(arguments)}"
            shown = ", ".join(show(argument) for argument in arguments[:6])
            notes = (f"it got {shown}",) if shown else ()
            run.fail("E0210", message, span, ctx, "say what it reads with `from`", *notes)
        arguments = [POISON] * len(inputs)
    for declared, argument in zip(inputs, arguments, strict=True):
        if not isinstance(argument, list | Value) and argument is not POISON:
            run.fail("E0208", f"`{name}` reads tensors, not {show(argument)}", span, ctx)
            argument = POISON
        frame.names.table[declared.text] = argument


# Parameters.


def _is_number(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


CHECKS: dict[str, Callable[[object], bool]] = {
    "int": lambda value: _is_number(value, int),
    "float": lambda value: _is_number(value, (int, float)),
    "bool": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "step": lambda value: isinstance(value, BoundStep),
}
_ARTICLE = {"int": "an int", "float": "a float", "bool": "true or false", "list": "a list", "step": "a step"}


def set_parameter(
    run: Run, frame: Frame, param: Param, value: Data | BoundStep, span: Span | None, ctx: Context | None
) -> None:
    """Give a parameter its value; a value of the wrong type is reported and poisons the parameter."""
    check = CHECKS.get(param.type)
    if check is not None and value is not POISON and not check(value):
        fraction = param.type == "int" and isinstance(value, float)
        hint = "`//` divides to an integer, `round`, `floor` and `ceil` make one" if fraction else ""
        run.fail("E0405", f"`{param.name}` must be {_ARTICLE[param.type]}, not {show(value)}", span, ctx, hint)
        value = POISON
    if isinstance(value, BoundStep):
        frame.steps[param.name] = value
    elif value is POISON and frame.cell.kinds.get(param.name) == "step":
        frame.steps[param.name] = None
    else:
        frame.names.table[param.name] = value


def default_parameter(run: Run, frame: Frame, param: Param, inside: Context) -> None:
    """Evaluate a parameter's default over the inputs and earlier parameters."""
    value: Data | BoundStep = POISON
    if param.default is not None:
        hole = join(inside.decisions, param.name)
        try:
            if frame.cell.kinds.get(param.name) == "step":
                value = step_value(run, param.default, inside, hole)
            else:
                value = evaluate(run, param.default, inside, hole)
        except Reported:
            pass
    set_parameter(run, frame, param, value, param.span, inside)


def check_requirements(run: Run, cell: Cell, inside: Context) -> None:
    """`require`: false is an error; a searcher reads it as `not in the space`."""
    for requirement in cell.require:
        try:
            if not truth(run, requirement, inside, "", "a requirement"):
                run.requirement_failed = True
                shown = requirement.text if isinstance(requirement, Text) else show(False)
                values = _values_in(requirement, inside)
                run.fail("E0407", f"the requirement `{shown}` does not hold", requirement.span, inside, values)
                _doubt(requirement, cell, inside)
        except Reported:
            continue


def _doubt(requirement: Written, cell: Cell, inside: Context) -> None:
    """What a failed requirement is about is wrong already: nothing more is said about what hangs on it."""
    names = parse(requirement.text).names if isinstance(requirement, Text) else frozenset()
    wrong = [name for name in names if name in cell.params] or [name for name in names if name in inside.local.table]
    for name in wrong:
        if name in inside.local.table:
            inside.local.table[name] = POISON


def _values_in(written: object, inside: Context) -> str:
    if not isinstance(written, Text):
        return ""
    found = ((name, inside.local.find(name)) for name in sorted(parse(written.text).names))
    return ", ".join(
        f"{name} is {show(value)}" for name, value in found if isinstance(value, (bool, int, float, list, Value))
    )


# Graph and outputs.


def _run_graph(run: Run, cell: Cell, inside: Context, arguments: list[Data]) -> list[Data]:
    # Bodies call cells and cells run bodies: one of the two imports has to wait.
    from archdsl.spec.elaborate.steps import run_body

    if cell.body is None:
        raise Reported
    ctx = inside.inner(Names(inside.local), inside.weights, inside.decisions)
    result = run_body(run, cell.body, ctx, arguments)
    if cell.outputs is None:
        return result
    outputs = (output_value(run, output, ctx) for output in cell.outputs)
    return [value for value in outputs if value is not None]


def output_value(run: Run, output: Output, ctx: Context) -> Data | None:
    """The value of one output; None if it is absent."""
    if isinstance(output.value, Text) and ctx.local.find(output.value.text) is ABSENT:
        return None
    try:
        return evaluate(run, output.value, ctx, "")
    except Reported:
        return POISON
