"""Arithmetic with two operands, one of which may be a constant: the same for all formats."""

from __future__ import annotations

import numpy as np

from archdsl.importing.lifted import Lifted, Weight
from archdsl.importing.program import Array, Instruction, Program, Refusal
from archdsl.importing.rules import plain, written

PER_CHANNEL = {"add": ("add_bias", "bias"), "sub": ("add_bias", "bias"), "mul": ("scale", "weight")}


def arithmetic(program: Program, one: Instruction, operator: str, left: str, right: str) -> list[Lifted]:
    """Steps for `left operator right`; tensors have equal ranks, constants are broadcast as in numpy.

    Raises:
        Refusal: if the batch doesn't stay where it is.
    """
    constants = [name in program.constants for name in (left, right)]
    if all(constants):
        raise Refusal("it reads constants only")
    if not any(constants):
        ranks = {len(program.shape(name)) for name in (left, right)}
        if len(ranks) > 1:
            raise Refusal("its operands differ in rank, so that the batch of one meets another dimension")
        return [Lifted(operator, {}, [left, right], one.outputs)]
    x, name = (right, left) if constants[0] else (left, right)
    array = program.constants[name]
    rank = len(program.shape(x))
    if array.ndim > rank or (array.ndim == rank and array.shape[0] != 1):
        raise Refusal(f"a constant of shape {list(array.shape)} has no place for the batch")
    array = array.reshape(array.shape[1:]) if array.ndim == rank else array
    return _with_constant(program, one, operator, (x, name, array), constants[0])


def _with_constant(
    program: Program, one: Instruction, operator: str, operands: tuple[str, str, Array], constant_first: bool
) -> list[Lifted]:
    x, name, array = operands
    channels = channel_numbers(array, program.sample(x))
    if channels is not None and operator in PER_CHANNEL and not constant_first and name in program.learned:
        kind, weight = PER_CHANNEL[operator]
        values = -channels if operator == "sub" else channels
        return [Lifted(kind, {}, [x], one.outputs, {weight: Weight(name, values)})]
    if channels is not None and operator in ("add", "mul") and constant_first and name in program.learned:
        kind, weight = PER_CHANNEL[operator]
        return [Lifted(kind, {}, [x], one.outputs, {weight: Weight(name, channels)})]
    made = f"{one.outputs[0]}%constant"
    if array.size == 1:
        integer = {"dtype": "int64"} if program.metas[x].dtype == "int64" else {}
        number = plain(float(array.reshape(-1)[0]))
        steps = [Lifted("constant", {"value": number, **integer}, [], [made])]
    else:
        steps = written(program, one, name, made, array.shape)
    pair = [made, x] if constant_first else [x, made]
    return [*steps, Lifted(operator, {}, pair, one.outputs)]


def mean_of_maps(one: Instruction, x: str, keep: bool) -> list[Lifted]:
    """The mean over height and width; they stay as dimensions of size 1 with `keep`."""
    if keep:
        return [Lifted("adaptive_avg_pool2d", {"output_size": 1}, [x], one.outputs)]
    return [Lifted("global_avg_pool2d", {}, [x], one.outputs)]


def channel_numbers(array: Array, sample: tuple[int, ...]) -> Array | None:
    """A constant that has one number for each channel, as a vector; None for any other."""
    if not sample or array.size == 1 or array.dtype != np.float32:
        return None
    shape = (1,) * (len(sample) - array.ndim) + tuple(array.shape)
    wanted = (sample[0], *(1,) * (len(sample) - 1))
    return array.reshape(-1) if shape == wanted else None
