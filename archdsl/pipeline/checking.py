"""`archdsl.check`: every mistake of a spec in one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from random import Random
from typing import Any

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic, Severity
from archdsl.diagnostics.findings import Findings
from archdsl.pipeline.elaboration import Forms, Request
from archdsl.pipeline.reaching import never_reached
from archdsl.pipeline.settings import attributes, labels
from archdsl.spec.elaborate.decisions import FirstOption, Given, Sampled
from archdsl.spec.files import Files
from archdsl.spec.library import library_root, locate
from archdsl.spec.static.check import check_file
from archdsl.spec.syntax.model import SpecFile

# Elaborations spent on the options of a search space beyond the first, and steps of all of them together.
SPACE_BUDGET = 60
SPACE_STEPS = 20_000
SAMPLES = 20


def check(
    spec: str | PathLike[str],
    params: Mapping[str, Any] | None = None,
    decisions: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
) -> list[Diagnostic]:
    """Look for every mistake of a spec: its form, names, calls, expressions, shapes; in all cells and variants.

    Arguments as of `archdsl.load`. A search space is looked at with the first option of every decision, then with
    each other option in turn (up to a budget), and in random samples if those fail.

    Returns:
        Errors and warnings by place; warnings only if there are no errors. Never raises for a wrong spec.
    """
    try:
        path, display, variant = locate(fspath(spec))
    except ArchdslError as error:
        return list(error.diagnostics)
    files = Files()
    file = files.load(path, display)
    findings = Findings()
    findings.extend(files.findings)
    for checked in _written_here(files, file):
        findings.extend(check_file(checked))
    if file.root is not None:
        try:
            findings.extend(_elaborated(file, variant, params, decisions, inputs))
        except ArchdslError as error:
            findings.extend(error.diagnostics)
    if findings.has_errors:
        return [finding for finding in findings.result(()) if finding.severity is Severity.ERROR]
    for read in files.by_path.values():
        for name in read.allow:
            findings.allow(name.text, name.span)
    return findings.result()


def _written_here(files: Files, main: SpecFile) -> list[SpecFile]:
    """The main file and what it imports from beside it; the shipped library is checked where it is made."""
    root = library_root()
    return [f for f in files.by_path.values() if f is main or not f.path.resolve().is_relative_to(root)]


def _elaborated(
    file: SpecFile,
    variant: str,
    params: Mapping[str, Any] | None,
    decisions: Mapping[str, Any] | None,
    inputs: Mapping[str, Sequence[int]] | None,
) -> list[Diagnostic]:
    assert file.root is not None
    found: list[Diagnostic] = []
    # A variant that changes nothing is the file itself.
    changing = [v.name for v in file.variants.values() if v.params or v.decisions]
    for name in [variant] if variant else ["", *changing]:
        request = Request.of(file, name, attributes(params or {}), inputs or {}, labels(decisions or {}))
        found.extend(_built(request, explore=name == variant))
        if not variant and name == "" and _past_limits(found):
            break  # the variants would run into the same limit
    if not variant and file.variants:
        found = [f for f in found if not (f.code == "E0206" and f.span in _required_spans(file))]
    return found


def _required_spans(file: SpecFile) -> set[object]:
    """Places of root parameters that every variant gives: the file is complete only as one of them."""
    assert file.root is not None
    given = [{a.name for a in variant.params} for variant in file.variants.values()]
    return {p.span for p in file.root.params.values() if p.default is None and all(p.name in g for g in given)}


def _past_limits(found: list[Diagnostic]) -> bool:
    """Whether the network is too large: building it once more, a little changed, would take as long."""
    return any(finding.code in ("E0903", "E0904") for finding in found)


def _built(request: Request, explore: bool) -> list[Diagnostic]:
    forms = request.build(Given(request.decisions, FirstOption()))
    is_space = bool(set(forms.points) - set(request.decisions))
    if is_space and any(error.code == "E0602" for error in forms.errors):
        missing = never_reached(request, request.build)
        if missing:
            return [*(each for each in forms.findings if each.code != "E0602"), *missing]
        request = request.of_space
        forms = request.build(Given(request.decisions, FirstOption()))
    if not explore or _past_limits(forms.findings) or not is_space:
        return forms.findings
    if forms.errors and all(error.code == "E0407" for error in forms.errors):
        return _sampled(request, forms)
    return [*forms.findings, *_other_options(request, forms)]


def _sampled(request: Request, first: Forms) -> list[Diagnostic]:
    """The first candidate is not in the space: look for one that is."""
    rng = Random(0)
    for _ in range(SAMPLES):
        forms = request.build(Given(request.decisions, Sampled(rng)))
        if not forms.errors:
            return forms.findings
        if any(error.code != "E0407" for error in forms.errors):
            return forms.findings
    return first.findings


def _other_options(request: Request, first: Forms) -> list[Diagnostic]:
    """Each option by itself, all else as it was: what it breaks is a warning, since other choices may mend it."""
    found: list[Diagnostic] = []
    spent = steps = 0
    for decision in list(first.points.values()):
        for number in range(1, min(decision.outcomes, 20)):
            if spent >= SPACE_BUDGET or steps >= SPACE_STEPS:
                return found
            outcome = decision.outcome(number)
            forms = request.build(Given({**request.decisions, decision.id: outcome}, FirstOption()))
            spent, steps = spent + 1, steps + forms.steps
            errors = [error for error in forms.errors if error.code not in ("E0407", "E0602")]
            if errors and not first.errors:
                because = errors[0]
                message = f"with `{decision.id}: {outcome}` the network is not valid: {because.message}"
                notes = (*because.notes, f"error {because.code}")
                found.append(Diagnostic("W0601", message, because.span, because.label, notes, Severity.WARNING))
            elif errors:
                found.extend(errors)
    return found
