"""Calls of cells that were built before are copied: networks repeat themselves.

What a call builds hangs on its parameters, on the types of what it reads, on which of these are the same, and on the
decisions inside. Where there are none, an equal call gets the nodes of the first one, at its own path and in its own
scopes. Calls that found mistakes, asked for decisions or share weights are built each for itself.
"""

from __future__ import annotations

from typing import NamedTuple

from archdsl.diagnostics.span import Span
from archdsl.ir.graph import Graph, Node, Scope, Value
from archdsl.spec.elaborate.run import Run
from archdsl.spec.elaborate.scopes import BoundStep, Context, Data, show_rounds
from archdsl.spec.syntax.model import Step

# Longer lists than this are not looked through to find out whether two calls are equal.
_LONGEST_LIST = 200


class Visit(NamedTuple):
    """A call that is about to be built: what it depends on, and how far the run was before it.

    Attributes:
        tensors: what it reads, in order of occurrence, each once.
        unnamed: those of them that have no name yet.
    """

    key: object
    tensors: tuple[Value, ...]
    unnamed: tuple[Value, ...]
    nodes: int
    steps: int
    asked: int
    shares: int
    training_reads: int


class Recorded(NamedTuple):
    """A call that was built.

    Attributes:
        graph, begin, end: where its nodes stand.
        weights: of the run, the node that made the weights of a path.
        path: of the call.
        outer: the scope of the caller.
        tensors: what it read.
        named: tensors that got a name in the call.
        results: what it gave.
        nameless: tensors it made that had no name when it returned; the caller may have named them since.
        steps: how many it took.
        depth: cell calls around it.
        read_training: whether it hangs on the form.
    """

    graph: Graph
    begin: int
    end: int
    weights: dict[str, tuple[Node, str]]
    path: str
    outer: Scope
    tensors: tuple[Value, ...]
    named: tuple[tuple[Value, str], ...]
    results: list[Data]
    nameless: list[Value]
    steps: int
    depth: int
    read_training: bool


class Repetitions:
    """The calls that one run, or another one of the same file, has built.

    Args:
        run: the run that asks.
        known: what is known, by what the calls depend on; grows.
    """

    def __init__(self, run: Run, known: dict[object, Recorded]):
        self._run = run
        self._known = known

    def visit(self, bound: BoundStep, arguments: list[Data], ctx: Context) -> Visit | None:
        """A call that is about to be built; None for one that is not to be remembered."""
        run = self._run
        if ctx.shared or run.findings or run.guessing:
            return None
        if any(type(argument) is list and len(argument) > _LONGEST_LIST for argument in arguments):
            return None
        numbers: dict[Value, int] = {}
        key = (_key(bound, numbers), *[_key(argument, numbers) for argument in arguments])
        tensors = tuple(numbers)
        unnamed = tuple([value for value in tensors if not value.name])
        before = (len(run.graph.nodes), run.steps, run.asked, len(run.shares), run.training_reads)
        return Visit(key, tensors, unnamed, *before)

    def remember(self, visit: Visit, results: list[Data], ctx: Context) -> None:
        """Keep what a call has built, if an equal one builds the same."""
        run = self._run
        if run.findings or run.asked != visit.asked or len(run.shares) != visit.shares:
            return
        made: list[Value] = []
        _collect(results, made)
        self._known[visit.key] = Recorded(
            run.graph,
            visit.nodes,
            len(run.graph.nodes),
            run.weights,
            ctx.weights,
            ctx.frame.scope,
            visit.tensors,
            tuple([(value, value.name) for value in visit.unnamed if value.name]),
            list(results),
            [value for value in made if not value.name and value not in visit.tensors],
            run.steps - visit.steps,
            ctx.frame.depth,
            run.training_reads != visit.training_reads,
        )

    def recall(self, visit: Visit, span: Span, ctx: Context) -> list[Data] | None:
        """The values of an equal call, its nodes added again; None if there was none, or it can't be copied."""
        known = self._known.get(visit.key)
        run = self._run
        # A deeper call may pass the limit of depth, a later one that of steps.
        if known is None or ctx.frame.depth > known.depth or run.steps + known.steps > run.patience:
            return None
        values = dict(zip(known.tensors, visit.tensors, strict=True))
        if known.graph is not run.graph and not self._from_other_form(known, values):
            return None
        if not self._copy(known, values, span, ctx):
            return None
        for value, name in known.named:
            values[value].name = name
        for value in known.nameless:
            values[value].name = ""
        run.steps += known.steps
        if known.read_training:
            run.read_training()
        return [_moved(result, values) for result in known.results]

    def watch(self, step: Step, ctx: Context) -> None:
        """Every round is built."""

    def _from_other_form(self, known: Recorded, values: dict[Value, Value]) -> bool:
        """Whether a call that the other form of the network has built is the same here."""
        return not known.read_training and _same_inputs(known.graph, self._run.graph, values)

    def _copy(self, known: Recorded, values: dict[Value, Value], span: Span, ctx: Context) -> bool:
        """Add the nodes, and their outputs to `values`; False, and nothing done, where paths of weights collide."""
        weights, at, cut = self._run.weights, ctx.weights, len(known.path)
        call = Scope("", at, ctx.frame.scope, span, show_rounds(ctx.rounds) if ctx.rounds else "")
        sized = list(self._run.graph.inputs.values())[:1]  # what tells an operator that reads nothing how large N is
        scopes: dict[Scope, Scope] = {}
        nodes: list[Node] = []
        weighted: list[Node] = []
        for node in known.graph.nodes[known.begin : known.end]:
            path = at + node.path[cut:]
            scope = scopes.get(node.scope)
            if scope is None:
                scope = _inside(node.scope, known, scopes, call)
            reads = sized if node.op.reads_batch_size else [values.get(value, value) for value in node.operands]
            made = node.moved(reads, path, scope)
            values.update(zip(node.outputs, made.outputs, strict=True))
            nodes.append(made)
            owner = known.weights.get(node.path)
            if owner is not None and owner[0] is node:
                if path in weights:
                    return False
                weighted.append(made)
        for made in weighted:
            weights[made.path] = (made, "")
        self._run.graph.nodes.extend(nodes)
        return True


def _inside(scope: Scope, known: Recorded, scopes: dict[Scope, Scope], call: Scope) -> Scope:
    """The copy of a scope within a call; `call` stands where the call itself does."""
    made = scopes.get(scope)
    if made is None:
        if scope.parent is known.outer or scope.parent is None:
            made = Scope(scope.cell, call.path, call.parent, call.span, call.round)
        else:
            parent = _inside(scope.parent, known, scopes, call)
            made = Scope(scope.cell, call.path + scope.path[len(known.path) :], parent, scope.span, scope.round)
        scopes[scope] = made
    return made


def _same_inputs(one: Graph, other: Graph, values: dict[Value, Value]) -> bool:
    """Whether two forms have equal inputs; if so, each stands for the other in `values`."""
    pairs = list(zip(one.inputs.values(), other.inputs.values(), strict=False))
    if len(one.inputs) != len(other.inputs) or any(first.type != second.type for first, second in pairs):
        return False
    for first, second in pairs:
        values.setdefault(first, second)
    return True


def _key(data: object, numbers: dict[Value, int]) -> object:
    """Equal for data that a call can't tell apart: tensors count by type, name and which of them are the same."""
    kind = type(data)
    if kind is Value:
        value: Value = data  # type: ignore[assignment]
        return numbers.setdefault(value, len(numbers)), value.type, not value.name
    if kind is int:
        return data
    if kind is list:
        return list, *[_key(item, numbers) for item in data]  # type: ignore[attr-defined]
    if kind is BoundStep:
        bound: BoundStep = data  # type: ignore[assignment]
        return id(bound.target), *[(name, _key(value, numbers)) for name, (value, _) in bound.attributes.items()]
    return kind, data  # 1, 1.0 and true are equal and not the same


def _collect(data: list[Data], found: list[Value]) -> None:
    for item in data:
        if type(item) is Value:
            found.append(item)
        elif type(item) is list:
            _collect(item, found)


def _moved(data: Data, values: dict[Value, Value]) -> Data:
    if type(data) is list:
        return [_moved(item, values) for item in data]
    return values.get(data, data) if type(data) is Value else data
