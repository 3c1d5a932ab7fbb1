"""Calls: finds the callable, binds its attributes, and hands over to operators or cells."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from archdsl.diagnostics.span import Span
from archdsl.ir.graph import Value
from archdsl.ops.base import Operator, OperatorError
from archdsl.ops.registry import ValidationError, make
from archdsl.spec.elaborate.binding import bind
from archdsl.spec.elaborate.cells import call_cell, parameter_values
from archdsl.spec.elaborate.operators import call_operator, make_operator
from archdsl.spec.elaborate.parameters import required
from archdsl.spec.elaborate.purity import has_tensor, is_pure, names_in
from archdsl.spec.elaborate.run import Bindings, Reported, Run
from archdsl.spec.elaborate.scopes import BoundStep, Context, Data, Frame, contains_poison
from archdsl.spec.expressions import ExpressionError, parse
from archdsl.spec.syntax.model import Attribute, Call, Cell, Constant, Listing, Text, Written


def call(run: Run, head: Call, ctx: Context, arguments: list[Data], explicit: bool) -> list[Data]:
    """Call an operator, cell or step parameter; gives its values.

    Args:
        arguments: what the step reads.
        explicit: whether the step says `from`.

    Raises:
        Reported: if the call fails.
    """
    try:
        bound, op = run.prepared.get(head) or _prepared(run, head, ctx)
    except Reported:
        mark_read(ctx.frame, arguments)
        raise
    target = bound.target
    is_open = isinstance(target, Cell) and target.is_open
    if not (target.inputs if isinstance(target, Cell) else target.operands) and not is_open:
        if explicit and arguments:
            raise run.fail("E0210", f"`{bound.name}` reads nothing", head.span, ctx, "leave `from` out")
        arguments = []
    if ctx.shared and ctx.shared == ctx.weights:
        _check_shared(run, bound, op, arguments, head.span, ctx)
    mark_read(ctx.frame, arguments)
    if isinstance(target, Cell):
        return call_cell(run, target, bound, arguments, ctx, head.span)
    assert op is not None
    return call_operator(run, op, bound, arguments, ctx, head.span)


def _prepared(run: Run, head: Call, ctx: Context) -> tuple[BoundStep, Operator | None]:
    """The callable with its attributes, and for an operator the operator itself."""
    place, key = _remembered(run, head, ctx), None
    if place is not None:
        key = place.key(ctx)
        known = place.known.get(key)
        if known is not None:
            return known
    before = len(run.findings)
    base = run.callable(head.name, head.span, ctx)
    bound = bind(run, base, head.attributes, ctx, ctx.decisions)
    _check_required(run, bound, head.span, ctx)
    op = make_operator(run, bound.target, bound, head.span, ctx) if isinstance(bound.target, type) else None
    if base.name == head.name and head.name not in ctx.frame.cell.params and all(map(_is_constant, head.attributes)):
        run.prepared[head] = bound, op
    if place is not None and key is not None and len(run.findings) == before:
        if any(has_tensor(value) for value, _ in bound.attributes.values()):
            run.bindings[head] = None
        else:
            place.known[key] = bound, op
    return bound, op


def _remembered(run: Run, head: Call, ctx: Context) -> Bindings | None:
    """What is known of a call; None if it hangs on more than the names in its attributes."""
    if head in run.bindings:
        return run.bindings[head]
    cell, made = ctx.frame.cell, None
    steps = {name for name, param in cell.params.items() if cell.kinds.get(name) == "step" or param.type == "any"}
    written = [attribute.value for attribute in head.attributes]
    if all(map(is_pure, written)):
        names = frozenset[str]().union(*map(names_in, written))
        if not {head.name, *names} & steps:
            made = Bindings(tuple(sorted(names)))
    run.bindings[head] = made
    return made


def _is_constant(attribute: Attribute) -> bool:
    """Whether an attribute has the same value wherever the call is reached."""
    return _constant(attribute.value)


def _constant(written: Written) -> bool:
    if isinstance(written, Listing):
        return all(_constant(item) for item in written.items)
    if not isinstance(written, Text):
        return isinstance(written, Constant)
    try:
        return not parse(written.text).names and "unused" not in written.text
    except ExpressionError:
        return False


def mark_read(frame: Frame, data: list[Data]) -> None:
    """Remember which tensors a step of this cell call read (rule 18)."""
    for item in data:
        if isinstance(item, Value):
            frame.reads.add(id(item))
        elif isinstance(item, list):
            mark_read(frame, item)


def _check_required(run: Run, bound: BoundStep, span: Span, ctx: Context) -> None:
    given = bound.attributes
    missing = [name for name in required(bound.target) if name not in given]
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        raise run.fail("E0206", f"`{bound.name}` needs {names}", span, ctx, f"{bound.name}: {{{missing[0]}: ...}}")


@dataclass(frozen=True, slots=True, eq=False)
class _SharedCall:
    """A call of a cell whose weights others share, with all that its defaults are evaluated over."""

    cell: Cell
    bound: BoundStep
    arguments: list[Data]
    span: Span
    ctx: Context

    def values(self, run: Run) -> dict[str, Data | BoundStep]:
        """What its parameters stand for."""
        return parameter_values(run, self.cell, self.bound, self.arguments, self.ctx, self.span)


def _check_shared(
    run: Run, bound: BoundStep, op: Operator | None, arguments: list[Data], span: Span, ctx: Context
) -> None:
    """Steps with one `share` key are one callable with one set of attributes."""
    if isinstance(bound.target, Cell):
        this = _SharedCall(bound.target, bound, arguments, span, ctx)
        first = run.shares.setdefault(ctx.weights, this)
        same = isinstance(first, _SharedCall) and _same_attributes(run, first, this)
    else:
        signature = ("operator", id(op))
        same = run.shares.setdefault(ctx.weights, signature) == signature
    if not same:
        message = f"the steps that share `{ctx.weights.rpartition('/')[2]}` differ"
        raise run.fail("E0701", message, span, ctx, "one callable, the same attributes")


def _same_attributes(run: Run, one: _SharedCall, other: _SharedCall) -> bool:
    """Whether two calls are of one cell with the same attributes, written or by default."""
    if one.bound is other.bound:
        return True
    if one.cell is not other.cell:
        return False
    first, second = ({name: value for name, (value, _) in call.bound.attributes.items()} for call in (one, other))
    if first.keys() != second.keys():
        # What neither call writes is the same default, even if it hangs on the sizes of what they read.
        written = first.keys() | second.keys()
        both = one.values(run), other.values(run)
        first, second = ({name: values[name] for name in written} for values in both)
    return all(
        contains_poison(first[name]) or contains_poison(second[name]) or _signature(first[name]) == _signature(value)
        for name, value in second.items()
    )


def _signature(data: object) -> object:
    """What makes two arguments the same for sharing: tensors count by their type."""
    if isinstance(data, BoundStep):
        target, attributes = data.target, {name: value for name, (value, _) in data.attributes.items()}
        if isinstance(target, Cell):
            # Other defaults hang on what the step will read.
            constants = {n: p.default.value for n, p in target.params.items() if isinstance(p.default, Constant)}
            attributes = {**constants, **attributes}
        else:
            with suppress(OperatorError, ValidationError):  # further attributes may follow where the step is called
                return ("operator", id(make(target, attributes)))
        return (id(target), tuple(sorted((name, repr(_signature(value))) for name, value in attributes.items())))
    if isinstance(data, list):
        return tuple(_signature(item) for item in data)
    return ("tensor", data.type) if isinstance(data, Value) else (type(data), data)


def reads(target: Cell | type[Operator]) -> int | None:
    """How many values a callable reads; None if that is not one number."""
    if isinstance(target, Cell):
        return len(target.inputs)
    return None if target.is_variadic() or target.optional_operands else len(target.operands)
