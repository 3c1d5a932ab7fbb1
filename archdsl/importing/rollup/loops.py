"""Equal stretches one behind the other become rounds of a loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from archdsl.importing.rollup.parameters import Abstraction, abstracted, apply, is_number
from archdsl.importing.rollup.segments import joined, last_reads
from archdsl.importing.rollup.signatures import Numbering, Signatures
from archdsl.importing.rollup.tree import BRANCHES, FOR, LOOP, REPEAT, Body, Step, Tree, explicit, leaves
from archdsl.ir.graph import Value

LONGEST = 24
MOST_VARIABLES = 5
VARIABLE = 0.4


class _Run(NamedTuple):
    saving: float
    start: int
    period: int
    rounds: int
    abstraction: Abstraction


def add_loops(tree: Tree) -> None:
    """Put what is repeated in a row under loops: single steps first, then longer stretches."""
    for body in list(tree.bodies()):
        while (run := _best(body, [1])) is not None:
            _replace(body, run)
        while (run := _best(body, range(2, min(LONGEST, len(body.steps) // 2) + 1))) is not None:
            _replace(body, run)


def _best(body: Body, periods: Sequence[int]) -> _Run | None:
    signatures, last = Signatures(), last_reads(body)
    best: _Run | None = None
    for period in periods:
        rounds_at = [_round(body, start, period, signatures, last) for start in range(len(body.steps) - period + 1)]
        start = 0
        while start + 2 * period <= len(body.steps):
            rounds = _rounds(body, rounds_at, start, period, last)
            found = _run(body, start, period, rounds) if rounds > 1 else None
            if found is not None and (best is None or found.saving > best.saving):
                best = found
            start += 1
    return best


def _round(body: Body, start: int, period: int, signatures: Signatures, last: dict[Value, int]) -> str:
    """The signature of a stretch that could be a round; empty if it couldn't."""
    steps = body.steps[start : start + period]
    if joined(body, start) or steps[-1].head == BRANCHES or not steps[0].reads:
        return ""
    numbering = Numbering(local=False)
    for value in steps[0].reads:
        numbering.read(value)
    text = ";".join(signatures.step(step, numbering) for step in steps)
    if len(numbering.outside) != len(set(steps[0].reads)) or not numbering.outside.keys().isdisjoint(steps[-1].makes):
        return ""
    stop = start + period
    made = [value for step in steps[:-1] for value in step.makes if value in numbering.made]
    if any(last.get(value, -1) >= stop for value in made):
        return ""
    # Within a loop what it reads has no name: only the first step may read it.
    inner = Body(steps[0].reads, steps, steps[-1].makes)
    return "" if not explicit(inner).isdisjoint(steps[0].reads) else text


def _rounds(body: Body, signatures: Sequence[str], start: int, period: int, last: dict[Value, int]) -> int:
    """How many equal rounds begin here, each reading what the one before gives and nothing else."""
    if not signatures[start]:
        return 0
    rounds = 1
    while True:
        place = start + rounds * period
        if place >= len(signatures) or signatures[place] != signatures[start]:
            return rounds
        given = body.steps[place - 1].makes
        if body.steps[place].reads != given or any(last.get(value, -1) >= place + period for value in given):
            return rounds
        rounds += 1


def _run(body: Body, start: int, period: int, rounds: int) -> _Run | None:
    """The loop over these rounds, if it is worth its lines."""
    lists = [body.steps[start + i * period : start + (i + 1) * period] for i in range(rounds)]
    made = abstracted(lists, lambda values: all(is_number(v) for v in values))
    if made is None or len(made.values) > MOST_VARIABLES:
        return None
    lines = sum(step.lines for step in lists[0])
    saving = (rounds - 1) * lines - (1 if period == 1 else 2) - VARIABLE * len(made.values) * (1 + rounds / 8)
    worth = saving > 0 or (saving == 0 and not made.values)
    return _Run(saving, start, period, rounds, made) if worth else None


def _replace(body: Body, run: _Run) -> None:
    stop = run.start + run.period * run.rounds
    every = body.steps[run.start : stop]
    first = every[: run.period]
    apply(run.abstraction)
    attributes: dict[str, Any] = {f"{FOR}{name}": values for name, values in run.abstraction.values.items()}
    inner = Body(first[0].reads, first, first[-1].makes)
    made = Step(LOOP, attributes or {REPEAT: run.rounds}, first[0].reads, every[-1].makes, leaves(every), [inner])
    body.steps[run.start : stop] = [made]
