"""Stretches of a body that could stand by themselves: closed, and not between branches and their join."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archdsl.importing.rollup.signatures import Numbering, Signatures
from archdsl.importing.rollup.tree import BRANCHES, Body, Step
from archdsl.ir.graph import Value

LONGEST = 48


@dataclass(slots=True)
class Segment:
    """Steps `start` to `stop` (left out) of a body.

    Attributes:
        outside: values it reads from outside, in the order in which they are read.
        keys: what it shares its weights with, in the order in which these keys occur.
    """

    body: Body
    start: int
    stop: int
    outside: tuple[Value, ...]
    keys: tuple[str, ...]

    @property
    def steps(self) -> list[Step]:
        """The steps themselves."""
        return self.body.steps[self.start : self.stop]


def last_reads(body: Body) -> dict[Value, int]:
    """For each value the last step that reads it; results are read behind all steps."""
    found: dict[Value, int] = {}
    for number, step in enumerate(body.steps):
        found.update(dict.fromkeys(step.reads, number))
    found.update(dict.fromkeys(body.results, len(body.steps)))
    return found


def joined(body: Body, place: int) -> bool:
    """Whether the step there joins branches in front of it."""
    return place > 0 and body.steps[place - 1].head == BRANCHES


def segments(body: Body, signatures: Signatures) -> Iterator[tuple[str, Segment]]:
    """Every closed stretch of the body with its signature."""
    last = last_reads(body)
    steps = body.steps
    for start in range(len(steps)):
        if joined(body, start):
            continue
        numbering = Numbering(local=True)
        parts: list[str] = []
        open_until = 0  # the last place at which something made inside is read
        for stop in range(start + 1, min(len(steps), start + LONGEST) + 1):
            step = steps[stop - 1]
            parts.append(signatures.step(step, numbering))
            closed = open_until < stop and step.head != BRANCHES
            if closed and numbering.outside and numbering.outside.keys().isdisjoint(step.makes):
                signature = ";".join(parts)
                yield signature, Segment(body, start, stop, tuple(numbering.outside), tuple(numbering.keys))
            read = [last.get(value, -1) for value in step.makes if value in numbering.made]
            open_until = max([open_until, *read])


def apart(found: Sequence[Segment]) -> list[Segment]:
    """As many of the segments as don't overlap, from the front."""
    kept: list[Segment] = []
    reached: dict[Body, int] = {}
    for segment in found:
        if segment.start >= reached.get(segment.body, 0):
            kept.append(segment)
            reached[segment.body] = segment.stop
    return kept
