"""Steps found in a program: operators of the language with their attributes, operands and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from archdsl.importing.program import Array, Instruction, Level


class Weight(NamedTuple):
    """An array for one weight of a step, and where in the file it comes from: one source is one set of weights."""

    source: str
    array: Array


@dataclass(slots=True)
class Lifted:
    """One step.

    Attributes:
        operator: its name.
        attributes: those that aren't defaults.
        operands: values of the program, or made by another step.
        outputs: what it makes; empty names are not wanted.
        weights: by the operator's names.
        scope: the modules around it.
        origin: the instruction that messages name.
    """

    operator: str
    attributes: Mapping[str, Any]
    operands: Sequence[str]
    outputs: Sequence[str]
    weights: Mapping[str, Weight] = field(default_factory=dict)
    scope: tuple[Level, ...] = ()
    origin: Instruction | None = None


IDENTITY = "identity"


def alias(value: str, outputs: Sequence[str]) -> list[Lifted]:
    """Another name for a value: no step comes of it."""
    return [Lifted(IDENTITY, {}, [value], list(outputs)[:1])]
