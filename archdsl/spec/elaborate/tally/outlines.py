"""Data as far as a cell can tell it apart: tensors by type and by which of them are one."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from archdsl.ir.graph import Value
from archdsl.spec.elaborate.scopes import BoundStep, Data

Template: TypeAlias = "int | list[Template] | Plain"


class Plain(NamedTuple):
    """Data without tensors."""

    value: object


class Tensors:
    """Tensors numbered in the order in which they are first met."""

    __slots__ = ("numbers", "values")

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}
        self.values: list[Value] = []

    def number(self, value: Value) -> int:
        """The number of a tensor, a new one at the first meeting."""
        known = self.numbers.get(id(value))
        if known is None:
            known = self.numbers[id(value)] = len(self.values)
            self.values.append(value)
        return known

    def outline(self, data: Data | BoundStep) -> object:
        """A key that is equal for data which a cell can't tell apart."""
        kind = type(data)
        if kind is int:
            return data
        if kind is Value:
            return data.type, self.number(data)  # type: ignore[union-attr, arg-type]
        if kind is list:
            return tuple([self.outline(item) for item in data])  # type: ignore[union-attr]
        if isinstance(data, BoundStep):
            attributes = [(name, self.outline(given)) for name, (given, _) in data.attributes.items()]
            return BoundStep, data.target, tuple(attributes)
        return kind, data  # 1, 1.0 and True are equal and not the same

    def template(self, data: Data) -> Template:
        """Data with numbers in place of its tensors."""
        if type(data) is Value:
            return self.number(data)
        if type(data) is list:
            return [self.template(item) for item in data]
        return Plain(data)


def restored(template: Template, values: list[Value]) -> Data:
    """The data of a template whose tensors are now these."""
    if type(template) is int:
        return values[template]
    if isinstance(template, list):
        return [restored(item, values) for item in template]
    assert isinstance(template, Plain)
    return template.value  # type: ignore[return-value]
