"""Bodies and steps compiled: what `archdsl.spec.elaborate.steps` does, for steps without surprises."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from archdsl.ir.graph import Value
from archdsl.ops.registry import identity
from archdsl.spec.elaborate.compiled.loops import compiled_loop
from archdsl.spec.elaborate.compiled.names import Names
from archdsl.spec.elaborate.compiled.state import PATIENCE, Frame, Run, StepCode, Unsupported
from archdsl.spec.elaborate.compiled.values import chosen_input, simple_name, value
from archdsl.spec.elaborate.decisions import Decision
from archdsl.spec.elaborate.scopes import ABSENT, Data, handed_on, join
from archdsl.spec.elaborate.tally.blueprint import Applied
from archdsl.spec.elaborate.tally.record import Doubtful
from archdsl.spec.syntax.model import Body, Branches, Call, Cell, ChooseBody, Do, Step, Unread

if TYPE_CHECKING:
    from archdsl.spec.elaborate.compiled.cells import Cells


class Bodies:
    """Compiles the bodies of one cell."""

    def __init__(self, cells: Cells, cell: Cell, names: Names):
        self.cells = cells
        self.cell = cell
        self.names = names

    def body(self, body: Body) -> StepCode:
        """The steps in order; gives the result of the last one that is there.

        Raises:
            Unsupported: if a step can't be compiled.
        """
        steps, repeated = [self._step(step) for step in body.steps], self._repeated(body)
        count = len(steps)
        if count == 1 and not repeated:
            return steps[0]

        def run_body(run: Run, frame: Frame, at: str, tied: bool, current: list[Data]) -> list[Data]:
            run.steps += count
            if run.steps > PATIENCE:
                raise Doubtful
            if repeated:
                for name in repeated:
                    frame.table.pop(name, None)
            for step in steps:
                current = step(run, frame, at, tied, current)
            return current

        return run_body

    def _repeated(self, body: Body) -> list[str]:
        given = {name.text for step in body.steps for name in (*step.names, *(made for made, _ in step.collect))}
        return sorted(given & self.names.repeated)

    def _step(self, step: Step) -> StepCode:
        if step.broken or step.share is not None or isinstance(step.head, Unread):
            raise Unsupported
        present = self._present(step)
        if step.condition is None:
            return present
        condition = value(self.cells.memory, step.condition)
        label = step.label
        absent = [name.text for name in (*step.names, *(made for made, _ in step.collect))]

        def run_step(run: Run, frame: Frame, at: str, tied: bool, current: list[Data]) -> list[Data]:
            holds = condition(run, frame, f"{join(at, label)}/if", tied)
            if holds is True:
                return present(run, frame, at, tied, current)
            if holds is not False:
                raise Doubtful
            for name in absent:
                frame.table.setdefault(name, ABSENT)
            return current

        # In the second round of a loop the name still has the value of the first.
        if not absent or all(name in self.names.repeated for name in absent):
            return run_step

        def run_once(run: Run, frame: Frame, at: str, tied: bool, current: list[Data]) -> list[Data]:
            for name in absent:
                frame.table.pop(name, None)
            return run_step(run, frame, at, tied, current)

        return run_once

    def _present(self, step: Step) -> StepCode:
        """A step that is there: `from`, loop or `tie`, head, `name`."""
        if isinstance(step.head, Call) and not (step.tie or step.loop or step.repeat):
            return self._present_call(step, step.head)
        read = self._arguments(step)
        rounds = self._rounds(step)
        bind = self._namer(step)
        tracks = self.names.tracks_reads
        marks = step.reads is not None and not isinstance(step.head, Call) and tracks
        label = step.label

        def run_step(run: Run, frame: Frame, at: str, tied: bool, current: list[Data]) -> list[Data]:
            path = f"{at}/{label}" if at else label
            if read is not None:
                current = read(run, frame, path, tied)
                if marks:
                    mark(frame, current)
            result = rounds(run, frame, path, tied, current)
            if tracks:
                result = _told_apart(run, frame, current, result)
            if bind is not None:
                bind(frame, result)
            return result

        return run_step

    def _present_call(self, step: Step, head: Call) -> StepCode:
        """A plain call, which most steps are: as little as possible is called on the way."""
        bind = self.cells.binder.call(self.cell, head.name, head.attributes)
        call, tracks, label = self.cells.call, self.names.tracks_reads, step.label
        read, explicit, namer = self._arguments(step), step.reads is not None, self._namer(step)
        name = step.names[0].text if namer is not None and self._is_plain(step) else None

        def run_call(run: Run, frame: Frame, at: str, tied: bool, current: list[Data]) -> list[Data]:
            path = f"{at}/{label}" if at else label
            if read is not None:
                current = read(run, frame, path, tied)
            bound = bind(run, frame, path, tied)
            if bound.reads_nothing:
                if explicit and current:
                    raise Doubtful
                current = []
            if tracks:
                if len(current) == 1 and type(current[0]) is Value:
                    frame.reads.add(id(current[0]))
                else:
                    mark(frame, current)
            result = call(run, frame, bound, current, path, tied)
            if tracks and (bound.op is None or bound.is_identity):
                result = _told_apart(run, frame, current, result)
            if name is not None:
                frame.table[name] = result[0] if len(result) == 1 else list(result)
            elif namer is not None:
                namer(frame, result)
            return result

        return run_call

    def _arguments(self, step: Step) -> _Read | None:
        if step.reads is None:
            return None
        memory = self.cells.memory
        given = [value(memory, written) for written in step.reads.arguments]
        if step.reads.single and len(given) == 1:
            only = given[0]
            chosen = chosen_input(memory, step.reads.arguments[0])

            def read_one(run: Run, frame: Frame, path: str, tied: bool) -> list[Data]:
                if chosen is not None:
                    result = chosen(run, frame, f"{path}/from", tied)
                else:
                    result = [only(run, frame, f"{path}/from", tied)]
                if type(result[0]) is not Value and type(result[0]) is not list:
                    raise Doubtful
                return result

            return read_one

        names = [simple_name(written) for written in step.reads.arguments]
        if all(names):

            def read_names(run: Run, frame: Frame, path: str, tied: bool) -> list[Data]:
                table = frame.table
                found = [table.get(name) for name in names]  # type: ignore[arg-type]
                for item in found:
                    if type(item) is not Value and type(item) is not list:
                        raise Doubtful
                return found  # type: ignore[return-value]

            return read_names

        def read(run: Run, frame: Frame, path: str, tied: bool) -> list[Data]:
            found = [item(run, frame, f"{path}/from[{i}]", tied) for i, item in enumerate(given)]
            if not all(type(item) is Value or type(item) is list for item in found):
                raise Doubtful
            return found

        return read

    def _rounds(self, step: Step) -> StepCode:
        """The head, once or in a loop; under `tie` its decisions have ids of their own."""
        head = self.head(step)
        inner = head if step.loop is None and step.repeat is None else compiled_loop(self, step, head)
        if step.tie is None:
            return inner
        key = step.tie.text
        if step.loop is not None or step.repeat is not None:
            # The number of rounds is decided at the step's own place.
            return inner

        def run_tied(run: Run, frame: Frame, path: str, tied: bool, current: list[Data]) -> list[Data]:
            return inner(run, frame, join(frame.base, key), True, current)

        return run_tied

    def head(self, step: Step) -> StepCode:
        """What a step does in one round, at its decision path."""
        head = step.head
        if isinstance(head, Call):
            return self._call(head, step.reads is not None)
        if isinstance(head, Do):
            return self.body(head.body)
        if isinstance(head, Branches):
            return self._branches(head)
        if isinstance(head, ChooseBody):
            return self._choose(head)
        raise Unsupported

    def _call(self, head: Call, explicit: bool) -> StepCode:
        bind = self.cells.binder.call(self.cell, head.name, head.attributes)
        call, tracks = self.cells.call, self.names.tracks_reads

        def run_call(run: Run, frame: Frame, path: str, tied: bool, current: list[Data]) -> list[Data]:
            bound = bind(run, frame, path, tied)
            if bound.reads_nothing:
                if explicit and current:
                    raise Doubtful
                current = []
            if tracks:
                mark(frame, current)
            return call(run, frame, bound, current, path, tied)

        return run_call

    def _branches(self, head: Branches) -> StepCode:
        bodies = [self.body(body) for body in head.bodies]

        def run_branches(run: Run, frame: Frame, path: str, tied: bool, current: list[Data]) -> list[Data]:
            results: list[Data] = []
            for i, body in enumerate(bodies):
                results += body(run, frame, f"{path}[{i}]", tied, current)
            return results

        return run_branches

    def _choose(self, head: ChooseBody) -> StepCode:
        labels = tuple([key.value for key, _ in head.options if key.value is not None])
        if not labels or len(labels) < len(head.options):
            raise Unsupported
        bodies = [(key.text, self.body(body)) for key, body in head.options]
        known: dict[str, Decision] = {}
        memory = self.cells.memory

        def run_choose(run: Run, frame: Frame, path: str, tied: bool, current: list[Data]) -> list[Data]:
            taken = 0
            if len(labels) > 1:
                decision = known.get(path)
                if decision is None:
                    decision = known[path] = memory.decision(path, labels)
                    memory.entries += 1
                taken = run.decide(decision, head, tied)[0]
            text, body = bodies[taken]
            return body(run, frame, f"{path}/{text}", tied, current)

        return run_choose

    def _namer(self, step: Step) -> _Name | None:
        """What gives names to a step's values."""
        names = [name.text for name in step.names]
        if not names:
            return None
        checked = any(name in self.names.repeated for name in names)
        if self._is_plain(step):
            name = names[0]

            def bind_one(frame: Frame, result: list[Data]) -> None:
                frame.table[name] = result[0] if len(result) == 1 else list(result)

            return bind_one

        def bind(frame: Frame, result: list[Data]) -> None:
            if not step.names_listed:
                values = [result[0] if len(result) == 1 else list(result)]
            elif len(result) == len(names):
                values = result
            elif len(result) == 1 and type(result[0]) is list and len(result[0]) == len(names):
                values = result[0]
            else:
                raise Doubtful
            for name, found in zip(names, values, strict=True):
                if checked and frame.table.get(name, ABSENT) is not ABSENT:
                    raise Doubtful
                frame.table[name] = found

        return bind

    def _is_plain(self, step: Step) -> bool:
        """Whether a step gives one name, that no other step gives."""
        return len(step.names) == 1 and not step.names_listed and step.names[0].text not in self.names.repeated


def mark(frame: Frame, data: list[Data]) -> None:
    """Remember which tensors a step of this call has read."""
    reads = frame.reads
    for item in data:
        if type(item) is Value:
            reads.add(id(item))
        elif type(item) is list:
            mark(frame, item)


def _told_apart(run: Run, frame: Frame, read: list[Data], result: list[Data]) -> list[Data]:
    """What a step gives, told apart from what it has read (rule 18)."""
    if len(result) == 1 and type(result[0]) is Value and not any(x is result[0] or type(x) is list for x in read):
        return result  # as most do

    def other(tensor: Value) -> Value:
        frame.reads.add(id(tensor))
        made = Value(tensor.type)
        run.record.built.append(Applied(identity(), [tensor], [made], ""))
        return made

    return handed_on(read, result, other)


_Read: TypeAlias = "Callable[[Run, Frame, str, bool], list[Data]]"
_Name: TypeAlias = "Callable[[Frame, list[Data]], None]"
