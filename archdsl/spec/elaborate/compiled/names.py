"""The names of a cell: whether all its bodies can have one table, and what a loop reads from outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from archdsl.spec.elaborate.compiled.state import Unsupported
from archdsl.spec.elaborate.compiled.values import expression_of
from archdsl.spec.elaborate.purity import reads_state, tracks_reads
from archdsl.spec.static.walk import cell_values, inner_bodies, parts, step_values, steps_of
from archdsl.spec.syntax.model import (
    Body,
    Call,
    Cell,
    Step,
    StepCall,
    Text,
    Written,
)


class Names:
    """What a cell's bodies name.

    Attributes:
        all: what inputs, parameters, steps and loops are called.
        repeated: names that several steps of one body give, under opposite conditions.
        tracks_reads: whether an expression asks what was read.
    """

    def __init__(self, cell: Cell):
        outer = {declared.text for declared in cell.inputs} | set(cell.params)
        self._keys: set[str] = set()
        self.all = set(outer)
        self.repeated: set[str] = set()
        texts = [*_texts(cell_values(cell))]
        self.tracks_reads = tracks_reads(cell)
        variables = {name for text in texts for name in expression_of_any(text)}
        if cell.body is not None:
            self._collect(cell.body, outer)
            self._expect_visible(cell.body, set(outer))
        if (self._keys | variables) & self.all:
            raise Unsupported

    def _collect(self, body: Body, outer: set[str]) -> None:
        """Raises Unsupported if a name hides another, or two steps have one label."""
        given = Counter(name.text for step in body.steps for name in (*step.names, *(made for made, _ in step.collect)))
        if set(given) & outer or len({step.label for step in body.steps}) < len(body.steps):
            raise Unsupported
        self.repeated.update(name for name, count in given.items() if count > 1)
        self.all.update(given)
        for step in body.steps:
            if step.tie is not None:
                self._keys.add(step.tie.text)
            # A loop's lists grow within it under their final names.
            within = (outer | set(given)) - {made.text for made, _ in step.collect}
            variables = {name.text for name, _ in step.loop.variables} if step.loop is not None else set()
            if variables & within:
                raise Unsupported
            self.all |= variables
            for inner in inner_bodies(step):
                self._collect(inner, within | variables | {made.text for made, _ in step.collect})

    def _expect_visible(self, body: Body, visible: set[str]) -> None:
        """Raises Unsupported if a step reads a name that an earlier round or another body may have left."""
        for step in body.steps:
            made = {made.text for made, _ in step.collect}
            variables = step.loop.variables if step.loop is not None else ()
            within = visible | made | {name.text for name, _ in variables}
            for text in _texts_of_step(step):
                try:
                    names = expression_of(text).names
                except Unsupported:
                    continue
                if not names & self.all <= within:
                    raise Unsupported
            for inner in inner_bodies(step):
                self._expect_visible(inner, set(within))
            visible |= made | {name.text for name in step.names}


def mentioned(body: Body) -> set[str]:
    """Every name that a body's expressions and calls may read, its own included.

    Raises:
        Unsupported: if one of its expressions asks what was read.
    """
    found: set[str] = set()
    for text in _texts_of_body(body):
        if reads_state(text.text):
            raise Unsupported
        try:
            found |= expression_of(text).names
        except Unsupported:
            found.add(text.text)
    return found | set(_callables(body))


def expression_of_any(text: Text) -> set[str]:
    """The variables of comprehensions in a text; none if it is no expression, but a word or a callable."""
    try:
        return set(expression_of(text).variables)
    except Unsupported:
        return set()


def _callables(body: Body) -> Iterator[str]:
    for step in body.steps:
        if isinstance(step.head, Call):
            yield step.head.name
        for inner in inner_bodies(step):
            yield from _callables(inner)


def _texts_of_body(body: Body) -> Iterator[Text]:
    for step in steps_of(body):
        yield from _texts_of_step(step)


def _texts_of_step(step: Step) -> Iterator[Text]:
    """What is written beside its bodies."""
    return _texts(step_values(step))


def _texts(values: Iterable[Written]) -> Iterator[Text]:
    """The texts in values, names of steps among them."""
    for value in values:
        for part in parts(value):
            if isinstance(part, Text):
                yield part
            elif isinstance(part, StepCall):
                yield Text(part.name, part.name_span, part.name_span)
