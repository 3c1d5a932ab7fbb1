"""Steps as values, and the attributes of calls: binds each to the parameter that it gives (rule 11)."""

from __future__ import annotations

from archdsl.diagnostics.span import Span
from archdsl.spec.elaborate.parameters import meant_attribute, parameter_kind, required, unknown_attribute
from archdsl.spec.elaborate.recovery import SHAPELESS, is_misspelt
from archdsl.spec.elaborate.run import Reported, Run
from archdsl.spec.elaborate.scopes import BoundStep, Context, Data, join
from archdsl.spec.elaborate.values import decided, evaluate, evaluated, parsed
from archdsl.spec.expressions import POISON, Branch, ExpressionError, parse
from archdsl.spec.syntax.model import Attribute, Cell, Choice, Label, Listing, StepCall, Text, Unread, Written


def step_value(run: Run, written: Written, ctx: Context, hole: str) -> BoundStep:
    """A step given as an argument; its attributes are evaluated here, once (rule 11).

    Raises:
        Reported: if it is none.
    """
    if isinstance(written, StepCall):
        base = run.callable(written.name, written.name_span, ctx)
        return bind(run, base, written.attributes, ctx, hole)
    if isinstance(written, Choice):
        return choose_step(run, written, ctx, hole)
    if isinstance(written, Listing) and not written.items:
        return run.callable("identity", written.span, ctx)
    if isinstance(written, Unread):
        raise Reported
    if not isinstance(written, Text):
        raise run.fail("E0208", "a step belongs here, not a value", written.span, ctx, "the name of a cell or operator")
    expression = parsed(run, written, ctx)
    if expression.conditional is not None:
        name = _branch_taken(run, expression.conditional, written, ctx)
        return run.callable(name, written.span, ctx)
    if expression.simple_name is None:
        hint = "the name of a cell or operator, or `{name: {attribute: value}}`"
        raise run.fail("E0208", "a step belongs here, not a value", written.span, ctx, hint)
    return run.callable(expression.simple_name, written.span, ctx)


def _branch_taken(run: Run, branch: Branch | str, text: Text, ctx: Context) -> str:
    while isinstance(branch, Branch):
        value = evaluated(run, branch.condition, text, ctx)
        if not isinstance(value, bool):
            raise run.fail("E0403", "a condition must be true or false", text.span, ctx)
        branch = branch.then if value else branch.otherwise
    return branch


def choose_step(run: Run, hole: Choice, ctx: Context, hole_id: str) -> BoundStep:
    """A hole whose options are callables; callables name themselves."""
    if hole.take is not None:
        raise run.fail("E0605", "`take` gives a list; a step parameter is one step", hole.span, ctx)
    if isinstance(hole.options, Text):
        raise run.fail("E0606", "steps to choose from are written as a list or with labels", hole.span, ctx)
    options: list[tuple[Label, Written]]
    if isinstance(hole.options, Listing):
        # Equal options count once.
        words = {item.text: item for item in reversed(hole.options.items) if isinstance(item, Text)}
        options = [(word, item) for item in hole.options.items for word in words if words[word] is item]
        if not all(isinstance(item, Text) for item in hole.options.items):
            raise run.fail("E0606", "an option that is no word needs a label", hole.span, ctx, "{label: step}")
    else:
        options = [(key.value, value) for key, value in hole.options if key.value is not None]
    position = decided(run, hole, [label for label, _ in options], ctx, hole_id)[0]
    label, written = options[position]
    return step_value(run, written, ctx, join(hole_id, str(label)))


def bind(run: Run, base: BoundStep, attributes: tuple[Attribute, ...], ctx: Context, hole: str) -> BoundStep:
    """`base` with further attributes, none given twice.

    Raises:
        Reported: if any attribute is wrong; all of them are looked at first.
    """
    if not attributes:
        return base
    bound: dict[str, tuple[Data | BoundStep, Span]] = dict(base.attributes)
    failed = unknown = False
    for attribute in attributes:
        name, value = attribute.name, attribute.value
        kind = parameter_kind(base.target, name)
        if kind is None or name in bound:
            name = _meant_parameter(run, base, bound, attribute, attributes, ctx)
            kind = parameter_kind(base.target, name)
        if kind is None:
            unknown = True
            continue
        try:
            is_step = kind.takes == "step" or (kind.takes == "any" and _is_step(run, value, ctx))
            path = f"{hole}/{name}" if hole else name
            if is_step:
                bound[name] = step_value(run, value, ctx, path), value.span
            else:
                bound[name] = evaluate(run, value, ctx, path, kind.words), value.span
        except Reported:
            # What changes no shape can as well be left out.
            if not isinstance(base.target, type) or name not in SHAPELESS or name in required(base.target):
                failed = True
                bound[name] = (POISON, value.span)
    # Next to an attribute that is unknown, a missing one is most likely the same mistake.
    missing = [name for name in required(base.target) if name not in bound] if unknown else []
    if (failed or missing) and isinstance(base.target, type):
        raise Reported
    for name in missing:
        bound[name] = (POISON, attributes[0].span)
    return BoundStep(base.name, base.target, bound)


def _meant_parameter(
    run: Run,
    base: BoundStep,
    bound: dict[str, tuple[Data | BoundStep, Span]],
    attribute: Attribute,
    others: tuple[Attribute, ...],
    ctx: Context,
) -> str:
    """Report an attribute that is unknown or was given before; gives the one that is probably meant, or nothing."""
    name = attribute.name
    if name in bound:
        message = f"`{name}` of `{base.name}` is given twice"
        run.fail("E0207", message, attribute.span, ctx, "", f"first at {bound[name][1]}")
        return ""
    if isinstance(base.target, Cell) and base.target.is_open:
        return ""
    message, hint = unknown_attribute(base.name, base.target, name)
    run.fail("E0205", message, attribute.span, ctx, hint)
    close = meant_attribute(name, base.target)
    taken = close in bound or any(other.name == close for other in others)
    return close if is_misspelt(name, close) and not taken else ""


def _is_step(run: Run, written: Written, ctx: Context) -> bool:
    """Whether an argument of an `any` parameter is a step: callables' names that are no values'."""
    if isinstance(written, Choice) and not isinstance(written.options, Text):
        options = written.options
        items = options.items if isinstance(options, Listing) else tuple(value for _, value in options)
        return all(_is_step(run, item, ctx) for item in items)
    if not isinstance(written, Text):
        return isinstance(written, StepCall)
    try:
        expression = parse(written.text)
    except ExpressionError:
        return False  # reported where it is evaluated
    if expression.conditional is not None:
        return _ends_in_callables(run, expression.conditional, ctx)
    return expression.simple_name is not None and _ends_in_callables(run, expression.simple_name, ctx)


def _ends_in_callables(run: Run, branch: Branch | str, ctx: Context) -> bool:
    if isinstance(branch, Branch):
        return _ends_in_callables(run, branch.then, ctx) and _ends_in_callables(run, branch.otherwise, ctx)
    known = branch in ctx.frame.steps or run.is_callable(branch, ctx.frame.cell)
    return known and ctx.local.find(branch) is None
