"""The table of rules, and how ONNX nodes give their settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from archdsl.importing.lifted import Lifted
from archdsl.importing.program import Array, Instruction, Program, Refusal
from archdsl.importing.rules import Rules, step

RULES = Rules()


def operand(one: Instruction, place: int) -> str:
    """Name of an operand; empty where it is left out."""
    return one.inputs[place] if place < len(one.inputs) else ""


def setting(program: Program, one: Instruction, place: int, attribute: str) -> Array | None:
    """A setting that is an operand in newer opsets and an attribute in older ones; None where it is left out.

    Raises:
        Refusal: if it is computed.
    """
    name = operand(one, place)
    if name:
        if name not in program.constants:
            raise Refusal(f"its {attribute} is computed")
        return program.constants[name]
    value = one.attributes.get(attribute)
    return None if value is None else np.asarray(value)


def integers(program: Program, one: Instruction, place: int, attribute: str) -> list[int] | None:
    """A setting as a list of integers."""
    found = setting(program, one, place, attribute)
    return None if found is None else [int(v) for v in np.atleast_1d(found)]


def scalar(program: Program, name: str) -> float | None:
    """The number that a constant of one element holds; None for anything else."""
    array = program.constants.get(name)
    return float(array.reshape(-1)[0]) if array is not None and array.size == 1 else None


def close(value: float | None, wanted: float) -> bool:
    """Whether a float32 setting is this number."""
    return value is not None and bool(np.isclose(value, wanted, rtol=1e-5, atol=1e-7))


def plain_step(operator: str, *ops: str) -> None:
    """Adds a rule: an operator of one operand without settings."""

    def rule(program: Program, one: Instruction) -> list[Lifted]:
        return step(operator, one, one.inputs[:1])

    RULES(*ops)(rule)


def numbers(one: Instruction, attribute: str, default: Sequence[int]) -> list[int]:
    """An attribute that is a list of integers."""
    value: Any = one.attributes.get(attribute)
    return [int(v) for v in (default if value is None else value)]
