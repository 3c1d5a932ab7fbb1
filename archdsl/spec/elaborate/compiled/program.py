"""A file compiled: candidates of its space, added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from archdsl.ir.graph import Value
from archdsl.spec.elaborate.compiled.cells import CellCode, Cells, Parameter
from archdsl.spec.elaborate.compiled.recall import Memory
from archdsl.spec.elaborate.compiled.state import Evaluate, Frame, Run, Unsupported
from archdsl.spec.elaborate.compiled.values import value
from archdsl.spec.elaborate.decisions import Decider
from archdsl.spec.elaborate.network import room
from archdsl.spec.elaborate.scopes import ABSENT, Absent, Data
from archdsl.spec.elaborate.size import Sizes
from archdsl.spec.elaborate.tally.blueprint import Blueprint, Simplify
from archdsl.spec.elaborate.tally.network import Tallied
from archdsl.spec.elaborate.tally.record import Doubtful
from archdsl.spec.syntax.model import Attribute, Input, Label, SpecFile
from archdsl.types import TensorType

if TYPE_CHECKING:
    from archdsl.spec.elaborate.tally.run import Measure

# Remembered calls, bound callables, values and decisions, before all is forgotten and compiled anew.
MOST_ENTRIES = 60_000
_MOST_ELEMENTS = 2**53


class Program:
    """The inference form of a file, compiled.

    Args:
        spec: a file with a graph, its imports resolved.
        params: values for root parameters, as written.
        shapes: shapes that replace those of the file, by input.
        measure: what an operator costs on such operands.
        simplify: for blueprints.
        most: how much is remembered.

    Raises:
        Unsupported: if the file does something that is not compiled; also while it runs.
    """

    def __init__(
        self,
        spec: SpecFile,
        params: Mapping[str, Attribute],
        shapes: Mapping[str, tuple[int, ...]],
        measure: Measure,
        simplify: Simplify,
        most: int = MOST_ENTRIES,
    ):
        root = spec.root
        if root is None or root.body is None or Sizes().excess(root.body, root) is not None:
            raise Unsupported
        if not set(params) <= set(root.params) or not set(shapes) <= {declared.name for declared in spec.inputs}:
            raise Unsupported
        self._spec, self._shapes, self._most = spec, shapes, most
        self._given = params
        self._measure, self._simplify = measure, simplify
        self._compile()

    @property
    def entries(self) -> int:
        """How much is remembered."""
        return self._memory.entries

    def _compile(self) -> None:
        root = self._spec.root
        assert root is not None
        self._memory = Memory(self._simplify)
        cells = Cells(self._memory, self._measure)
        self._params = [Parameter(cells, root, param) for param in root.params.values()]
        self._values = {
            name: cells.binder.step(root, given.value)
            if root.kinds.get(name) == "step"
            else value(self._memory, given.value)
            for name, given in self._given.items()
        }
        self._inputs = [self._input(declared) for declared in self._spec.inputs]
        self._code = CellCode(cells, root)
        self._names = None if root.outputs is None else [output.name for output in root.outputs]
        if self._names is not None and not all(self._names):
            raise Unsupported

    def _input(self, declared: Input) -> tuple[str, str, tuple[int, ...] | Evaluate]:
        dtype = "int64" if declared.dtype == "int64" else "float32"
        given = self._shapes.get(declared.name)
        return declared.name, dtype, tuple(given) if given is not None else value(self._memory, declared.shape)

    def run(self, decider: Decider, reached: dict[str, Label]) -> Tallied:
        """Add up one candidate.

        Args:
            decider: fills the holes.
            reached: takes what is decided, also if this fails.

        Raises:
            Invalid: if building it would find a mistake.
            Doubtful: if only building it can tell.
            Unsupported: if a cell can't be compiled.
        """
        if self._memory.entries > self._most:
            self._compile()
        run, frame = Run(decider, reached), Frame("", False, 0)
        with room():
            return self._run(run, frame)

    def _run(self, run: Run, frame: Frame) -> Tallied:
        for param in self._params:
            given = self._values.get(param.name)
            param.set(run, frame, None if given is None else given(run, frame, param.name, False))
        params = dict(frame.table)
        inputs = {name: self._made(run, frame, name, dtype, shape) for name, dtype, shape in self._inputs}
        run.first = list(inputs.values())[:1]
        frame.table.update(inputs)
        if not inputs:
            raise Doubtful
        results = self._code.graph(run, frame, list(inputs.values()))
        outputs = self._named(frame, results)
        record = run.record
        plan = Blueprint(list(inputs.values()), record.built, list(outputs.values()), self._simplify)
        known = {name: found for name, found in params.items() if found is not ABSENT}
        return Tallied(
            run.decisions,
            run.points,
            known,  # type: ignore[arg-type]
            False,
            record.total(),
            {},
            inputs,
            tuple(outputs),
            plan,
            distinct=True,
        )

    def _made(self, run: Run, frame: Frame, name: str, dtype: str, shape: tuple[int, ...] | Evaluate) -> Value:
        sizes: Data = list(shape) if isinstance(shape, tuple) else shape(run, frame, name, False)
        if type(sizes) is not list or len(sizes) > 6:
            raise Doubtful
        if not all(type(size) is int and size >= 1 for size in sizes):
            raise Doubtful
        kind = TensorType(tuple(sizes), "int64" if dtype == "int64" else "float32")  # type: ignore[arg-type]
        if kind.elements >= _MOST_ELEMENTS:
            raise Doubtful
        return Value(kind, name)

    def _named(self, frame: Frame, results: Sequence[Data | Absent]) -> dict[str, Value]:
        names = self._names
        if names is None:
            names = ["output"] if len(results) == 1 else [f"output_{i}" for i in range(len(results))]
        found: dict[str, Value] = {}
        for name, result in zip(names, results, strict=True):
            if isinstance(result, Absent):
                continue
            for key, item in _flat(name, result):
                if type(item) is not Value or key in found:
                    raise Doubtful
                found[key] = item
        if not found:
            raise Doubtful
        return found


def _flat(name: str, result: Data) -> list[tuple[str, Data]]:
    """A list's members are outputs of their own."""
    if type(result) is not list:
        return [(name, result)]
    return [pair for i, item in enumerate(result) for pair in _flat(f"{name}_{i}", item)]
