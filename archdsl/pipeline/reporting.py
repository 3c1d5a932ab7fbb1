"""From architectures to the data of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING

from archdsl.analysis.costing import cost_report
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.span import Span
from archdsl.ir.collector import paused
from archdsl.ir.graph import Graph, Node, Scope
from archdsl.pipeline.architecture import Architecture
from archdsl.report.data import Finding, NetworkData, ReportData, report_data
from archdsl.spec.library import library_root

if TYPE_CHECKING:
    from archdsl.analysis.latency.device import DeviceProfile


def report_on(
    architectures: Sequence[Architecture],
    specs: Sequence[str],
    batch_size: int = 1,
    training: bool = False,
    device: DeviceProfile | None = None,
    findings: Sequence[Sequence[Finding]] | None = None,
) -> ReportData:
    """What a report on these networks says; needs no torch.

    Args:
        architectures: at least one; the first is what the others are compared with.
        specs: what each was asked for by.
        batch_size: samples in the batch.
        training: report on the training forms.
        device: the rates whose bounds the report gives; without, it says nothing about time.
        findings: for each network what `findings_of` gives; without, the report has no such section.
    """
    from archdsl import __version__

    with paused():
        networks = [
            _network(architecture, spec, batch_size, training, findings[number] if findings is not None else None)
            for number, (architecture, spec) in enumerate(zip(architectures, specs, strict=True))
        ]
        return report_data(networks, __version__, device)


def findings_of(architecture: Architecture, profile: DeviceProfile | None = None) -> list[Finding]:
    """The guidelines and design lints that a network breaks, as `archdsl lint` finds them by default.

    Args:
        architecture: the network.
        profile: of a device; with one that predicts, findings say what they are about in time.
    """
    from archdsl.analysis.lints.catalogue import RULES
    from archdsl.pipeline.linting import lint_architecture

    found = lint_architecture(architecture, [rule() for rule in RULES], profile)
    paths = _paths(architecture.graph(training=True), {diagnostic.span for diagnostic in found} - {None})
    return [_finding(diagnostic, paths) for diagnostic in found]


def _finding(found: Diagnostic, paths: Mapping[Span | None, str]) -> Finding:
    # A report is sent around: where this machine keeps the shipped specs is nobody's business.
    here = f"{library_root()}/"
    notes = [note.replace(here, "specs/") for note in found.notes]
    gains = [note for note in notes if note.startswith("predicted ")]
    return Finding(
        code=found.code,
        message=found.message,
        path=paths.get(found.span, ""),
        place=str(found.span or "").replace(here, "specs/"),
        notes=tuple(note for note in notes if note not in gains),
        edit=found.label,
        gain="; ".join(gains),
    )


def _paths(graph: Graph, wanted: Set[Span | None]) -> dict[Span | None, str]:
    """For each of these steps of the files the path of its first call; of a step that calls a cell, the call's own."""
    found: dict[Span | None, str] = {}
    seen: set[Scope] = set()
    for node in graph.nodes:
        if len(found) == len(wanted):
            break
        step: Node | Scope | None = node
        while step is not None and step not in seen:
            if step.span in wanted:
                found.setdefault(step.span, step.path)
            if isinstance(step, Scope):
                seen.add(step)
                step = step.parent
            else:
                step = step.scope
    return found


def _network(
    architecture: Architecture, spec: str, batch_size: int, training: bool, findings: Sequence[Finding] | None
) -> NetworkData:
    graph = architecture.graph(training)
    return NetworkData(
        label=architecture.name,
        spec=spec,
        description=architecture.description,
        references=architecture.references,
        form="training" if training and architecture.has_training_form else "inference",
        cost=cost_report(graph, batch_size),
        graph=graph,
        findings=None if findings is None else tuple(findings),
    )
