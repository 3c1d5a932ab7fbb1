"""Builds a file's own graph: root parameters, inputs, the graph, the outputs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from archdsl.diagnostics.diagnostic import Diagnostic, Severity
from archdsl.diagnostics.span import Span
from archdsl.ir.collector import paused
from archdsl.ir.graph import Graph, Scope, Value, rebuilt
from archdsl.ops.registry import identity
from archdsl.spec.elaborate.binding import step_value
from archdsl.spec.elaborate.cells import check_requirements, default_parameter, output_value, set_parameter
from archdsl.spec.elaborate.decisions import Decider, Decision, same_for_equal
from archdsl.spec.elaborate.forecast import PATIENCE, Counting, GivenUp
from archdsl.spec.elaborate.messages import did_you_mean, show
from archdsl.spec.elaborate.repetition import Recorded, Repetitions
from archdsl.spec.elaborate.run import Bindings, Made, Reported, Run, Stopped
from archdsl.spec.elaborate.scopes import Absent, BoundStep, Context, Data, Frame, Names
from archdsl.spec.elaborate.steps import run_body
from archdsl.spec.elaborate.values import evaluate
from archdsl.spec.expressions import POISON
from archdsl.spec.syntax.model import Attribute, Call, Cell, Input, Label, SpecFile, Unread
from archdsl.types import TensorType


@dataclass(frozen=True, slots=True)
class Elaboration:
    """What came of one elaboration.

    Attributes:
        graph: the network; None if there are errors.
        findings: errors and warnings, in the order of discovery.
        decisions: outcomes by id, in the order reached.
        points: the decisions by id.
        saw_training: whether the network depends on `training`.
        outside: whether a requirement failed: in a search the candidate is simply not in the space.
        steps: expanded steps.
    """

    graph: Graph | None
    findings: list[Diagnostic]
    decisions: dict[str, Label]
    points: dict[str, Decision]
    params: dict[str, Data]
    saw_training: bool
    outside: bool
    steps: int


@dataclass(frozen=True, slots=True)
class Remembered:
    """What of a file's calls need be looked at only once, whichever form is built; as of `Run` and `Repetitions`."""

    prepared: dict[Call, Made] = field(default_factory=dict)
    bindings: dict[Call, Bindings | None] = field(default_factory=dict)
    calls: dict[object, Recorded] = field(default_factory=dict)
    tracking: dict[Cell, bool] = field(default_factory=dict)


def elaborate(
    spec: SpecFile,
    decider: Decider,
    params: Mapping[str, Attribute] | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    training: bool = False,
    like: Remembered | None = None,
    labels: Mapping[str, Span] | None = None,
) -> Elaboration:
    """Build the network of a file.

    Args:
        spec: a file with a graph, its imports resolved.
        decider: fills the holes.
        params: values for root parameters, as written (in a variant or on the command line).
        shapes: shapes that replace those of the file, by input.
        training: which form to build.
        like: takes what is known of calls, for further elaborations of the same file.
        labels: where the file gives outcomes, by the decisions' ids.
    """
    given = (params or {}, shapes or {})
    like = like or Remembered()
    run = Run(_empty(spec), training, decider, PATIENCE)
    run.prepared, run.bindings, run.tracking = like.prepared, like.bindings, like.tracking
    run.labels = labels or {}
    run.memory = Repetitions(run, like.calls)
    run.forecast = lambda: _forecast(spec, training, decider, *given)
    with room():
        values = attempt(run, spec, *given)
    run.memory = run.forecast = None  # they hold the run, which would stay until the next collection
    return _outcome(run, values)


def _empty(spec: SpecFile) -> Graph:
    return Graph(spec.name, root=Scope(spec.name))


def attempt(
    run: Run, spec: SpecFile, params: Mapping[str, Attribute], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Data]:
    """Build the network as far as it can be built; gives the root parameters that are data."""
    assert spec.root is not None
    frame = Frame(run, spec.root, run.graph.root, "", None)
    with suppress(Reported, Stopped):
        _build(run, spec, spec.root, frame, params, shapes)
    values = {name: frame.names.table.get(name) for name in spec.root.params}
    return {name: value for name, value in values.items() if value is not None and not isinstance(value, Absent)}


def _forecast(
    spec: SpecFile,
    training: bool,
    decider: Decider,
    params: Mapping[str, Attribute],
    shapes: Mapping[str, tuple[int, ...]],
) -> list[Diagnostic]:
    """Count the steps without building anything: the limits that are passed."""
    run = Counting(_empty(spec), training, decider, same_for_equal(decider))
    try:
        attempt(run, spec, params, shapes)
    except GivenUp:
        return []
    return [found for found in run.findings.values() if found.code in ("E0903", "E0904")]


def _outcome(run: Run, values: dict[str, Data]) -> Elaboration:
    findings = list(run.findings.values())
    failed = any(found.severity is Severity.ERROR for found in findings)
    graph = None if failed else run.graph
    if graph is not None and any(run.tracking.values()):
        graph = _without_identities(graph)
    points, outside = run.points, run.requirement_failed
    return Elaboration(graph, findings, run.decisions, points, values, run.saw_training, outside, run.steps)


def _without_identities(graph: Graph) -> Graph:
    """The network without the nodes that tell what a step has handed on from what it has read."""
    replaced: dict[Value, Value] = {}
    dropped = [node for node in graph.nodes if node.op is identity()]
    for node in dropped:
        (read,), (given,) = node.operands, node.outputs
        read = replaced.get(read, read)
        replaced[given] = read
        read.name = read.name or given.name
    return rebuilt(graph, replaced, dropped) if dropped else graph


@contextmanager
def room() -> Iterator[None]:
    """Room for 64 cell calls with 64 nested bodies each; Python's own frames do not use the C stack.

    The garbage collector pauses meanwhile.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 100_000))
    try:
        with paused():
            yield
    finally:
        sys.setrecursionlimit(limit)


def _build(
    run: Run,
    spec: SpecFile,
    root: Cell,
    frame: Frame,
    params: Mapping[str, Attribute],
    shapes: Mapping[str, tuple[int, ...]],
) -> None:
    inside = Context(frame, frame.names, "", "")
    _set_params(run, root, frame, inside, params)
    for name in shapes:
        if name not in {i.name for i in spec.inputs}:
            known = [i.name for i in spec.inputs]
            hint = did_you_mean(name, known) or f"inputs: {', '.join(known)}"
            run.fail("E0410", f"there is no input `{name}`", None, None, hint)
    for declared in spec.inputs:
        value = _input(run, declared, inside, shapes.get(declared.name))
        frame.names.table[declared.name] = POISON if value is None else value
        if value is not None:
            run.graph.inputs[declared.name] = value
    check_requirements(run, root, inside)
    if root.body is None:
        return
    excess = run.sizes.excess(root.body, root)
    if excess is not None:
        run.too_many(excess.span, inside, f"at least {excess.steps:,}")
    arguments: list[Data] = [frame.names.table[i.name] for i in spec.inputs] or [POISON]  # type: ignore[misc]
    ctx = inside.inner(Names(inside.local), "", "")
    result = run_body(run, root.body, ctx, arguments)
    _outputs(run, root, ctx, result)


def _set_params(run: Run, root: Cell, frame: Frame, inside: Context, given: Mapping[str, Attribute]) -> None:
    for name, attribute in given.items():
        if name not in root.params:
            hint = did_you_mean(name, list(root.params)) or "parameters: " + (", ".join(root.params) or "none")
            run.fail("E0406", f"there is no parameter `{name}`", attribute.span, None, hint)
    for name, param in root.params.items():
        chosen = given.get(name)
        if chosen is None and param.default is None:
            hint = f"--set {name}=..., or a variant that gives it"
            run.fail("E0206", f"the parameter `{name}` has no value", param.span, None, hint)
            set_parameter(run, frame, param, POISON, param.span, inside)
        elif chosen is None:
            default_parameter(run, frame, param, inside)
        else:
            value: Data | BoundStep = POISON
            try:
                is_step = root.kinds.get(name) == "step"
                value = (step_value if is_step else evaluate)(run, chosen.value, inside, name)
            except Reported:
                pass
            set_parameter(run, frame, param, value, chosen.value.span, inside)


def _input(run: Run, declared: Input, ctx: Context, override: tuple[int, ...] | None) -> Value | None:
    span: Span | None = declared.shape.span
    try:
        shape = list(override) if override is not None else evaluate(run, declared.shape, ctx, declared.name)
    except Reported:
        return None
    hint = "the sizes of one sample, without the batch: [3, 224, 224]"
    if not isinstance(shape, list) or len(shape) > 6:
        run.fail("E0113", f"the shape of `{declared.name}` must be a list of up to 6 sizes", span, ctx, hint)
        return None
    sizes = [size for size in shape if isinstance(size, int) and not isinstance(size, bool) and size >= 1]
    if len(sizes) != len(shape):
        run.fail("E0113", f"the sizes of `{declared.name}` must be whole numbers from 1, not {show(shape)}", span, ctx)
        return None
    kind = TensorType(tuple(sizes), "int64" if declared.dtype == "int64" else "float32")
    if kind.elements >= 2**53:
        run.fail("E0905", f"`{declared.name}` has too many elements", span, ctx)
        return None
    return Value(kind, declared.name)


def _outputs(run: Run, root: Cell, ctx: Context, result: list[Data]) -> None:
    found: list[tuple[str, Data, Span]] = []
    if root.outputs is None:
        names = ["output"] if len(result) == 1 else [f"output_{i}" for i in range(len(result))]
        place = root.body.span if root.body is not None else root.span
        found = [(name, value, place) for name, value in zip(names, result, strict=True)]
    for output in root.outputs or ():
        value = output_value(run, output, ctx)
        if value is None:
            continue
        if not output.name and not isinstance(output.value, Unread):
            run.fail("E0212", "an output of a network needs a name", output.span, ctx, "{name: expression}")
        found.append((output.name, value, output.span))
    flat = [(key, item, span) for name, value, span in found for key, item in _flat(name, value)]
    if not flat:  # lists may be empty
        span = root.outputs_span or (root.body.span if root.body is not None else root.span)
        run.fail("E0212", "the network has no output", span, ctx)
    for key, item, span in flat:
        if item is POISON:
            continue
        if not isinstance(item, Value):
            run.fail("E0212", f"the output `{key}` is {show(item)}, not a tensor", span, ctx)
        elif key in run.graph.outputs:
            run.fail("E0212", f"two outputs have the name `{key}`", span, ctx, "{name: expression}")
        else:
            run.graph.outputs[key] = item


def _flat(name: str, value: Data) -> list[tuple[str, Data]]:
    """A list's members are outputs of their own: `features_0`, `features_1`."""
    if not isinstance(value, list):
        return [(name, value)]
    return [pair for i, item in enumerate(value) for pair in _flat(f"{name}_{i}", item)]
