"""What the translations of all formats share: tables of rules, and values that are written in the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np

from archdsl.importing.lifted import Lifted, Weight
from archdsl.importing.program import Array, Instruction, Program, Refusal

# None: this rule doesn't apply, the next one may. Refusal: none will.
Rule: TypeAlias = "Callable[[Program, Instruction], list[Lifted] | None]"

# Constants up to this size are written into the spec; larger ones become weights.
MOST_WRITTEN = 16


class Rules:
    """Rules by operator, tried in the order in which they were added."""

    def __init__(self) -> None:
        self._by_op: dict[str, list[Rule]] = {}

    def __call__(self, *ops: str) -> Callable[[Rule], Rule]:
        """Decorator: the function is a rule for these operators."""

        def added(rule: Rule) -> Rule:
            for op in ops:
                self._by_op.setdefault(op, []).append(rule)
            return rule

        return added

    def translate(self, program: Program, one: Instruction) -> list[Lifted]:
        """The steps of an instruction.

        Raises:
            Refusal: if no rule has some.
        """
        rules = self._by_op.get(one.op)
        if rules is None:
            raise Refusal("the language has no such operator")
        for rule in rules:
            steps = rule(program, one)
            if steps is not None:
                return steps
        raise Refusal("this form of it has no counterpart")


def step(operator: str, one: Instruction, operands: Sequence[str], **attributes: Any) -> list[Lifted]:
    """A single step in place of the instruction; attributes that are None are left out."""
    given = {name: value for name, value in attributes.items() if value is not None}
    return [Lifted(operator, given, list(operands), list(one.outputs))]


def weight(program: Program, name: str) -> Weight:
    """A constant as a weight."""
    return Weight(name, program.constants[name])


def one_number(values: Sequence[int]) -> int | tuple[int, ...]:
    """Equal numbers as one: what a reader expects to see."""
    return int(values[0]) if len(set(values)) == 1 else tuple(int(v) for v in values)


def window_padding(before: Sequence[int], after: Sequence[int]) -> int | tuple[int, ...]:
    """The attribute `padding`: by axis where both ends agree, else the last axis first, its ends side by side."""
    if list(before) == list(after):
        return one_number(before)
    return tuple(int(n) for pair in reversed(list(zip(before, after, strict=True))) for n in pair)


def written(
    program: Program, one: Instruction, name: str, result: str, shape: Sequence[int] | None = None
) -> list[Lifted]:
    """Steps that give a constant of the file as a value.

    Small ones are a `constant`; larger ones are zeros plus a learned number for each element: a free weight.

    Args:
        program: the program.
        one: the instruction that reads it.
        name: the constant.
        result: name of the value to make.
        shape: of one sample; by default the constant's own.
    """
    array = program.constants[name]
    shape = tuple(array.shape if shape is None else shape)
    array = array.reshape(shape) if array.size == prod(shape) else np.broadcast_to(array, shape)
    if array.dtype != np.int64:
        array = array.astype(np.float32)
    if array.size and np.isfinite(array).all() and (np.ptp(array) == 0 or array.dtype == np.int64 or small(array)):
        return [Lifted("constant", _constant(array), [], [result])]
    if array.dtype == np.int64 or not array.size:
        raise Refusal(f"it reads a table of {list(shape)} integers")
    zeros, flat = f"{result}%zeros", result if len(shape) == 1 else f"{result}%flat"
    bias = {"bias": Weight(name, np.ascontiguousarray(array).reshape(-1))}
    steps = [
        Lifted("constant", {"value": 0, "shape": (array.size,)}, [], [zeros]),
        Lifted("add_bias", {}, [zeros], [flat], bias),
    ]
    if flat != result:
        steps.append(Lifted("reshape", {"shape": shape}, [flat], [result]))
    return steps


def small(array: Array) -> bool:
    """Whether a constant is short enough to be written into the spec."""
    return array.size <= MOST_WRITTEN and array.ndim <= 4


def _constant(array: Array) -> dict[str, Any]:
    kind: dict[str, Any] = {"dtype": "int64"} if array.dtype == np.int64 else {}
    if np.ptp(array) == 0:
        single = array.reshape(-1)[0].item()
        shape = {"shape": tuple(array.shape)} if array.ndim else {}
        return {"value": plain(single), **shape, **kind}
    if array.ndim > 4 or array.size > 4096:
        raise Refusal(f"it reads a table of {list(array.shape)} numbers")
    return {"value": _nested(array.tolist()), **kind}


def _nested(value: Any) -> Any:
    return tuple(_nested(v) for v in value) if isinstance(value, list) else plain(value)


def plain(value: float) -> int | float:
    """A number as one would write it: whole ones without a point, float32 ones with the digits they have."""
    if not np.isfinite(value):
        raise Refusal("it has an infinite number in it")
    if isinstance(value, int) or value == int(value):
        return int(value)
    return short(value)


def short(value: float) -> float:
    """The shortest decimal number that is the same float32; the number itself if it isn't one."""
    near = float(np.format_float_positional(np.float32(value), unique=True))
    return near if np.float32(near) == np.float32(value) and abs(near - value) <= 1e-6 * abs(value) else float(value)


def tensors(program: Program, one: Instruction, names: Sequence[str]) -> tuple[list[Lifted], list[str]]:
    """Operands as values: constants among them are written out. Gives the steps for that, and the names."""
    steps: list[Lifted] = []
    found = []
    for place, name in enumerate(names):
        if name in program.constants:
            value = f"{one.outputs[0]}%{place}"
            steps += written(program, one, name, value, sample_of_constant(program, name))
            found.append(value)
        else:
            found.append(name)
    return steps, found


def sample_of_constant(program: Program, name: str) -> tuple[int, ...]:
    """Shape of a constant that stands beside tensors of the same rank: its first dimension is the batch's."""
    shape = program.shape(name)
    if not shape or shape[0] not in (1, program.batch):
        raise Refusal(f"a constant of shape {list(shape)} has no place for the batch")
    return shape[1:]


def require_tensor(program: Program, name: str) -> str:
    """The name, if it is no constant. Raises Refusal."""
    if name in program.constants:
        raise Refusal("it reads a constant where a value is needed")
    return name


def require_constant(program: Program, name: str, what: str) -> Array:
    """The constant. Raises Refusal if it is computed."""
    if name not in program.constants:
        raise Refusal(f"its {what} are computed")
    return program.constants[name]


def axis_of(axis: int, rank: int) -> int:
    """A dimension number that counts N as one that doesn't. Raises Refusal for N itself."""
    place = int(axis) % rank if rank else 0
    if place == 0:
        raise Refusal("it works along the batch")
    return place - 1


def reshaped(program: Program, one: Instruction, source: str) -> list[Lifted]:
    """The step that brings a value to the shape of the instruction's result: a view, whatever it is called."""
    before, after = program.sample(source), program.sample(one.outputs[0])
    if before == after:
        return [Lifted("identity", {}, [source], one.outputs[:1])]
    outputs = one.outputs[:1]
    if prod(before) != prod(after):
        raise Refusal("it changes the batch")
    for start in range(len(before)):
        for end in range(start + 1, len(before)):
            if after == (*before[:start], prod(before[start : end + 1]), *before[end + 1 :]):
                attributes = {"start_dim": start} if start else {}
                if end < len(before) - 1:
                    attributes["end_dim"] = end
                return [Lifted("flatten", attributes, [source], outputs)]
    if len(after) == len(before) + 1:
        for place in range(len(after)):
            if after[place] == 1 and after[:place] + after[place + 1 :] == before:
                return [Lifted("unsqueeze", {"dim": place}, [source], outputs)]
    return [Lifted("reshape", {"shape": after}, [source], outputs)]
