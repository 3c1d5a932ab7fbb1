"""How findings show values, decisions and the way to a place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archdsl.diagnostics.span import Span
from archdsl.diagnostics.suggest import nearest
from archdsl.ir.graph import Value
from archdsl.ops.base import Operator
from archdsl.spec.elaborate.decisions import Decision
from archdsl.spec.elaborate.scopes import BoundStep, Context, show_rounds
from archdsl.spec.syntax.model import Cell, Label

# Frames shown of a call path: the innermost ones, and the outermost.
_INNERMOST = 6


def show(value: object) -> str:
    """A value as a file would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(show(item) for item in value[:8])}{', ...' if len(value) > 8 else ''}]"
    if isinstance(value, BoundStep):
        return f"the step `{value.name}`"
    return f"a tensor {value.type}" if isinstance(value, Value) else str(value)


def show_label(label: Label) -> str:
    """A decision's label as `decisions` would write it."""
    if isinstance(label, list):
        return f"[{', '.join(show_label(x) for x in label)}]"
    return str(label).lower() if isinstance(label, bool) else str(label)


def show_options(decision: Decision) -> str:
    """The options of a decision; of many, the first."""
    shown = ", ".join(show_label(option) for option in decision.options[:20])
    more = f", ... ({len(decision.options)} in all)" if len(decision.options) > 20 else ""
    taken = f"{' or '.join(map(str, decision.sizes))} of " if decision.sizes is not None else ""
    return taken + shown + more


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with the nearest known word, or nothing."""
    close = nearest(word, known)
    return f"did you mean `{close}`?" if close else ""


def call_path(ctx: Context) -> tuple[str, ...]:
    """Through which calls and rounds a place was reached, innermost first."""
    lines = [line for line in _frames(ctx) if line]
    if len(lines) <= _INNERMOST + 2:
        return tuple(lines)
    hidden = len(lines) - _INNERMOST - 1
    return (*lines[:_INNERMOST], f"... {hidden} further calls ...", lines[-1])


def _frames(ctx: Context) -> Iterator[str]:
    frame, rounds = ctx.frame, ctx.rounds
    while frame.caller is not None:
        inside = f", {show_rounds(rounds)}" if rounds else ""
        around = f" ({show_rounds(frame.caller.rounds)})" if frame.caller.rounds else ""
        span = frame.scope.span
        place = f", called at {span.file}:{span.line}" if span else ""
        yield f"in cell `{frame.cell.name}`{inside}{place}{around}"
        rounds = ()
        frame = frame.caller.frame
    if rounds:
        yield f"in {show_rounds(rounds)}"


def outermost(span: Span, ctx: Context) -> Span:
    """The step of the file's own graph through which a place was reached."""
    caller: Context | None = ctx
    while caller is not None:
        span = caller.frame.scope.span or span
        caller = caller.frame.caller
    return span


def operand_names(target: Cell | type[Operator], operands: list[Value]) -> list[str]:
    """How messages call what an operator reads: by the names of the file, or those of the operator."""
    own = [] if isinstance(target, Cell) or target.is_variadic() else list(target.operands)
    return [value.name or (own[i] if i < len(own) else f"operand {i + 1}") for i, value in enumerate(operands)]
