"""Reads our own ONNX models back exactly: what a note says is lowered again and held against the nodes.

If the lowering of the operator gives just these nodes, the operator stands for them, whatever they look like. Weights
that the lowering transposes or joins are found by sending the numbers of their elements through it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from pydantic import ValidationError

from archdsl.importing.lifted import Lifted, Weight
from archdsl.importing.program import Array, Instruction, Program
from archdsl.ops.base import OperatorError, WeightSpec, infer
from archdsl.ops.onnx import Attribute
from archdsl.ops.registry import make, operators
from archdsl.types import TensorType

# Element numbers begin here: smaller numbers in a transformed weight are made by the transformation itself.
FIRST = 16


class Mismatch(Exception):  # noqa: N818 - an answer, not a mistake
    """The nodes are not what the note says."""


@dataclass(slots=True)
class _Record:
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]


@dataclass(slots=True)
class _Recorder:
    """The builder that the operator talks to; names begin with what they are: `in`, `value`, `weight`, `constant`."""

    specs: dict[str, WeightSpec]
    records: list[_Record] = field(default_factory=list)
    numbered: dict[str, Array] = field(default_factory=dict)
    direct: dict[str, str] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)

    def node(self, op_type: str, *inputs: str, **attributes: Attribute) -> str:
        return self.nodes(op_type, *inputs, outputs=1, **attributes)[0]

    def nodes(self, op_type: str, *inputs: str, outputs: int, **attributes: Attribute) -> tuple[str, ...]:
        names = tuple(f"value {len(self.records)}.{place}" for place in range(outputs))
        given = list(inputs)
        while given and not given[-1]:
            given.pop()
        self.records.append(_Record(op_type, tuple(given), names, attributes))
        return names

    def weight(self, name: str, transform: Callable[[Array], Array] | None = None) -> str:
        if transform is None:
            key = f"weight {name}"
            self.direct[key] = name
            return key
        return self.weights([name], transform)

    def weights(self, names: Sequence[str], transform: Callable[..., Array]) -> str:
        key = f"numbered {len(self.numbered)}"
        self.numbered[key] = np.asarray(transform(*map(self._numbers, names)))
        return key

    def constant(self, value: object, dtype: str = "int64") -> str:
        key = f"constant {len(self.constants)}"
        self.constants[key] = np.asarray(value, dtype=dtype)
        return key

    def _numbers(self, name: str) -> Array:
        first = FIRST
        for other, spec in self.specs.items():
            if other == name:
                return np.arange(first, first + prod(spec.shape)).reshape(spec.shape)
            first += prod(spec.shape)
        raise Mismatch


def relowered(program: Program, group: Sequence[Instruction]) -> Lifted:
    """The step that a group of instructions with one annotation comes from.

    Raises:
        Mismatch: if the annotation doesn't tell the truth.
    """
    annotation = group[-1].annotation
    assert annotation is not None
    try:
        op = make(operators()[annotation.operator], annotation.attributes)
        types = infer(op, annotation.operands)
        recorder = _Recorder({spec.name: spec for spec in op.weights(*annotation.operands)})
        placeholders = [f"in {place}" for place in range(len(annotation.operands))]
        made = list(op.onnx(recorder, placeholders, annotation.operands))
    except (KeyError, ValidationError, OperatorError, NotImplementedError, TypeError, ValueError, IndexError):
        raise Mismatch from None
    bound = _Matching(program, recorder)
    if len(group) != len(recorder.records) or len(made) != len(types):
        raise Mismatch
    for record, actual in zip(recorder.records, group, strict=True):
        bound.match(record, actual)
    operands = [bound.names[name] for name in placeholders if name in bound.names]
    if len(operands) != len(placeholders):
        raise Mismatch
    _check_types(program, [*operands, *(bound.names[name] for name in made)], [*annotation.operands, *types])
    outputs = [bound.names[name] for name in made]
    return Lifted(op.name, annotation.attributes, operands, outputs, bound.weights(), group[-1].scope, group[-1])


def _check_types(program: Program, values: Sequence[str], types: Sequence[TensorType]) -> None:
    for value, type in zip(values, types, strict=True):
        meta = program.metas.get(value)
        if meta is None or meta.shape[1:] != type.shape or meta.shape[:1] != (program.batch,):
            raise Mismatch


class _Matching:
    """Names of the recorder bound to names of the program."""

    def __init__(self, program: Program, recorder: _Recorder):
        self.program = program
        self.recorder = recorder
        self.names: dict[str, str] = {}

    def match(self, record: _Record, actual: Instruction) -> None:
        if record.op != actual.op or len(record.inputs) != len(actual.inputs):
            raise Mismatch
        for expected, found in zip(record.inputs, actual.inputs, strict=True):
            self.operand(expected, found)
        for name, value in record.attributes.items():
            if not _same(value, actual.attributes.get(name)):
                raise Mismatch
        if len(record.outputs) != len(actual.outputs):
            raise Mismatch
        self.names.update(zip(record.outputs, actual.outputs, strict=True))

    def operand(self, expected: str, found: str) -> None:
        if not expected or not found:
            if expected or found:
                raise Mismatch
        elif expected in self.recorder.constants:
            wanted, given = self.recorder.constants[expected], self.program.constants.get(found)
            if given is None or given.dtype != wanted.dtype or not np.array_equal(given, wanted):
                raise Mismatch
        elif expected in self.recorder.direct or expected in self.recorder.numbered:
            self.bind(expected, found, self.recorder.numbered.get(expected))
        elif self.names.setdefault(expected, found) != found:
            raise Mismatch

    def bind(self, expected: str, found: str, numbers: Array | None) -> None:
        given = self.program.constants.get(found)
        shape = self.recorder.specs[self.recorder.direct[expected]].shape if numbers is None else numbers.shape
        if given is None or tuple(given.shape) != tuple(shape) or self.names.setdefault(expected, found) != found:
            raise Mismatch
        if numbers is not None:
            written = numbers < FIRST
            if not np.array_equal(given[written], numbers[written]):
                raise Mismatch

    def weights(self) -> dict[str, Weight]:
        """Arrays of the operator's weights; those that ONNX has no place for (counters) are left out."""
        found: dict[str, Weight] = {}
        for key, name in self.recorder.direct.items():
            found[name] = Weight(self.names[key], self.program.constants[self.names[key]])
        first = FIRST
        for name, spec in self.recorder.specs.items():
            if name not in found:
                weight = self._undone(spec, first)
                if weight is not None:
                    found[name] = weight
            first += prod(spec.shape)
        return found

    def _undone(self, spec: WeightSpec, first: int) -> Weight | None:
        """A weight put together from what the transformations made of its elements."""
        result = np.zeros(prod(spec.shape), np.float32)
        missing = np.ones(prod(spec.shape), bool)
        sources = []
        for key, numbers in self.recorder.numbered.items():
            inside = (numbers >= first) & (numbers < first + result.size)
            if inside.any():
                places = numbers[inside].astype(np.int64) - first
                result[places] = self.program.constants[self.names[key]][inside]
                missing[places] = False
                sources.append(self.names[key])
        if missing.any():
            return None
        return Weight("+".join(sources), result.reshape(spec.shape))


def _same(expected: Any, found: Any) -> bool:
    """Whether an attribute is as written; numbers up to the float32 in which ONNX keeps them."""
    if isinstance(expected, str):
        return bool(expected == found)
    if found is None or isinstance(found, str):
        return False
    try:
        wanted, given = np.asarray(expected), np.asarray(found)
        if wanted.dtype.kind in "US" or given.dtype.kind in "US":
            return bool(wanted.tolist() == given.tolist())
        return wanted.shape == given.shape and bool(np.all(wanted.astype(np.float32) == given.astype(np.float32)))
    except (TypeError, ValueError):
        return False
