"""Elements taken from all samples laid end to end: how torch's exporter writes a value with other strides."""

from __future__ import annotations

from math import prod

import numpy as np

from archdsl.importing.lifted import Lifted
from archdsl.importing.program import Array, Instruction, Program

# Positions from which a row of them is made for each sample.
VIEWS = ("Unsqueeze", "Reshape", "Expand")
MOST_POSITIONS = 2**20


def taken_from_all(program: Program, one: Instruction) -> list[Lifted] | None:
    """Position n * size + k for sample n, all joined in one dimension: element k of each sample; for `Gather`."""
    table, index = one.inputs
    flat = program.maker(table)
    if flat is None or flat.op not in ("Reshape", "Flatten") or len(program.shape(table)) != 1:
        return None
    source = flat.inputs[0]
    shape = program.shape(source)
    if int(one.attributes.get("axis", 0)) or source in program.constants or shape[:1] != (program.batch,):
        return None
    size, after = prod(shape[1:]), program.sample(one.outputs[0])
    elements = _of_each_sample(program, index, size)
    if elements is None or prod(after) > MOST_POSITIONS:
        return None
    chosen = np.broadcast_to(elements, (1, *after)).reshape(-1)
    if chosen.min() < 0 or chosen.max() >= size:
        return None
    if list(chosen) == list(range(size)):
        return [Lifted("reshape" if shape[1:] != after else "identity", _to(shape[1:], after), [source], one.outputs)]
    names = [f"{one.outputs[0]}%{place}" for place in range(2)]
    return [
        Lifted("flatten", {}, [source], names[:1]),
        Lifted("index_select", {"index": tuple(int(k) for k in chosen)}, names[:1], names[1:]),
        Lifted("reshape", {"shape": after}, names[1:], one.outputs),
    ]


def _to(before: tuple[int, ...], after: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return {} if before == after else {"shape": after}


def _of_each_sample(program: Program, index: str, size: int) -> Array | None:
    """The positions within a sample, [1, ...], if `index` is these plus `size` for each sample before."""
    if index in program.constants:
        positions = program.constants[index]
        expected = size * np.arange(program.batch).reshape(-1, *[1] * (positions.ndim - 1)) if positions.ndim else None
        if expected is None or positions.shape[0] not in (1, program.batch):
            return None
        return positions[:1] if np.array_equal(positions, positions[:1] + expected) else None
    made = program.maker(index)
    if made is None:
        return None
    if made.op == "Add":
        fixed = [name for name in made.inputs if name in program.constants]
        moving = [name for name in made.inputs if name not in program.constants]
        inner = _of_each_sample(program, moving[0], size) if len(moving) == len(fixed) == 1 else None
        return None if inner is None else inner + program.constants[fixed[0]]
    if made.op in VIEWS:
        inner = _of_each_sample(program, made.inputs[0], size)
        rank = len(program.shape(index))
        return None if inner is None or inner.size > 1 else inner.reshape((1,) * rank)
    return np.zeros(1, np.int64) if _counts_samples(program, made, size) else None


def _counts_samples(program: Program, made: Instruction, size: int) -> bool:
    """Whether it gives [0, size, 2 * size, ...], a number for each sample."""
    step = 1
    if made.op == "Mul":
        fixed = [program.constants[name] for name in made.inputs if name in program.constants]
        moving = [name for name in made.inputs if name not in program.constants]
        inner = program.maker(moving[0]) if len(moving) == 1 else None
        if inner is None or len(fixed) != 1 or fixed[0].size != 1:
            return False
        made, step = inner, int(fixed[0].reshape(-1)[0])
    if made.op != "Range":
        return False
    start, limit, delta = (int(program.constants[name].reshape(-1)[0]) for name in made.inputs)
    return (start, limit, step * delta) == (0, program.batch, size) and delta == 1
