"""When two lists of steps are the same up to their numbers.

The signature of a list names operators, attributes that are words, and who reads what, with values numbered in the
order in which they occur. What is left out are numbers: these, in a fixed order, are the list's slots.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from archdsl.importing.rollup.tree import BRANCHES, LOOP, Body, Expression, Step
from archdsl.ir.graph import Value
from archdsl.ops.registry import operators


class Slot(NamedTuple):
    """A number in a list of steps: the step that has it, and under which name."""

    step: Step
    name: str


@dataclass(slots=True)
class Numbering:
    """Numbers for the values of a list: those from outside and those made inside count apart.

    `local` tells whether keys of shared weights are numbered, too, or stand as they are.
    """

    local: bool
    outside: dict[Value, int] = field(default_factory=dict)
    made: dict[Value, int] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)

    def read(self, value: Value) -> str:
        """A value that is read."""
        if value in self.made:
            return f"m{self.made[value]}"
        return f"o{self.outside.setdefault(value, len(self.outside))}"

    def make(self, value: Value) -> None:
        """A value that is made."""
        if value not in self.outside:
            self.made.setdefault(value, len(self.made))

    def share(self, key: str) -> str:
        """A key of shared weights."""
        if not key:
            return ""
        return f"s{self.keys.setdefault(key, len(self.keys))}" if self.local else key


class Signatures:
    """Signatures of steps; those of nested bodies are remembered, since they don't depend on where they stand."""

    def __init__(self) -> None:
        self._bodies: dict[Body, str] = {}

    def step(self, step: Step, numbering: Numbering) -> str:
        """One step behind others; `numbering` goes on from those."""
        reads = " ".join([numbering.read(value) for value in step.reads])
        for value in step.makes:
            numbering.make(value)
        words = " ".join(f"{name}={value}" for name, value in sorted(step.attributes.items()) if _is_word(step, name))
        if step.half:
            words += " half"
        if step.head == LOOP:
            words += " ".join(sorted(step.attributes))
        inner = ""
        if step.bodies:
            inner = "{" + "|".join(self.body(body, numbering) for body in step.bodies) + "}"
        shared = numbering.share(step.share)
        if step.training:
            shared += f"training{id(step)}"  # like no other: it stays where it is
        return f"{step.head}({reads}){len(step.makes)}[{words}]{shared}{inner}"

    def body(self, body: Body, around: Numbering) -> str:
        """A nested body. Keys of shared weights are those of the list around it."""
        if any(step.share or step.bodies for step in body.steps):
            return self._of(body, Numbering(around.local, keys=around.keys))
        if body not in self._bodies:
            self._bodies[body] = self._of(body, Numbering(around.local))
        return self._bodies[body]

    def _of(self, body: Body, numbering: Numbering) -> str:
        for value in body.entries:
            numbering.read(value)
        steps = ";".join([self.step(step, numbering) for step in body.steps])
        return f"{steps}->{' '.join(numbering.read(value) for value in body.results)}"


def _is_word(step: Step, name: str) -> bool:
    """Whether an attribute is part of the signature: words are, numbers and what is computed are not."""
    value = step.attributes[name]
    if isinstance(value, Expression) or (name == "padding" and step.half):
        return False
    return isinstance(value, str) or (isinstance(value, list) and any(isinstance(v, str) for v in value))


def slots(steps: Sequence[Step]) -> Iterator[Slot]:
    """The numbers of a list, in an order that is the same for all lists of one signature."""
    for step in steps:
        names = set(step.attributes)
        if step.head in operators():
            names |= {name for name, f in operators()[step.head].model_fields.items() if not f.is_required()}
        for name in sorted(names, key=lambda n: (_rank(n), n)):
            if name not in step.attributes or not _is_word(step, name):
                yield Slot(step, name)
        for body in step.bodies:
            yield from slots(body.steps)


def _rank(name: str) -> int:
    """Widths first: other numbers are often multiples of them."""
    order = ("out_channels", "out_features", "hidden_size", "kernel_size", "stride")
    return order.index(name) if name in order else len(order)


def value_of(slot: Slot) -> Any:
    """What stands in a slot; the default where nothing is written, None where there is none."""
    step, name = slot
    if name == "padding" and step.half:
        return "half"
    if name in step.attributes:
        return step.attributes[name]
    if step.head in (BRANCHES, LOOP) or step.head not in operators():
        return None
    default = operators()[step.head].model_fields[name].default
    return _listed(default)


def _listed(value: Any) -> Any:
    if isinstance(value, tuple):
        return value[0] if value and len(set(value)) == 1 else [_listed(v) for v in value]
    return value
