"""What only training computes: each chain of steps becomes a group under `if: training`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archdsl.importing.rollup.tree import LOOP, Body, Step, leaves
from archdsl.ir.graph import Value


def in_training(steps: Sequence[Step], outputs: Iterable[Value]) -> list[Step]:
    """Steps of training in order, those that hand one value from one to the next as one group.

    Args:
        steps: what training computes beside the inference form.
        outputs: of the training form.
    """
    readers: dict[Value, list[Step]] = {}
    for step in steps:
        for value in step.reads:
            readers.setdefault(value, []).append(step)
    kept, done, found = set(outputs), set[Step](), []
    for step in steps:
        if step not in done:
            chain = [step]
            while len(step.reads) == 1 and (following := _next(chain[-1], readers, kept)) is not None:
                chain.append(following)
            done.update(chain)
            found.append(_group(chain))
    return found


def _next(step: Step, readers: dict[Value, list[Step]], kept: set[Value]) -> Step | None:
    """The one step that reads what this one makes, and nothing else."""
    if len(step.makes) != 1 or step.makes[0] in kept:
        return None
    (value,) = step.makes
    reading = readers.get(value, [])
    return reading[0] if len(reading) == 1 and reading[0].reads == (value,) else None


def _group(chain: list[Step]) -> Step:
    first, last = chain[0], chain[-1]
    if first is last:
        first.training = True
        return first
    body = Body(first.reads, chain, last.makes)
    return Step(LOOP, {}, first.reads, last.makes, leaves(chain), [body], training=True)


def ungroup(body: Body) -> None:
    """Groups in which one step is left, a call of a cell, become that step."""
    for place, step in enumerate(body.steps):
        if step.training and step.bodies and len(step.bodies[0].steps) == 1:
            (inner,) = step.bodies[0].steps
            inner.training = True
            body.steps[place] = inner
