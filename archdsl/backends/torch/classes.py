"""Instances grouped into module classes: those of one cell that are equal up to literals share a class.

A literal that is the same in all instances is written out; the others become constructor parameters, equal columns
one parameter. Arguments for the classes of inner cells are literals again, and so on up to the root, of which there
is one instance only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from inspect import Parameter

from archdsl.backends.torch.instances import ByMode, Content, Instance
from archdsl.backends.torch.layout import Doc, Group, Slot
from archdsl.backends.torch.members import Members, constructor_defaults
from archdsl.backends.torch.names import NamePool, class_name, plain_name
from archdsl.backends.torch.printing import constant_doc
from archdsl.backends.torch.statements import Argument
from archdsl.ir.naming import TAKEN
from archdsl.ops.lowering import Constant, LeafModule


@dataclass(frozen=True, slots=True)
class LeafEntry:
    """A leaf module to be made: the kwargs and initialisation arguments are slots."""

    type: str
    kwargs: tuple[tuple[str, Doc], ...]
    inits: tuple[tuple[str, str, tuple[Doc, ...]], ...]


@dataclass(frozen=True, slots=True)
class ByModeEntry:
    """Two leaf modules with one set of weights to be made."""

    training: LeafEntry
    inference: LeafEntry


@dataclass(frozen=True, slots=True)
class CellEntry:
    """An inner cell to be made: number of the class, and the number of this entry among the inner cells."""

    class_index: int
    position: int


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """A container: keys and entries; a list has None where an index is missing."""

    is_list: bool
    entries: tuple[tuple[str, Entry | None], ...]


Entry = LeafEntry | ByModeEntry | CellEntry | GroupEntry


@dataclass(slots=True, eq=False)
class Column:
    """One literal over all instances of a class: written out, or a parameter."""

    hint: str
    values: list[Constant]
    parameter: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """Equal for columns that always have equal values; repr keeps 1, 1.0 and True apart."""
        return tuple(map(repr, self.values))


@dataclass(slots=True, eq=False)
class ModuleClass:
    """One class of the generated source.

    Attributes:
        index: position; classes stand behind those they use.
        entries: the modules it makes.
        model: the first instance; its methods are those of all.
        instances: all instances.
        columns: literals of leaf modules, then of each method (from `method_offsets` on).
        inner: for each inner cell, the columns of the arguments for its class.
        parameters: name and column of each constructor parameter.
    """

    index: int
    name: str
    entries: GroupEntry
    model: Instance
    method_offsets: tuple[int, ...]
    instances: list[Instance] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    inner: list[list[Column]] = field(default_factory=list)
    parameters: dict[str, Column] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Described:
    """An instance: its class, the values of its slots and the instances of the cells it calls."""

    class_index: int
    literals: list[Argument]
    inner: list[Instance]
    arguments: list[Constant] = field(default_factory=list)


def grouped(root: Instance, root_name: str, reserved: frozenset[str]) -> list[ModuleClass]:
    """The classes of a module tree, those of inner cells first; the last is the root's."""
    return _Grouping(root, root_name, reserved).classes


class _Grouping:
    def __init__(self, root: Instance, root_name: str, reserved: frozenset[str]):
        self.reserved = reserved
        self.names = NamePool(reserved)
        self.classes: list[ModuleClass] = []
        self.known: dict[object, ModuleClass] = {}
        self.described: dict[Instance, _Described] = {}
        self.root_name = self.names.take(class_name(root_name), "")
        self.root = root
        self.describe(root)
        for found in self.classes:
            self.parametrize(found)

    def describe(self, instance: Instance) -> None:
        """Find or make the class of an instance, after those of the cells it calls."""
        scan = _Scan(self)
        entries = scan.group(instance.members)
        offsets = []
        kinds: list[object] = []
        for method in instance.methods:
            offsets.append(len(scan.literals))
            scan.literals.extend(method.code.literals)
            hints = tuple([literal.hint for literal in method.code.literals])
            code = method.code
            kinds.append((code.arguments, code.statements, code.returns, hints, tuple(method.passed.items())))
        key = (instance.cell, instance is self.root, entries, tuple(scan.hints), tuple(kinds))
        found = self.known.get(key)
        if found is None:
            name = self.root_name if instance is self.root else self.names.take(class_name(instance.cell), "")
            found = ModuleClass(len(self.classes), name, entries, instance, tuple(offsets))
            self.known[key] = found
            self.classes.append(found)
        found.instances.append(instance)
        self.described[instance] = _Described(found.index, scan.literals, scan.inner)

    def parametrize(self, found: ModuleClass) -> None:
        """Make the columns and decide which of them are parameters; gives every instance its arguments."""
        described = [self.described[instance] for instance in found.instances]
        first = described[0]
        for slot, literal in enumerate(first.literals):
            found.columns.append(Column(literal.hint, [d.literals[slot].value for d in described]))
        for position, inner in enumerate(first.inner):
            names = self.classes[self.described[inner].class_index].parameters
            arguments = [self.described[d.inner[position]].arguments for d in described]
            found.inner.append([Column(name, [a[i] for a in arguments]) for i, name in enumerate(names)])
        self._name_parameters(found)
        for i, one in enumerate(described):
            one.arguments = [column.values[i] for column in found.parameters.values()]

    def _name_parameters(self, found: ModuleClass) -> None:
        attributes = {key for key, _ in found.entries.entries}
        pool = NamePool(self.reserved | TAKEN | attributes)
        passed = {
            offset + slot
            for offset, method in zip(found.method_offsets, found.model.methods, strict=True)
            for slot in method.passed
        }
        own = [column for slot, column in enumerate(found.columns) if slot not in passed]
        known: dict[tuple[str, ...], str] = {}
        for column in [*own, *[column for columns in found.inner for column in columns]]:
            key = column.key
            if len(set(key)) == 1:
                continue
            if key not in known:
                known[key] = pool.take(plain_name(column.hint, "value", self.reserved))
                found.parameters[known[key]] = column
            column.parameter = known[key]


class _Scan:
    """Walks the members of one instance, numbering literals and inner cells."""

    def __init__(self, grouping: _Grouping):
        self.grouping = grouping
        self.literals: list[Argument] = []
        self.hints: list[str] = []
        self.inner: list[Instance] = []

    def group(self, members: Members[Content]) -> GroupEntry:
        """A container with all that lies in it."""
        entries = tuple([(key, None if child is None else self._entry(child)) for key, child in members.items()])
        return GroupEntry(members.is_list, entries)

    def _entry(self, members: Members[Content]) -> Entry:
        content = members.content
        if content is None:
            return self.group(members)
        if isinstance(content, LeafModule):
            return self._leaf(content)
        if isinstance(content, ByMode):
            return ByModeEntry(self._leaf(content.training), self._leaf(content.inference))
        if content not in self.grouping.described:
            self.grouping.describe(content)
        self.inner.append(content)
        return CellEntry(self.grouping.described[content].class_index, len(self.inner) - 1)

    def _leaf(self, leaf: LeafModule) -> LeafEntry:
        kwargs = tuple([(key, self._slot(value.hint, value.value)) for key, value in leaf.kwargs])
        inits = tuple(
            [
                (function, weight, tuple([self._slot(f"{weight}_init", value) for value in arguments]))
                for function, weight, arguments in leaf.inits
            ]
        )
        return LeafEntry(leaf.type, kwargs, inits)

    def _slot(self, hint: str, value: Constant) -> Doc:
        if not hint:
            return constant_doc(value)
        self.literals.append(Argument(hint, value))
        self.hints.append(hint)
        return (Slot(len(self.literals) - 1),)


def column_doc(column: Column, prefix: str = "") -> Doc:
    """How a literal is printed: its value, or the parameter (in methods with the prefix `self.`)."""
    return (prefix + column.parameter,) if column.parameter else constant_doc(column.values[0])


def leaf_arguments(leaf: LeafEntry, columns: list[Column]) -> Iterator[tuple[str, Doc]]:
    """The constructor arguments of a leaf module that have to be written."""
    defaults = constructor_defaults(leaf.type)
    for key, doc in leaf.kwargs:
        (part,) = doc if len(doc) == 1 else (None,)
        if not isinstance(part, Slot):
            yield key, doc
            continue
        column = columns[part.index]
        default = defaults.get(key, Parameter.empty)
        if column.parameter or repr(column.values[0]) != repr(default):
            yield key, column_doc(column)


def inner_arguments(found: ModuleClass, classes: list[ModuleClass], entry: CellEntry) -> Group:
    """The arguments with which a class makes an inner cell."""
    names = classes[entry.class_index].parameters
    columns = found.inner[entry.position]
    return Group("(", tuple([(f"{n}=", *column_doc(c)) for n, c in zip(names, columns, strict=True)]), ")")
