"""Cells compiled: what a call reads, its parameters, its body, its outputs; remembered calls are not looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from archdsl.ir.graph import Value
from archdsl.ops.base import Operator, OperatorError, infer, weights_of
from archdsl.spec.elaborate.cells import CHECKS
from archdsl.spec.elaborate.compiled.binding import Binder
from archdsl.spec.elaborate.compiled.names import Names
from archdsl.spec.elaborate.compiled.recall import Memory, begun, finished, recalled
from archdsl.spec.elaborate.compiled.state import (
    Applied,
    Bind,
    Bound,
    Evaluate,
    Frame,
    Run,
    StepCode,
    Unsupported,
)
from archdsl.spec.elaborate.compiled.values import value
from archdsl.spec.elaborate.run import CALL_DEPTH
from archdsl.spec.elaborate.scopes import ABSENT, Absent, Data, join
from archdsl.spec.elaborate.tally.blueprint import Applied as AppliedPart
from archdsl.spec.elaborate.tally.outlines import Tensors
from archdsl.spec.elaborate.tally.record import Doubtful, Invalid
from archdsl.spec.syntax.model import Cell, Param, Text, Written
from archdsl.types import TensorType

if TYPE_CHECKING:
    from archdsl.spec.elaborate.tally.run import Measure


# What named tuples do, without a call in between.
_new = tuple.__new__


class Cells:
    """The cells of one program, each compiled when it is first called.

    Args:
        measure: what an operator costs on such operands.
    """

    def __init__(self, memory: Memory, measure: Measure):
        self.memory = memory
        self.binder = Binder(memory)
        self.measure = measure
        self._codes: dict[Cell, CellCode] = {}

    def code(self, cell: Cell) -> CellCode:
        """The compiled cell.

        Raises:
            Unsupported: if it can't be compiled.
        """
        found = self._codes.get(cell)
        if found is None:
            found = self._codes[cell] = CellCode(self, cell)
        return found

    def call(self, run: Run, frame: Frame, bound: Bound, arguments: list[Data], path: str, tied: bool) -> list[Data]:
        """Call a cell or an operator.

        Raises:
            Doubtful: if it can't read these.
            Invalid: if an operator refuses them.
        """
        op = bound.op
        if op is not None:
            return self._apply(run, bound, op, arguments)
        assert isinstance(bound.target, Cell)
        tensors = None
        if len(arguments) == 1 and type(arguments[0]) is Value:
            read: list[Value] = arguments  # type: ignore[assignment]
            key: object = read[0].type, tied
        else:
            tensors = Tensors()
            key = tuple([tensors.outline(item) for item in arguments]), tied
            read = tensors.values
        mark = len(run.asks)
        leaf = bound.calls.find(run, key, path)
        if leaf is None:
            del run.asks[mark:]  # they are asked for again, and answered alike
            here = run.here.get((bound, key, path))
            if here is None:
                return self._look(run, frame, bound, arguments, path, tied, tensors, key)
            leaf, asks = here
            run.asks += asks
        return recalled(run, frame, leaf, read)[0]

    def _look(
        self,
        run: Run,
        frame: Frame,
        bound: Bound,
        arguments: list[Data],
        path: str,
        tied: bool,
        tensors: Tensors | None,
        key: object,
    ) -> list[Data]:
        assert isinstance(bound.target, Cell)
        code = self.code(bound.target)
        begin = begun(run)
        inner = Frame(path, tied, frame.depth + 1)
        if inner.depth > CALL_DEPTH:
            raise Doubtful
        results = code.run(run, inner, bound, arguments)
        if tensors is None:
            tensors = Tensors()
            tensors.number(arguments[0])  # type: ignore[arg-type]
        leaf, asks = finished(run, begin, tensors, results, self.memory)
        bound.calls.keep(key, asks, len(path) + 1, leaf)
        run.here[bound, key, path] = leaf, asks
        return results

    def _apply(self, run: Run, bound: Bound, op: Operator, arguments: list[Data]) -> list[Data]:
        """Its outputs' types, without a node; its cost is counted."""
        if bound.is_identity:
            return arguments
        operands = _spliced(arguments) if bound.is_variadic else arguments
        if bound.reads_batch_size:
            operands = list(run.first)
        types = (_type(operands[0]),) if len(operands) == 1 else tuple([_type(operand) for operand in operands])
        applied = bound.applied.get(types)
        if applied is None:
            applied = bound.applied[types] = self._applied(op, types)
        record = run.record
        if applied.amounts:
            record.parts.append(applied.amounts)
        kinds = applied.types
        made = [Value(kinds[0])] if len(kinds) == 1 else [Value(kind) for kind in kinds]
        path = str(len(record.built)) if applied.has_weights else ""
        record.built.append(_new(AppliedPart, (op, operands, made, path)))
        return made  # type: ignore[return-value]

    def _applied(self, op: Operator, types: tuple[TensorType, ...]) -> Applied:
        self.memory.entries += 1
        try:
            outputs = infer(op, types)
        except OperatorError:
            raise Invalid from None
        return Applied(outputs, self.measure(op, types), bool(weights_of(op, types)))


def _type(operand: Data) -> TensorType:
    if type(operand) is not Value:
        raise Doubtful
    return operand.type


def _spliced(arguments: list[Data]) -> list[Data]:
    flat: list[Data] = []
    for argument in arguments:
        if type(argument) is list:
            flat.extend(_spliced(argument))
        else:
            flat.append(argument)
    return flat


class CellCode:
    """One cell, compiled."""

    def __init__(self, cells: Cells, cell: Cell):
        from archdsl.spec.elaborate.compiled.steps import Bodies  # bodies call cells, and cells run bodies

        if cell.body is None or cell.is_open:
            raise Unsupported
        memory = cells.memory
        names = Names(cell)
        self._inputs = [declared.text for declared in cell.inputs]
        self._params = [Parameter(cells, cell, param) for param in cell.params.values()]
        self._require = [value(memory, written) for written in cell.require]
        self._body: StepCode = Bodies(cells, cell, names).body(cell.body)
        self._outputs = None if cell.outputs is None else [output(memory, item.value) for item in cell.outputs]

    def run(self, run: Run, frame: Frame, bound: Bound, arguments: list[Data]) -> list[Data]:
        """Carry out one call.

        Raises:
            Doubtful: if something is unusual.
            Invalid: if a requirement does not hold.
        """
        if len(arguments) != len(self._inputs):
            raise Doubtful
        table = frame.table
        for name, argument in zip(self._inputs, arguments, strict=True):
            if type(argument) is not Value and type(argument) is not list:
                raise Doubtful
            table[name] = argument
        given = bound.attributes
        for param in self._params:
            param.set(run, frame, given.get(param.name))
        return [item for item in self.graph(run, frame, arguments) if not isinstance(item, Absent)]

    def graph(self, run: Run, frame: Frame, arguments: list[Data]) -> Sequence[Data | Absent]:
        """Requirements, body and outputs; ABSENT for those whose steps are not there."""
        for requirement in self._require:
            holds = requirement(run, frame, "", frame.tied)
            if holds is False:
                raise Invalid
            if holds is not True:
                raise Doubtful
        result = self._body(run, frame, frame.base, frame.tied, arguments)
        if self._outputs is None:
            return result
        return [output(run, frame, "", frame.tied) for output in self._outputs]


class Parameter:
    """A parameter of a cell: takes what is given, or its default."""

    __slots__ = ("_check", "_default", "_is_step", "name")

    def __init__(self, cells: Cells, cell: Cell, param: Param):
        self.name = param.name
        self._is_step = cell.kinds.get(param.name) == "step"
        if param.type == "any" or (param.type == "step") > self._is_step:
            raise Unsupported
        self._check = None if self._is_step else CHECKS.get(param.type)
        self._default: Evaluate | Bind | None = None
        if param.default is not None:
            of_step, of_value = cells.binder.step, value
            self._default = of_step(cell, param.default) if self._is_step else of_value(cells.memory, param.default)

    def set(self, run: Run, frame: Frame, given: Data | Bound | None) -> None:
        """Give it its value.

        Raises:
            Doubtful: for a value of another type, and for none.
        """
        name = self.name
        if given is None:
            if self._default is None:
                raise Doubtful
            given = self._default(run, frame, join(frame.base, name), frame.tied)
        if (type(given) is Bound) is not self._is_step or (self._check is not None and not self._check(given)):
            raise Doubtful
        if self._is_step:
            frame.steps[name] = given  # type: ignore[assignment]
        else:
            frame.table[name] = given  # type: ignore[assignment]


def output(memory: Memory, written: Written) -> Callable[[Run, Frame, str, bool], Data | Absent]:
    """What gives one output; ABSENT if its step is not there."""
    evaluate = value(memory, written)
    name = written.text if isinstance(written, Text) else ""

    def give(run: Run, frame: Frame, hole: str, tied: bool) -> Data | Absent:
        return ABSENT if frame.table.get(name) is ABSENT else evaluate(run, frame, hole, tied)

    return give
