"""Loops compiled. A `for` is remembered like a call: what its rounds read from outside is its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.spec.elaborate.compiled.names import mentioned
from archdsl.spec.elaborate.compiled.recall import Shelf, begun, finished, recalled
from archdsl.spec.elaborate.compiled.state import Frame, Run, StepCode, Unsupported
from archdsl.spec.elaborate.compiled.values import value
from archdsl.spec.elaborate.scopes import ABSENT, Data, join
from archdsl.spec.elaborate.tally.outlines import Tensors
from archdsl.spec.elaborate.tally.record import Doubtful
from archdsl.spec.syntax.model import Call, Do, Step

if TYPE_CHECKING:
    from archdsl.spec.elaborate.compiled.steps import Bodies


def compiled_loop(bodies: Bodies, step: Step, head: StepCode) -> StepCode:
    """`for` or `repeat` around a head.

    Raises:
        Unsupported: if it collects what its rounds don't name themselves.
    """
    loop = _Loop(bodies, step, head)
    if step.loop is None or not isinstance(step.head, Do) or step.tie is not None:
        return loop.run
    try:
        names = mentioned(step.head.body)
    except Unsupported:
        return loop.run
    return _Remembered(bodies, step, loop, sorted(names - {name.text for name, _ in step.loop.variables})).run


class _Loop:
    """Carries out the rounds."""

    def __init__(self, bodies: Bodies, step: Step, head: StepCode):
        memory = bodies.cells.memory
        self._head = head
        self._is_call = isinstance(step.head, Call)
        self._repeats = value(memory, step.repeat) if step.repeat is not None else None
        self._variables = [
            (name.text, value(memory, written)) for name, written in (step.loop.variables if step.loop else ())
        ]
        self._key = step.tie.text if step.tie is not None else None
        self._numbered = step.loop is not None and self._key is None
        self._collect = [(made.text, name.text) for made, name in step.collect]
        bodies_own = step.head.body.steps if isinstance(step.head, Do) else ()
        own = {name.text for inner in bodies_own for name in inner.names}
        if not {name for _, name in self._collect} <= own:
            raise Unsupported

    @property
    def made(self) -> list[str]:
        """The names of the lists that it makes."""
        return [made for made, _ in self._collect]

    def columns(self, run: Run, frame: Frame, path: str, tied: bool) -> tuple[dict[str, list[Data]], int]:
        """The variables with their values in each round, and the number of rounds.

        Raises:
            Doubtful: if they are none.
        """
        if self._repeats is not None:
            count = self._repeats(run, frame, f"{path}/repeat", tied)
            return {}, _count(count)
        values: dict[str, list[Data]] = {}
        lengths = set()
        for name, evaluate in self._variables:
            found = evaluate(run, frame, f"{path}/{name}", tied)
            values[name] = found if type(found) is list else list(range(_count(found)))
            lengths.add(len(values[name]))
        if len(lengths) > 1:
            raise Doubtful
        return values, lengths.pop() if lengths else 0

    def run(self, run: Run, frame: Frame, path: str, tied: bool, current: list[Data]) -> list[Data]:
        """All rounds, one after the other."""
        return self.rounds(run, frame, path, tied, current, *self.columns(run, frame, path, tied))

    def rounds(
        self,
        run: Run,
        frame: Frame,
        path: str,
        tied: bool,
        current: list[Data],
        values: dict[str, list[Data]],
        count: int,
    ) -> list[Data]:
        """All rounds, with these variables."""
        if self._key is not None:
            path, tied = join(frame.base, self._key), True
        tied = tied or self._repeats is not None
        run.count(count)
        table, read = frame.table, len(current)
        collected: list[list[Data]] = [[] for _ in self._collect]
        for i in range(count):
            for name, column in values.items():
                table[name] = column[i]
            for (made, _), members in zip(self._collect, collected, strict=True):
                table[made] = list(members)
            if i > 0 and self._is_call and len(current) != read:
                raise Doubtful
            current = self._head(run, frame, f"{path}[{i}]" if self._numbered else path, tied, current)
            for (_, name), members in zip(self._collect, collected, strict=True):
                found = table[name]
                if found is not ABSENT:
                    members.append(found)  # type: ignore[arg-type]
        for (made, _), members in zip(self._collect, collected, strict=True):
            table[made] = members
        return current


class _Remembered:
    """A loop whose rounds may be known already.

    Args:
        names: what the rounds may read from outside.
    """

    def __init__(self, bodies: Bodies, step: Step, loop: _Loop, names: list[str]):
        self._loop = loop
        self._memory = bodies.cells.memory
        self._shelf = Shelf(self._memory)
        inner = {name.text for inner in step.head.body.steps for name in inner.names}  # type: ignore[union-attr]
        own = inner | set(loop.made)
        known = bodies.names.all - own
        self._names = [name for name in names if name in known and bodies.cell.kinds.get(name) != "step"]
        self._steps = [name for name in names if bodies.cell.kinds.get(name) == "step"]
        self._tracks_reads = bodies.names.tracks_reads

    def run(self, run: Run, frame: Frame, path: str, tied: bool, current: list[Data]) -> list[Data]:
        """All rounds, looked at or remembered."""
        values, count = self._loop.columns(run, frame, path, tied)
        tensors = Tensors()
        outline, table = tensors.outline, frame.table
        key = (
            path[len(frame.prefix) :],
            tied,
            tuple([outline(table.get(name)) for name in self._names]),  # type: ignore[arg-type]
            tuple([frame.steps[name] for name in self._steps]),
            tuple([outline(column) for column in values.values()]),
            tuple([outline(item) for item in current]),
        )
        mark = len(run.asks)
        leaf = self._shelf.find(run, key, frame.base)
        if leaf is None:
            del run.asks[mark:]  # they are asked for again, and answered alike
            here = run.here.get((self, key, frame.base))
            if here is None:
                return self._look(run, frame, path, tied, current, values, count, tensors, key)
            leaf, asks = here
            run.asks += asks
        results, all_tensors = recalled(run, frame, leaf, tensors.values)
        for number in leaf.marked:
            frame.reads.add(id(all_tensors[number]))
        made = self._loop.made
        for name, members in zip(made, results, strict=False):
            table[name] = members
        return results[len(made) :]

    def _look(
        self,
        run: Run,
        frame: Frame,
        path: str,
        tied: bool,
        current: list[Data],
        values: dict[str, list[Data]],
        count: int,
        tensors: Tensors,
        key: object,
    ) -> list[Data]:
        begin = begun(run)
        before, frame.reads = frame.reads, set()
        current = self._loop.rounds(run, frame, path, tied, current, values, count)
        collected = [frame.table[name] for name in self._loop.made]
        marks = frame.reads if self._tracks_reads else None
        leaf, asks = finished(run, begin, tensors, [*collected, *current], self._memory, marks)  # type: ignore[list-item]
        frame.reads = before | frame.reads
        self._shelf.keep(key, asks, len(frame.prefix), leaf)
        run.here[self, key, frame.base] = leaf, asks
        return current


def _count(found: Data) -> int:
    if type(found) is not int or found < 0:
        raise Doubtful
    return found
