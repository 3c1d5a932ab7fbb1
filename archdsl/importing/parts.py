"""Slices and partitions: the same for all formats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archdsl.importing.lifted import Lifted, alias
from archdsl.importing.program import Instruction, Program, Refusal
from archdsl.importing.rules import axis_of


def partition(
    program: Program, one: Instruction, source: str, sizes: Sequence[int], dim: int, outputs: Sequence[str]
) -> list[Lifted]:
    """A value cut into parts of these sizes: `chunk` where that gives them, else `split`."""
    if len(sizes) == 1:
        return alias(source, outputs)
    whole = sum(sizes)
    part = -(-whole // len(sizes))
    even = [part] * (whole // part) + ([whole % part] if whole % part else [])
    along: dict[str, Any] = {"dim": dim} if dim else {}
    if even == list(sizes):
        return [Lifted("chunk", {"chunks": len(sizes), **along}, [source], outputs)]
    return [Lifted("split", {"sizes": tuple(sizes), **along}, [source], outputs)]


def sliced(program: Program, one: Instruction, source: str, cuts: Sequence[tuple[int, int, int, int]]) -> list[Lifted]:
    """Slices one after another, each (axis, start, stop, step) with the batch as axis 0."""
    shape = list(program.shape(source))
    steps: list[Lifted] = []
    value = source
    for number, (axis, start, stop, stride) in enumerate(cuts):
        place = axis % len(shape)
        taken = range(*slice(start, stop, stride).indices(shape[place]))
        if len(taken) == shape[place] and stride > 0:
            continue
        if not taken:
            raise Refusal("it takes nothing")
        dim = axis_of(place, len(shape))
        result = f"{one.outputs[0]}%{number}"
        attributes: dict[str, Any] = {"dim": dim} if dim else {}
        if stride < 0:
            steps.append(Lifted("index_select", {"index": tuple(taken), **attributes}, [value], [result]))
        else:
            attributes |= {"start": taken[0]} if taken[0] else {}
            end = min(stop, shape[place]) if stop >= 0 else stop + shape[place]
            attributes |= {"stop": end} if end < shape[place] else {}
            attributes |= {"step": stride} if stride > 1 else {}
            steps.append(Lifted("slice", attributes, [value], [result]))
        shape[place] = len(taken)
        value = result
    return [*steps, *alias(value, one.outputs)]


def rolled(program: Program, one: Instruction, source: str, shifts: Sequence[tuple[int, int]]) -> list[Lifted]:
    """Elements moved along dimensions, those that fall off the end coming first: (axis, by how many) each."""
    shape = program.shape(source)
    steps: list[Lifted] = []
    value = source
    for number, (axis, by) in enumerate(shifts):
        dim = axis_of(axis, len(shape))
        cut = -by % shape[dim + 1]
        if not cut:
            continue
        along: dict[str, Any] = {"dim": dim} if dim else {}
        front, back, result = (f"{one.outputs[0]}%{part}{number}" for part in ("front", "back", "rolled"))
        steps.append(Lifted("slice", {"start": cut, **along}, [value], [back]))
        steps.append(Lifted("slice", {"stop": cut, **along}, [value], [front]))
        steps.append(Lifted("concat", along, [back, front], [result]))
        value = result
    return [*steps, *alias(value, one.outputs)]
