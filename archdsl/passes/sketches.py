"""Blueprints simplified without making graphs of them: what the identity of a candidate is taken from.

The rules are those of `dead_nodes`, `identities` and `zeroed_branches`, applied in one walk in topological order; what
comes out is, up to order, what these passes make of the network's graph. A call's sketch is made once, whatever
networks it occurs in, and once more for each choice of tensors that it reads and that are always zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from archdsl.ir.digests import Vertices, count_reads, label_digest, network_digest
from archdsl.ir.graph import Value
from archdsl.ir.structure import label_of
from archdsl.ops.base import Operator, infer
from archdsl.passes.identities import gives_its_operand
from archdsl.passes.zeroed_branches import always_zero, inferred, zero_constant
from archdsl.spec.elaborate.tally.blueprint import FIRST_INPUT, Applied, Blueprint, Included, Part
from archdsl.types import TensorType

# Sketches of more vertices occur too seldom to be made smaller.
LARGE = 12


class Sketch(NamedTuple):
    """What is left of a call; values are numbered: what it reads, then what its vertices make.

    Attributes:
        given: numbers of what it gives.
        zeros: those of `given` that are always zero.
        values: how many its vertices make.
    """

    vertices: Vertices
    given: tuple[int, ...]
    zeros: frozenset[int]
    values: int


class _Facts(NamedTuple):
    """What there is to know of an operator on operands of certain types."""

    outputs: tuple[TensorType, ...]
    label: bytes
    gives_its_operand: bool
    gives_zeros: bool


def network_identity(network: Blueprint, inputs: Sequence[TensorType]) -> bytes | None:
    """The digest of a whole network; None if only its canonical form can tell it from others."""
    drawing = _Drawing(network.read, ())
    drawing.draw(network.parts)
    results = [drawing.numbers[id(value)] for value in network.given]
    vertices = drawing.vertices
    # What reads nothing else reads the first input.
    vertices.operands = [(0,) if read == (FIRST_INPUT,) else read for read in vertices.operands]
    labels = [label_digest(f"input {position} : {kind}") for position, kind in enumerate(inputs)]
    return network_digest(labels, vertices, results)


def sketch_of(call: Blueprint, zeros: tuple[int, ...]) -> Sketch:
    """The sketch of a call.

    Args:
        zeros: numbers of what it reads that is always zero.
    """
    found: Sketch | None = call.sketches.get(zeros)
    if found is None:
        drawing = _Drawing(call.read, zeros)
        drawing.draw(call.parts)
        found = call.sketches[zeros] = drawing.finished(call.given)
    return found


@lru_cache(maxsize=1 << 16)
def _facts(op: Operator, operands: tuple[TensorType, ...]) -> _Facts:
    outputs = infer(op, operands)
    label = label_digest(label_of(op, operands))
    return _Facts(outputs, label, gives_its_operand(op, operands, outputs), always_zero(op, outputs, ()))


@lru_cache(maxsize=1 << 12)
def _zero_label(type: TensorType, first: TensorType) -> bytes:
    return label_digest(label_of(zero_constant(type), (first,)))


class _Drawing:
    """A call on its way through the rules.

    Attributes:
        numbers: of values, by identity; FIRST_INPUT for the network's first input where it is not read.
        zeros: numbers of values that are always zero.
        count: of values so far.
    """

    def __init__(self, read: Sequence[Value], zeros: Sequence[int]):
        self.vertices = Vertices()
        self.numbers = {id(value): number for number, value in enumerate(read)}
        self.zeros = set(zeros)
        self.count = self._read = len(read)

    def draw(self, parts: Sequence[Part]) -> None:
        """All parts, in order."""
        for part in parts:
            if isinstance(part, Included):
                self._include(part)
            else:
                self._apply(part)

    def _include(self, part: Included) -> None:
        numbers, zeros = self.numbers, self.zeros
        now = [numbers[id(value)] for value in part.read]
        inner = sketch_of(
            part.blueprint, tuple([i for i, number in enumerate(now) if number in zeros]) if zeros else ()
        )
        now += range(self.count, self.count + inner.values)
        self.count += inner.values
        own, more = self.vertices, inner.vertices
        own.labels += more.labels
        own.commutes += more.commutes
        own.outputs += more.outputs
        own.operands += [
            (now[read[0]] if read[0] >= 0 else FIRST_INPUT,) if len(read) == 1 else tuple([now[o] for o in read])
            for read in more.operands
        ]
        for value, number in zip(part.made, inner.given, strict=True):
            numbers[id(value)] = now[number]
            if number in inner.zeros:
                zeros.add(now[number])

    def _apply(self, part: Applied) -> None:
        op, operands = part.op, part.operands
        facts = _facts(op, tuple([value.type for value in operands]))
        if op.reads_batch_size:
            read = [FIRST_INPUT]
        else:
            read = [self.numbers[id(value)] for value in operands]
        if self.zeros or facts.gives_zeros:
            zero = () if self.zeros.isdisjoint(read) else [number in self.zeros for number in read]
            if always_zero(op, facts.outputs, zero):
                self._zeros(part, facts, read)
                return
            if zero:
                operands, read, facts = self._without_zeros(op, operands, read, facts)
        if facts.gives_its_operand:
            self.numbers[id(part.outputs[0])] = read[0]
        else:
            self._add(part, facts.label, read)

    def _add(self, part: Applied, label: bytes, read: Sequence[int]) -> None:
        self.vertices.add(label, tuple(read), part.op.commutative, len(part.outputs))
        for value in part.outputs:
            self.numbers[id(value)] = self.count
            self.count += 1

    def _zeros(self, part: Applied, facts: _Facts, read: Sequence[int]) -> None:
        """A constant for each output, unless there are others than floats."""
        floats = [value for value, kind in zip(part.outputs, facts.outputs, strict=True) if kind.dtype == "float32"]
        if len(floats) < len(facts.outputs):
            self._add(part, facts.label, read)
        else:
            for value, kind in zip(part.outputs, facts.outputs, strict=True):
                self.vertices.add(_zero_label(kind, _FIRST), (FIRST_INPUT,), False, 1)
                self.numbers[id(value)] = self.count
                self.count += 1
        self.zeros.update([self.numbers[id(value)] for value in floats])

    def _without_zeros(
        self, op: Operator, operands: Sequence[Value], read: list[int], facts: _Facts
    ) -> tuple[Sequence[Value], list[int], _Facts]:
        """Sums without operands that are zero, differences too, where the type stays the same."""
        if op.name == "add":
            kept = [place for place, number in enumerate(read) if number not in self.zeros]
            types = tuple([operands[place].type for place in kept])
            if inferred(op, types) == facts.outputs:
                return [operands[p] for p in kept], [read[p] for p in kept], _facts(op, types)
        if op.name == "sub" and read[1] in self.zeros and operands[0].type == facts.outputs[0]:
            return operands, read, facts._replace(gives_its_operand=True)
        return operands, read, facts

    def finished(self, given: Sequence[Value]) -> Sketch:
        """The call, smaller if it is small: without what is not given, chains as one vertex."""
        results = [self.numbers[id(value)] for value in given]
        if len(self.vertices.labels) > LARGE:
            zeros = frozenset(self.zeros.intersection(results))
            return Sketch(self.vertices, tuple(results), zeros, self.count - self._read)
        return self._smaller(results)

    def _smaller(self, results: Sequence[int]) -> Sketch:
        old, new = self.vertices, Vertices()
        makers = old.makers(self._read)
        makers.append(-1)  # of the network's first input, number -1
        reads = count_reads(old, makers, results, each=2)
        old.merge(makers, reads)
        now = list(range(self._read)) + [FIRST_INPUT] * (self.count - self._read)
        before = count = self._read
        for place, outputs in enumerate(old.outputs):
            if reads[place]:
                operands = tuple([now[number] if number >= 0 else FIRST_INPUT for number in old.operands[place]])
                new.add(old.labels[place], operands, old.commutes[place], outputs)
                now[before : before + outputs] = range(count, count + outputs)
                count += outputs
            before += outputs
        given = tuple([now[number] for number in results])
        zeros = frozenset([now[number] for number in results if number in self.zeros])
        return Sketch(new, given, zeros, count - self._read)


# Stands for the network's first input; the label of a constant does not depend on it.
_FIRST = TensorType((1,))
