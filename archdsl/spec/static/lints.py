"""Warnings about a file that can be used, but probably says something else than meant (rule 7)."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics.diagnostic import Diagnostic, Severity
from archdsl.diagnostics.span import Span
from archdsl.ops.registry import operators
from archdsl.spec.static.scopes import StaticScope
from archdsl.spec.static.walk import called_names, names_in, reads_incoming, step_reads
from archdsl.spec.syntax.model import Body, Do, SpecFile, Step, Text


def _warning(code: str, message: str, span: Span, label: str = "") -> Diagnostic:
    return Diagnostic(code, message, span, label, (), Severity.WARNING)


def lint_names(scope: StaticScope) -> Iterator[Diagnostic]:
    """Names of steps and collected lists that nobody reads. A name that labels a decision has its use."""
    for known in scope.names.values():
        if known.kind in ("step", "collected list") and not known.used and not known.labels_decision:
            yield _warning("W0202", f"nobody reads `{known.name}`", known.span, "leave the name out, or read it")


def lint_cells(spec: SpecFile) -> Iterator[Diagnostic]:
    """Cells that nobody uses, and cells that hide an operator."""
    for cell in spec.cells.values():
        if cell.name in operators():
            hint = "choose another name"
            yield _warning("W0201", f"the cell `{cell.name}` hides the operator of this name", cell.span, hint)
    if spec.root is None:
        return
    used: set[str] = set()
    waiting = [*called_names(spec.root)]
    for variant in spec.variants.values():
        waiting.extend(names_in([attribute.value for attribute in variant.params]))
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            if name in spec.cells:
                waiting.extend(called_names(spec.cells[name]))
    for cell in spec.cells.values():
        if cell.name not in used:
            yield _warning("W0203", f"nobody uses the cell `{cell.name}`", cell.span)
    for entry in spec.imports:
        for imported in entry.cells:
            if imported.name not in used:
                everywhere = {n for cell in spec.cells.values() for n in called_names(cell)}
                if imported.name not in everywhere:
                    yield _warning("W0203", f"nobody uses the imported cell `{imported.name}`", imported.span)


def lint_body(body: Body) -> Iterator[Diagnostic]:
    """Steps that silently read something that is probably not meant."""
    before: Step | None = None
    either_or = False
    for step in body.steps:
        if before is not None and step.reads is None and step_reads(step):
            if _ignores_rounds(before):
                message = "this step reads only the last round of the loop before it, whose rounds ignore each other"
                yield _warning("W0205", message, step.span, "say what it reads with `from`")
            if _hangs_on_training(before) and not _hangs_on_training(step) and not either_or:
                message = f"this step reads `{before.label}` in training only, and the step before it in inference"
                yield _warning("W0206", message, step.span, "say what it reads with `from`")
        # Two steps, one for each form: whatever reads them reads one.
        either_or = before is not None and _hangs_on_training(before) and _hangs_on_training(step)
        before = step


def _hangs_on_training(step: Step) -> bool:
    return isinstance(step.condition, Text) and "training" in step.condition.text


def _ignores_rounds(step: Step) -> bool:
    looped = step.loop is not None or step.repeat is not None
    return looped and isinstance(step.head, Do) and not reads_incoming(step.head.body)
