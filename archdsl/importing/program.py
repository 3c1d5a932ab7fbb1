"""What readers make of a file, whatever its format: instructions on named values, with all shapes in numbers.

Values are named by strings. A value is either a constant (an array, weights included) or a tensor, whose first
dimension is the batch. The batch has a size like every other dimension: the one in the file, or `SYMBOLIC_BATCH` where
the file leaves it open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from archdsl.types import TensorType

Array: TypeAlias = "np.ndarray[Any, Any]"

# Stands for an open batch size: a prime that no other size of a network is a multiple of.
SYMBOLIC_BATCH = 1_000_003


class Level(NamedTuple):
    """One module around an instruction: its name in the module around it, and its class (may be empty)."""

    label: str
    kind: str = ""


class Meta(NamedTuple):
    """Type of a tensor, the batch included."""

    shape: tuple[int, ...]
    dtype: str


class Annotation(NamedTuple):
    """What our own exporter says about an instruction: step number, operator, attributes and operands of the step."""

    step: int
    operator: str
    attributes: dict[str, Any]
    operands: tuple[TensorType, ...]


@dataclass(slots=True)
class Instruction:
    """One node of the file.

    Attributes:
        op: `Conv`, `aten.conv2d.default`; with its domain where that isn't ONNX's own.
        inputs: for ONNX, names of values in order, empty where left out. For exported programs see `arguments`.
        outputs: names of the values made, empty where not wanted.
        attributes: of ONNX nodes: numbers, texts, lists and arrays by name.
        name: how messages call it.
        scope: the modules around it, from the outside in.
        annotation: of our own exporter, or None.
        folded: whether its results are constants, so that nothing needs to be done at run time.
    """

    op: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    scope: tuple[Level, ...] = ()
    annotation: Annotation | None = None
    folded: bool = False


@dataclass(slots=True)
class Program:
    """A file as instructions in topological order.

    Attributes:
        name: the network's name.
        inputs: tensors by name, in order.
        outputs: public name and value, in order.
        constants: arrays by value name.
        learned: names of constants that are weights (trained or running statistics).
        metas: types of tensors.
        batch: size that stands for the batch.
        opset: version of ONNX's operators; 0 for exported programs.
    """

    name: str
    inputs: list[str] = field(default_factory=list)
    outputs: list[tuple[str, str]] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    learned: set[str] = field(default_factory=set)
    metas: dict[str, Meta] = field(default_factory=dict)
    batch: int = SYMBOLIC_BATCH
    opset: int = 0
    _makers: dict[str, Instruction] | None = None
    _uses: dict[str, int] | None = None

    def sample(self, value: str) -> tuple[int, ...]:
        """Shape of a tensor without the batch.

        Raises:
            Refusal: if its first dimension isn't the batch.
        """
        shape = self.shape(value)
        if not shape or shape[0] != self.batch:
            raise Consequence(f"the first dimension of {_shown(shape, self.batch)} is not the batch")
        return shape[1:]

    def shape(self, value: str) -> tuple[int, ...]:
        """Shape of a tensor with the batch, or of a constant."""
        if value in self.constants:
            return tuple(self.constants[value].shape)
        if value not in self.metas:
            raise Consequence("a shape here is not known")
        return self.metas[value].shape

    def maker(self, value: str) -> Instruction | None:
        """The instruction that makes a tensor; None for inputs and constants."""
        if self._makers is None:
            self._makers = {name: one for one in self.instructions for name in one.outputs if name}
        return None if value in self.constants else self._makers.get(value)

    def made_by(self, value: str, *ops: str) -> Instruction | None:
        """The instruction that makes a tensor, if it is one of these and only its reader reads it."""
        found = self.maker(value)
        return found if found is not None and found.op in ops and self.uses(value) == 1 else None

    def uses(self, value: str) -> int:
        """How many operands and outputs a value is."""
        if self._uses is None:
            self._uses = {}
            for name in self._read():
                self._uses[name] = self._uses.get(name, 0) + 1
        return self._uses.get(value, 0)

    def _read(self) -> Iterator[str]:
        for one in self.instructions:
            if not one.folded:
                yield from one.inputs
        for _, value in self.outputs:
            yield value


class Refusal(Exception):  # noqa: N818 - it says why, and becomes a finding
    """An instruction has no counterpart here: one clause that says why, empty where the operator itself is unknown."""


class Consequence(Refusal):
    """A refusal that follows from what an earlier instruction has done."""


def printable(text: str, longest: int = 200) -> str:
    """A text from a file as messages may show it: no control characters, not too long."""
    safe = "".join(c if c.isprintable() else "?" for c in text[: longest + 1])
    return safe if len(safe) <= longest else f"{safe[:longest]}..."


def _shown(shape: tuple[int, ...], batch: int) -> str:
    return "[" + ", ".join("N" if size == batch else str(size) for size in shape) + "]"
