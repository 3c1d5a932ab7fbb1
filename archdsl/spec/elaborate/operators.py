"""Calls of operators: each adds a node to the graph."""

from __future__ import annotations

from archdsl.diagnostics.span import Span
from archdsl.ir.graph import Value
from archdsl.ops.base import Operator, OperatorError
from archdsl.ops.registry import ValidationError, make
from archdsl.spec.elaborate.messages import show
from archdsl.spec.elaborate.recovery import SHAPELESS, likely_outputs
from archdsl.spec.elaborate.run import Reported, Run
from archdsl.spec.elaborate.scopes import BoundStep, Context, Data, contains_poison


def make_operator(run: Run, target: type[Operator], bound: BoundStep, span: Span, ctx: Context) -> Operator:
    """The operator with the attributes of the call.

    Raises:
        Reported: if an attribute is not valid.
    """
    attributes = {name: value for name, (value, _) in bound.attributes.items()}
    try:
        return make(target, attributes)
    except OperatorError as error:
        raise run.fail_operator(error, span, bound, [], ctx) from None
    except ValidationError as error:
        wrong = _report(run, target, error, bound, span, ctx)
    if not wrong <= SHAPELESS:
        raise Reported
    try:
        return make(target, {name: value for name, value in attributes.items() if name not in wrong})
    except (OperatorError, ValidationError):
        raise Reported from None


def _report(
    run: Run, target: type[Operator], error: ValidationError, bound: BoundStep, span: Span, ctx: Context
) -> set[str]:
    """Report each attribute that is not valid; gives their names."""
    seen: set[str] = set()
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        name = str(problem["loc"][0]) if problem["loc"] else ""
        if name in seen:
            continue
        seen.add(name)
        given = bound.attributes.get(name)
        shown = f"cannot be {show(given[0])}" if given is not None else "is not valid"
        message = f"`{name}` of `{bound.name}` {shown}" if name else f"`{bound.name}` is not valid"
        value, place = given if given is not None else (None, span)
        hint = _needed(target, name, value, problem["type"], problem["msg"])
        run.fail("E0303", message, place, ctx, hint)
    return seen


def _needed(target: type[Operator], name: str, given: object, problem: str, message: str) -> str:
    """What the attribute takes, in a few words."""
    if problem == "value_error" or name not in target.model_fields:
        return message.removeprefix("Value error, ")
    # Read only by those who made a mistake.
    from archdsl.spec.schema.kinds import kind_of

    try:
        kind = kind_of(target.model_fields[name]).text
    except TypeError:
        return message
    whole = isinstance(given, float) and kind.startswith("int")
    return f"{kind}; use `//`, `round`, `floor` or `ceil` for whole numbers" if whole else kind


def call_operator(
    run: Run, op: Operator, bound: BoundStep, arguments: list[Data], ctx: Context, span: Span
) -> list[Data]:
    """Add a node for the operator; gives its outputs.

    Raises:
        Reported: if it refuses what it is given.
    """
    if contains_poison(arguments):
        raise Reported
    if op.is_identity:
        return arguments
    operands = _operands(run, op, bound.name, arguments, span, ctx)
    if op.reads_batch_size:
        operands = list(run.graph.inputs.values())[:1]
        if not operands:
            raise Reported  # the inputs are wrong, and that is reported
    try:
        return list(run.add(op, operands, ctx, span))
    except OperatorError as error:
        run.fail_operator(error, span, bound, operands, ctx)
        likely = likely_outputs(op, tuple([operand.type for operand in operands]), error.attribute)
    if likely is None:
        raise Reported
    return [Value(kind) for kind in likely]


def _operands(run: Run, op: Operator, name: str, arguments: list[Data], span: Span, ctx: Context) -> list[Value]:
    found: list[Value] = []
    for argument in _spliced(arguments) if op.is_variadic() else arguments:
        if isinstance(argument, Value):
            found.append(argument)
        elif isinstance(argument, list):
            message = f"`{name}` reads tensors, not a list of {len(argument)}"
            hint = "pick one: `from: list[0]`"
            if len(arguments) == 1 and 1 < len(argument) <= len(op.operands):
                members = ", ".join(f'"list[{i}]"' for i in range(len(argument)))
                hint = f"give its members one by one: `from: [{members}]`"
            raise run.fail("E0213", message, span, ctx, hint)
        else:
            raise run.fail("E0208", f"`{name}` reads tensors, not {show(argument)}", span, ctx)
    return found


def _spliced(arguments: list[Data]) -> list[Data]:
    flat: list[Data] = []
    for argument in arguments:
        if isinstance(argument, list):
            flat.extend(_spliced(argument))
        else:
            flat.append(argument)
    return flat
