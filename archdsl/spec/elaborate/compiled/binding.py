"""Callables with their attributes, compiled: bound once for each combination of what the attributes read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from archdsl.ir.graph import Value
from archdsl.ops.base import Operator, OperatorError
from archdsl.ops.registry import ValidationError, make, operators
from archdsl.spec.elaborate.compiled.recall import Memory, Shelf
from archdsl.spec.elaborate.compiled.state import Bind, Bound, Evaluate, Frame, Run, Unsupported
from archdsl.spec.elaborate.compiled.values import decided, expression, expression_of, reader, value
from archdsl.spec.elaborate.decisions import hashable
from archdsl.spec.elaborate.parameters import parameter_kind, required
from archdsl.spec.elaborate.purity import has_tensor, is_pure, key_of, names_in
from archdsl.spec.elaborate.scopes import Data, join
from archdsl.spec.elaborate.tally.record import Doubtful
from archdsl.spec.expressions import Branch
from archdsl.spec.syntax.model import Attribute, Cell, Choice, Label, Listing, StepCall, Text, Written

Target: TypeAlias = "Cell | type[Operator]"
_Make: TypeAlias = "Callable[[dict[str, Data | Bound]], Bound]"


class Binder:
    """Binds the callables of one program; equal ones become one object."""

    def __init__(self, memory: Memory):
        self.memory = memory
        self._bound: dict[object, Bound] = {}
        self._operators = operators()

    def bound(self, target: Target, attributes: dict[str, Data | Bound]) -> Bound:
        """The callable with these attributes.

        Raises:
            Doubtful: if one is missing, not valid, or a tensor.
        """
        key = (target, tuple([(name, key_of(given)) for name, given in attributes.items()]))
        found = self._bound.get(key)
        if found is not None:
            return found
        if any(map(has_tensor, attributes.values())) or any(name not in attributes for name in required(target)):
            raise Doubtful
        op = _made(target, attributes) if isinstance(target, type) else None
        found = self._bound[key] = Bound(target, attributes, op, Shelf(self.memory))
        self.memory.entries += 1
        return found

    def call(self, cell: Cell, name: str, attributes: tuple[Attribute, ...]) -> Bind:
        """What binds a call in a body of `cell`; its attributes are all that it needs.

        Raises:
            Unsupported: for an unknown name or attribute, and for what may be a step or a value.
        """
        if cell.kinds.get(name) == "step":
            return self._parameter(cell, name, attributes)
        target = self._target(cell, name)
        return self._attributes(cell, target, attributes)

    def step(self, cell: Cell, written: Written) -> Bind:
        """What binds a step that is given as a value.

        Raises:
            Unsupported: if it is none.
        """
        if isinstance(written, StepCall):
            return self._partial(cell, written.name, written.attributes)
        if isinstance(written, Choice):
            return self._choice(cell, written)
        if isinstance(written, Listing) and not written.items:
            return self._partial(cell, "identity", ())
        if not isinstance(written, Text):
            raise Unsupported
        expression = expression_of(written)
        if expression.conditional is not None:
            return self._conditional(cell, expression.conditional)
        if expression.simple_name is None:
            raise Unsupported
        return self._partial(cell, expression.simple_name, ())

    def _target(self, cell: Cell, name: str) -> Target:
        found = cell.file.visible_cells.get(name) or self._operators.get(name)
        if found is None or (isinstance(found, Cell) and (found.is_open or found.body is None)):
            raise Unsupported
        return found

    def _partial(self, cell: Cell, name: str, attributes: tuple[Attribute, ...]) -> Bind:
        """A step value: attributes that are missing are given where it is called."""
        if cell.kinds.get(name) == "step":
            if attributes:
                raise Unsupported
            return lambda run, frame, path, tied: frame.steps[name]
        target = self._target(cell, name)
        given = self._evaluators(cell, target, attributes)
        return self._remembered(cell, attributes, lambda found: self._step(target, found), given)

    def _step(self, target: Target, attributes: dict[str, Data | Bound]) -> Bound:
        key = ("step", target, tuple([(name, key_of(given)) for name, given in attributes.items()]))
        found = self._bound.get(key)
        if found is None:
            if any(map(has_tensor, attributes.values())):
                raise Doubtful
            found = self._bound[key] = Bound(target, attributes, None, Shelf(self.memory))
            self.memory.entries += 1
        return found

    def _attributes(self, cell: Cell, target: Target, attributes: tuple[Attribute, ...]) -> Bind:
        given = self._evaluators(cell, target, attributes)
        return self._remembered(cell, attributes, lambda found: self.bound(target, found), given)

    def _remembered(
        self, cell: Cell, attributes: tuple[Attribute, ...], bound: _Make, given: list[tuple[str, Evaluate | Bind]]
    ) -> Bind:
        def bind(run: Run, frame: Frame, path: str, tied: bool) -> Bound:
            return bound({name: evaluate(run, frame, join(path, name), tied) for name, evaluate in given})

        written = [attribute.value for attribute in attributes]
        steps = {name for name, kind in cell.kinds.items() if kind == "step"}
        if not all(map(is_pure, written)):
            return bind
        names = sorted({name for item in written for name in names_in(item)})
        if steps.intersection(names):
            return bind
        return self._by_names(names, bind)

    def _by_names(self, names: list[str], bind: Bind) -> Bind:
        """Bound once for each combination of the values of these names."""
        known: dict[object, Bound] = {}
        if not names or len(names) > 3:
            read = reader(names)

            def recall(run: Run, frame: Frame, path: str, tied: bool) -> Bound:
                key = read(frame)
                return known.get(key) or remember(key, run, frame, path, tied)

        else:
            one, two, three = [*names, "", ""][:3]

            def recall(run: Run, frame: Frame, path: str, tied: bool) -> Bound:
                # The most frequent of all: a call of `reader` would cost more than what it does.
                table = frame.table
                a, b, c = table.get(one), table.get(two), table.get(three)
                key = (
                    a if type(a) is int else a.type if type(a) is Value else key_of(a),
                    b if type(b) is int else b.type if type(b) is Value else key_of(b),
                    c if type(c) is int else c.type if type(c) is Value else key_of(c),
                )
                return known.get(key) or remember(key, run, frame, path, tied)

        def remember(key: object, run: Run, frame: Frame, path: str, tied: bool) -> Bound:
            found = known[key] = bind(run, frame, path, tied)
            self.memory.entries += 1
            return found

        return recall

    def _evaluators(
        self, cell: Cell, target: Target, attributes: tuple[Attribute, ...]
    ) -> list[tuple[str, Evaluate | Bind]]:
        found: list[tuple[str, Evaluate | Bind]] = []
        for attribute in attributes:
            kind = parameter_kind(target, attribute.name)
            if kind is None or kind.takes == "any" or any(name == attribute.name for name, _ in found):
                raise Unsupported
            if kind.takes == "step":
                found.append((attribute.name, self.step(cell, attribute.value)))
            else:
                found.append((attribute.name, value(self.memory, attribute.value, kind.words)))
        return found

    def _parameter(self, cell: Cell, name: str, attributes: tuple[Attribute, ...]) -> Bind:
        """A step parameter called: its own attributes, and those of the call."""
        calls: dict[Target, list[tuple[str, Evaluate | Bind]]] = {}
        alone: dict[Bound, Bound] = {}

        def bind(run: Run, frame: Frame, path: str, tied: bool) -> Bound:
            base = frame.steps[name]
            if not attributes and base in alone:
                return alone[base]
            given = calls.get(base.target)
            if given is None:
                try:
                    given = calls[base.target] = self._evaluators(cell, base.target, attributes)
                except Unsupported:
                    raise Doubtful from None
            if any(attribute in base.attributes for attribute, _ in given):
                raise Doubtful
            more = {attribute: evaluate(run, frame, join(path, attribute), tied) for attribute, evaluate in given}
            found = self.bound(base.target, {**base.attributes, **more})
            if not attributes:
                alone[base] = found
            return found

        return bind

    def _conditional(self, cell: Cell, branch: Branch) -> Bind:
        """A step by condition."""
        ends = [
            self._conditional(cell, end) if isinstance(end, Branch) else self._partial(cell, end, ())
            for end in (branch.then, branch.otherwise)
        ]
        then, otherwise = ends
        condition = expression(self.memory, branch.condition)

        def bind(run: Run, frame: Frame, path: str, tied: bool) -> Bound:
            found = condition(run, frame, "", tied)
            if type(found) is not bool:
                raise Doubtful
            return (then if found else otherwise)(run, frame, path, tied)

        return bind

    def _choice(self, cell: Cell, hole: Choice) -> Bind:
        """A hole whose options are callables."""
        if hole.take is not None or isinstance(hole.options, Text):
            raise Unsupported
        options: list[tuple[Label, Written]] = []
        if isinstance(hole.options, Listing):
            for item in hole.options.items:
                if not isinstance(item, Text):
                    raise Unsupported
                if hashable(item.text) not in {label for label, _ in options}:
                    options.append((item.text, item))
        else:
            options = [(key.value, written) for key, written in hole.options if key.value is not None]
        labels = [label for label, _ in options]
        steps = [self.step(cell, written) for _, written in options]

        def bind(run: Run, frame: Frame, path: str, tied: bool) -> Bound:
            taken = decided(run, hole, labels, frame, path, tied, None)[0]
            return steps[taken](run, frame, join(path, str(labels[taken])), tied)

        return bind


def _made(target: type[Operator], attributes: Mapping[str, object]) -> Operator:
    try:
        return make(target, attributes)
    except (OperatorError, ValidationError):
        raise Doubtful from None
