"""Runs the rules and turns what they find into diagnostics: one for each written step, however often it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from archdsl.analysis.latency.device import DeviceProfile
from archdsl.analysis.lints.costs import Costs
from archdsl.analysis.lints.rule import Finding, Gain, Quantity, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.span import Span
from archdsl.ir.collector import paused
from archdsl.ir.graph import Graph, Node

# Where a finding points: the step and the calls around it give the place in the file.
Place = Callable[[Node], "Span | None"]

_PLACES_SHOWN = 3
_CALLS_SHOWN = 6


class Lint(NamedTuple):
    """A diagnostic, and whether its number passes the rule's limit for errors."""

    diagnostic: Diagnostic
    error: bool


def lint_graph(
    graph: Graph,
    training: Graph,
    rules: Sequence[Rule],
    place: Place | None = None,
    inputs: dict[str, Span] | None = None,
    profile: DeviceProfile | None = None,
) -> list[Lint]:
    """Look at a network with some rules. Linear in the size of the graph for each.

    Args:
        graph: the inference form.
        training: the training form; the same object where they don't differ.
        rules: what is looked for.
        place: where in the file a step is pointed at; by default where it is written.
        inputs: where the network's inputs are declared.
        profile: of a device; with one that predicts, findings say what they are about in time.
    """
    inference = Subject(graph, profile)
    forms = {"inference": inference, "training": inference if training is graph else Subject(training)}
    with paused():
        return [
            lint
            for rule in rules
            if rule.enabled
            for lint in _diagnosed(rule, forms[rule.form], place or _written_at, inputs or {})
        ]


def _written_at(node: Node) -> Span | None:
    return node.span


def _diagnosed(rule: Rule, form: Subject, place: Place, inputs: dict[str, Span]) -> Iterator[Lint]:
    groups: dict[tuple[Span | None, str], list[Finding]] = {}
    for finding in rule.findings(form):
        span = inputs.get(finding.input) if finding.node is None else place(finding.node)
        # Graphs that no file made have no spans: there each path is a place of its own.
        path = "" if span is not None or finding.node is None else finding.node.path
        groups.setdefault((span, path or finding.input), []).append(finding)
    for (span, _), members in groups.items():
        worst = max(members, key=lambda finding: (finding.number, _saved(finding)))
        notes = (
            *_gain_note(members, form.costs),
            *_time_note(members, form.costs),
            *worst.facts,
            *_places_note(members),
            *(_calls(worst.node, span) if worst.node is not None else ()),
        )
        yield Lint(Diagnostic(rule.code, worst.message, span, worst.edit, notes), worst.number > rule.error)


def _saved(finding: Finding) -> int:
    return finding.gain.saved if finding.gain is not None else 0


def _gain_note(members: Sequence[Finding], costs: Costs) -> Iterator[str]:
    """What all places save together; of shared weights only one copy is saved."""
    gains: dict[str, tuple[Quantity, Gain]] = {}
    for index, finding in enumerate(members):
        if finding.gain is not None:
            shared = finding.gain.quantity == "params" and finding.node is not None
            key = finding.node.path if shared and finding.node is not None else str(index)
            gains.setdefault(key, (finding.gain.quantity, finding.gain))
    if not gains:
        return
    quantity = next(iter(gains.values()))[0]
    before = sum(gain.before for _, gain in gains.values())
    after = sum(gain.after for _, gain in gains.values())
    total = {"mult_adds": costs.mult_adds, "memory_access": costs.memory_access, "params": costs.params}[quantity]
    if not before or not total:
        return
    yield (
        f"predicted {quantity}: {after:,} instead of {before:,}, {(before - after) / before:.1%} less; "
        f"that is {(before - after) / total:.1%} of the network's {total:,}"
    )


def _time_note(members: Sequence[Finding], costs: Costs) -> Iterator[str]:
    """The time of the steps that all places are about, and how much of it the edits may save."""
    if not costs.seconds:
        return
    taken = saved = 0.0
    follows = ""
    for finding in members:
        steps = finding.about or ((finding.node,) if finding.node is not None else ())
        own = sum(map(costs.seconds_of, steps))
        taken += own
        if finding.gain is not None and finding.gain.quantity != "params" and finding.gain.before:
            saved += own * finding.gain.saved / finding.gain.before
            follows = finding.gain.quantity
    if not taken:
        return
    share = f"{taken / costs.seconds:.1%} of the network's {1000 * costs.seconds:.3g} ms on {costs.device}"
    if follows:
        yield (
            f"predicted time: about {1000 * saved:.3g} ms less, if time follows {follows}; "
            f"now {1000 * taken:.3g} ms, {share}"
        )
    else:
        yield f"predicted time: {1000 * taken:.3g} ms, {share}"


def _places_note(members: Sequence[Finding]) -> Iterator[str]:
    if len(members) == 1:
        return
    paths = [finding.node.path for finding in members if finding.node is not None][:_PLACES_SHOWN]
    more = len(members) - len(paths)
    shown = ", ".join(f"`{path}`" for path in paths) + (f" and {more} more" if more else "")
    yield f"stands for {len(members)} places, the worst of which is described: {shown}"


def _calls(node: Node, span: Span | None) -> list[str]:
    """Through which calls the step is reached, innermost first, as far as they lie around the place pointed at."""
    if span is None:
        return [f"in `{node.path}`"]
    lines = []
    scope = node.scope
    passed = node.span == span
    if not passed:
        lines.append(f"the step is `{node.op.name}` at {node.span}, in the library")
    while scope.parent is not None:
        if passed:
            inside = f", {scope.round}" if scope.round else ""
            called = f", called at {scope.span.file}:{scope.span.line}" if scope.span is not None else ""
            lines.append(f"in cell `{scope.cell}`{inside}{called}")
        passed = passed or scope.span == span
        scope = scope.parent
    if len(lines) > _CALLS_SHOWN:
        lines = [*lines[: _CALLS_SHOWN - 1], f"... {len(lines) - _CALLS_SHOWN} further calls ...", lines[-1]]
    return lines
