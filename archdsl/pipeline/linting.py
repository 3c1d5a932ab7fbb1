"""Lints of a spec: guidelines, design and budgets, with the file's own allowances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from random import Random
from typing import TYPE_CHECKING, Any

from archdsl.analysis.latency.device import DeviceProfile
from archdsl.analysis.lints.linter import Lint, lint_graph
from archdsl.analysis.lints.rule import Rule
from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic, Severity
from archdsl.diagnostics.findings import Findings
from archdsl.diagnostics.span import Span
from archdsl.ir.graph import Graph, Node
from archdsl.pipeline.elaboration import Forms, Request
from archdsl.pipeline.settings import attributes, labels
from archdsl.spec.elaborate.decisions import FirstOption, Given, Sampled
from archdsl.spec.files import Files
from archdsl.spec.library import library_root, locate
from archdsl.spec.static.check import check_file
from archdsl.spec.syntax.model import SpecFile

if TYPE_CHECKING:
    from archdsl.pipeline.architecture import Architecture

# Random candidates of a search space that are tried if its first one is not valid.
SAMPLES = 100


@dataclass(frozen=True)
class Linted:
    """What linting a spec gives.

    Attributes:
        diagnostics: by place. Errors of the spec alone, if it has any.
        candidate: whether the spec is a search space, of which one candidate was looked at.
    """

    diagnostics: list[Diagnostic]
    candidate: bool = False


def lint(
    spec: str | PathLike[str],
    rules: Sequence[Rule],
    limits: Mapping[str, int] | None = None,
    params: Mapping[str, Any] | None = None,
    decisions: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    profile: DeviceProfile | None = None,
) -> Linted:
    """Look at a network with rules and budgets.

    An `allow` in a file silences what points into that file; one that silences nothing, in no variant, is a finding
    of its own (W0207). What lies in the shipped library is pointed at where a file of the user calls it.

    Args:
        spec: as of `archdsl.load`. Of a search space the first candidate is looked at, or a random one if that is
            not valid.
        rules: what is looked for.
        limits: budgets, see `archdsl.analysis.lints.budgets`.
        params, decisions, inputs: as of `archdsl.load`.
        profile: of a device; with one that predicts, findings say what they are about in time.

    Returns:
        Findings; never raises for a wrong spec.

    Raises:
        ValueError: for a budget of an unknown quantity.
    """
    try:
        linter = _Linter(fspath(spec), attributes(params or {}), labels(decisions or {}), inputs or {})
        forms = linter.build(linter.variant)
        found = linter.look(forms, rules, profile)
        over = linter.budgets(forms, limits or {})
    except ArchdslError as error:
        return Linted(list(error.diagnostics))
    examined = tuple(rule.code for rule in rules if rule.enabled)
    kept = linter.places.allowed(found, examined or ("-",))
    kept = [f for f in kept if f.code != "W0207" or not linter.used_elsewhere(f, rules)]
    return Linted([*over, *kept], forms.is_candidate)


def lint_architecture(
    architecture: Architecture, rules: Sequence[Rule], profile: DeviceProfile | None = None
) -> list[Diagnostic]:
    """What `lint` finds, allowances aside that silence nothing, of a network that is there already.

    Args:
        architecture: the network.
        rules, profile: as of `lint`.
    """
    places = _Places(architecture.source, architecture.source.imported_files())
    found = places.look(architecture.graph(), architecture.graph(training=True), rules, profile)
    return places.allowed(found, ())


class _Places:
    """Where findings point, and what the files there allow.

    Args:
        file: the spec.
        others: the files that it imports, directly or through others.
    """

    def __init__(self, file: SpecFile, others: Sequence[SpecFile]):
        root = library_root().resolve()
        self.file = file
        self.files = [file, *(other for other in others if other is not file)]
        self._library = {f.display for f in self.files[1:] if f.path.resolve().is_relative_to(root)}

    def look(
        self, inference: Graph, training: Graph, rules: Sequence[Rule], profile: DeviceProfile | None = None
    ) -> list[Lint]:
        """What rules find in a network, allowed or not."""
        declared = {given.name: given.span for given in self.file.inputs}
        return lint_graph(inference, training, rules, self._place, declared, profile)

    def allowed(self, found: Sequence[Lint], examined: Sequence[str]) -> list[Diagnostic]:
        """What the files don't silence, by place.

        Args:
            found: what the rules have found.
            examined: codes of which an allowance that silences nothing is a finding (W0207).
        """
        findings = Findings(entry.diagnostic for entry in found)
        for file in self.files:
            for name in file.allow:
                findings.allow(name.text, name.span)
        errors = {entry.diagnostic.key for entry in found if entry.error}
        return [f.as_error() if f.key in errors else f for f in findings.result(examined)]

    def _place(self, node: Node) -> Span | None:
        """Where the step is written; for one of the shipped library, the innermost call outside it."""
        span, scope = node.span, node.scope
        while span is not None and span.file in self._library and scope.span is not None:
            span = scope.span
            if scope.parent is None:
                break
            scope = scope.parent
        return span


@dataclass(frozen=True)
class _Built:
    """Both forms of the network that is looked at."""

    inference: Graph
    training: Graph
    is_candidate: bool


class _Linter:
    """A spec file with what is given beside it."""

    def __init__(self, spec: str, params: Any, decisions: Any, inputs: Mapping[str, Sequence[int]]):
        path, display, self.variant = locate(spec)
        files = Files()
        self.file = files.load(path, display)
        errors = [*files.findings_of(self.file), *(check_file(self.file) if self.file.root is not None else ())]
        errors = [finding for finding in errors if finding.severity is Severity.ERROR]
        if errors:
            raise ArchdslError(errors)
        if self.file.root is None:
            message = f"{display} has no graph: it is a library of cells"
            raise ArchdslError(Diagnostic("E0107", message, self.file.span))
        self._given = (params, inputs, decisions)
        self.places = _Places(self.file, list(files.by_path.values()))

    def build(self, variant: str) -> _Built:
        """The network, or a candidate of the space.

        Raises:
            ArchdslError: if there is none.
        """
        params, inputs, decisions = self._given
        request = Request.of(self.file, variant, params, inputs, decisions)
        forms = request.build(Given(request.decisions, FirstOption()))
        is_space = bool(set(forms.points) - set(request.decisions))
        if is_space and forms.errors:
            forms = _sampled(request, forms)
        forms.raise_errors()
        inference, training = forms.inference.graph, forms.training.graph
        assert inference is not None  # forms without errors have graphs
        assert training is not None
        return _Built(inference, training, is_space)

    def look(self, built: _Built, rules: Sequence[Rule], profile: DeviceProfile | None = None) -> list[Lint]:
        """What the rules find."""
        return self.places.look(built.inference, built.training, rules, profile)

    def budgets(self, built: _Built, limits: Mapping[str, int]) -> list[Diagnostic]:
        """The budgets that are exceeded."""
        if not limits:
            return []
        from archdsl.analysis.costing import cost_report
        from archdsl.analysis.lints.budgets import over_budget

        assert self.file.root is not None
        place = self.file.variants[self.variant].span if self.variant else self.file.root.span
        return list(over_budget(cost_report(built.inference), limits, place))

    def used_elsewhere(self, idle: Diagnostic, rules: Sequence[Rule]) -> bool:
        """Whether an allowance that silenced nothing does so in another variant of the file."""
        allowed = {name.span: name.text for file in self.places.files for name in file.allow}
        wanted = [rule for rule in rules if idle.span is not None and rule.code == allowed.get(idle.span)]
        for variant in ["", *self.file.variants]:
            if variant == self.variant:
                continue
            try:
                built = self.build(variant)
            except ArchdslError:
                continue  # a file that is complete only as one of its variants
            spans = [entry.diagnostic.span for entry in self.look(built, wanted)]
            if any(span is not None and idle.span is not None and span.file == idle.span.file for span in spans):
                return True
        return False


def _sampled(request: Request, first: Forms) -> Forms:
    rng = Random(0)
    for _ in range(SAMPLES):
        forms = request.build(Given(request.decisions, Sampled(rng)))
        if not forms.errors:
            return forms
    return first
