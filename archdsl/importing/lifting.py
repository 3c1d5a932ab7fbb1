"""From a program to a graph of operators: every instruction that the outputs need, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from pydantic import ValidationError

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.importing.batch_first import put_batch_first
from archdsl.importing.lifted import IDENTITY, Lifted, Weight
from archdsl.importing.program import Consequence, Instruction, Level, Program, Refusal, printable
from archdsl.importing.relowering import Mismatch, relowered
from archdsl.ir.graph import Graph, Node, Scope, Value
from archdsl.ops.base import OperatorError, check_arity
from archdsl.ops.registry import make, operators
from archdsl.types import DTYPES, DType, TensorType

Translate: TypeAlias = "Callable[[Program, Instruction], list[Lifted]]"

MALFORMED = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, AssertionError)
MOST_SHOWN = 50


@dataclass(slots=True)
class Network:
    """An imported network.

    Attributes:
        graph: its operators; every node has a path of its own.
        weights: of each node that has some.
        scopes: the modules around each node, from the outside in.
        training: the training form, if it has more outputs than `graph`, with the nodes of `graph` among its own.
    """

    graph: Graph
    weights: dict[Node, Mapping[str, Weight]] = field(default_factory=dict)
    scopes: dict[Node, tuple[Level, ...]] = field(default_factory=dict)
    training: Graph | None = None


def lift(program: Program, translate: Translate) -> Network:
    """The network of a program.

    Args:
        program: what a reader made of the file.
        translate: gives the steps of one instruction, and may take in instructions before it; raises Refusal.

    Raises:
        ArchdslError: E1101 with all instructions that have no counterpart.
    """
    put_batch_first(program)
    lifter = _Lifter(program, translate)
    steps = lifter.steps()
    if lifter.refused:
        raise ArchdslError(_findings(lifter.refused))
    return _Assembly(program).assembled(steps)


def _findings(refused: list[tuple[Instruction, Refusal]]) -> list[Diagnostic]:
    """One finding for each instruction, in order; those that only follow from others are left out."""
    primary = [each for each in refused if not isinstance(each[1], Consequence)] or refused
    found = []
    for one, reason in reversed(primary[-MOST_SHOWN:]):
        place = printable("/".join(level.label for level in one.scope))
        notes = (f"in module {place}",) if place and place not in one.name else ()
        found.append(Diagnostic("E1101", _message(one), None, str(reason), notes))
    if len(primary) > MOST_SHOWN:
        found.append(Diagnostic("E1101", f"and {len(primary) - MOST_SHOWN} further instructions"))
    return found


def _message(one: Instruction) -> str:
    return f"`{printable(one.op)}` at `{printable(one.name)}` cannot be imported"


class _Lifter:
    """Goes backwards from the outputs, so that an instruction may take in those that only it reads."""

    def __init__(self, program: Program, translate: Translate):
        self.program = program
        self.translate = translate
        self.refused: list[tuple[Instruction, Refusal]] = []
        self.groups: dict[int, list[Instruction]] = {}
        for one in program.instructions:
            if one.annotation is not None:
                self.groups.setdefault(one.annotation.step, []).append(one)

    def steps(self) -> list[Lifted]:
        needed = {value for _, value in self.program.outputs}
        found: list[Lifted] = []
        for one in reversed(self.program.instructions):
            if one.folded or needed.isdisjoint(one.outputs):
                continue
            try:
                made = self.of(one)
            except Refusal as refusal:
                self.refused.append((one, refusal))
                needed.update(one.inputs)
                continue
            except MALFORMED:  # attributes of another kind or number than the operator has
                self.refused.append((one, Refusal("it is malformed")))
                needed.update(one.inputs)
                continue
            for step in reversed(made):
                step.origin = step.origin or one
                step.scope = step.scope or one.scope
                needed.update(step.operands)
                found.append(step)
            needed.difference_update(*(step.outputs for step in made))
        return found[::-1]

    def of(self, one: Instruction) -> list[Lifted]:
        if one.annotation is not None:
            group = self.groups.pop(one.annotation.step, [])
            try:
                if group:
                    return [relowered(self.program, group)]
            except Mismatch:
                pass  # other programs have changed the model: it is read like any other
        return self.translate(self.program, one)


class _Assembly:
    """Steps become nodes; their types are computed anew and held against those of the file."""

    def __init__(self, program: Program):
        self.program = program
        self.graph = Graph(program.name, root=Scope(program.name))
        self.network = Network(self.graph)
        self.values: dict[str, Value] = {}
        self.findings: list[Diagnostic] = []
        self.paths: dict[tuple[str, ...], str] = {}

    def assembled(self, steps: list[Lifted]) -> Network:
        program = self.program
        for name in program.inputs:
            meta = program.metas[name]
            dtype: DType = "int64" if meta.dtype == "int64" else "float32"
            self.values[name] = self.graph.inputs[name] = Value(TensorType(meta.shape[1:], dtype), name)
        for step in _ordered(steps, set(program.inputs)):
            try:
                self.add(step)
            except Refusal as refusal:
                self.refuse(step, str(refusal))
            except OperatorError as error:
                self.refuse(step, error.message)
            except ValidationError as error:
                self.refuse(step, "; ".join(e["msg"] for e in error.errors()))
        for public, value in program.outputs:
            if value in self.values:
                self.graph.outputs[public] = self.values[value]
            elif not self.findings:
                self.findings.append(Diagnostic("E1101", f"output `{printable(public)}` does not depend on the inputs"))
        if self.findings:
            raise ArchdslError(self.findings)
        return self.network

    def refuse(self, step: Lifted, reason: str) -> None:
        one = step.origin
        assert one is not None
        self.findings.append(Diagnostic("E1101", _message(one), None, printable(reason)))

    def add(self, step: Lifted) -> None:
        if any(name not in self.values for name in step.operands):
            if self.findings:
                return  # what makes it was refused
            raise Refusal("it reads a constant where a value is needed")
        operands = [self.values[name] for name in step.operands]
        if step.operator == IDENTITY:
            self.check(step, [operands[0].type])
            self.values[step.outputs[0]] = operands[0]
            return
        kind = operators()[step.operator]
        check_arity(kind, len(operands))
        if kind.reads_batch_size and not operands:
            operands = [next(iter(self.graph.inputs.values()))]
        op = make(kind, step.attributes)
        path = f"{len(self.graph.nodes)}"
        node = Node(op, operands, self.shared(step, path), self.graph.root)
        self.check(step, list(node.output_types))
        self.graph.nodes.append(node)
        for name, value in zip(step.outputs, node.outputs, strict=False):
            value.name = name
            self.values[name] = value
        self.network.scopes[node] = step.scope
        if node.weights:
            self.network.weights[node] = step.weights
            self.check_weights(node)

    def shared(self, step: Lifted, path: str) -> str:
        """One path for all steps that read the same weights.

        Exporters store equal arrays once. Arrays of equal numbers, as they are before training, therefore say nothing
        about sharing, except in our own models.
        """
        ours = step.origin is not None and step.origin.annotation is not None
        if not ours and all(np.ptp(weight.array) == 0 for weight in step.weights.values() if weight.array.size):
            return path
        sources = (step.operator, *(f"{name}={weight.source}" for name, weight in step.weights.items()))
        return self.paths.setdefault(sources, path) if step.weights else path

    def check(self, step: Lifted, types: list[TensorType]) -> None:
        """Raises Refusal if the file says another type: the batch would not stay where it is."""
        for name, type in zip(step.outputs, types, strict=False):
            meta = self.program.metas.get(name)
            if meta is None:
                continue
            if meta.shape != (self.program.batch, *type.shape) or meta.dtype not in DTYPES:
                shown = ", ".join("N" if size == self.program.batch else str(size) for size in meta.shape)
                raise Refusal(f"it gives [{shown}] of {meta.dtype}, not {type}")

    def check_weights(self, node: Node) -> None:
        given = self.network.weights[node]
        for spec in node.weights:
            if spec.name in given and given[spec.name].array.shape != spec.shape:
                shape = list(given[spec.name].array.shape)
                raise Refusal(f"its weight `{spec.name}` has shape {shape}, not {list(spec.shape)}")


def _ordered(steps: list[Lifted], known: set[str]) -> Iterator[Lifted]:
    """The steps, each behind those it reads; otherwise in the order in which they come."""
    made = {name for step in steps for name in step.outputs}
    waiting: dict[str, list[Lifted]] = {}
    queue = list(reversed(steps))
    while queue:
        step = queue.pop()
        missing = next((name for name in step.operands if name in made and name not in known), None)
        if missing is not None:
            waiting.setdefault(missing, []).append(step)
            continue
        yield step
        for name in step.outputs:
            known.add(name)
            queue.extend(reversed(waiting.pop(name, [])))
