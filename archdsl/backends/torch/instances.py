"""The module tree: one instance for each path at which a cell is called, with all its calls.

An instance that is called several times (shared weights) has one forward function for each kind of call. Literals in
which calls of one kind differ, like the sizes in a reshape, become arguments of that function.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import TypeAlias

from archdsl.backends.torch.forward import CallSite, Cell, write_forward
from archdsl.backends.torch.members import Members, Part, lowering_of
from archdsl.backends.torch.modes import mergeable, merged
from archdsl.backends.torch.names import NamePool, plain_name
from archdsl.backends.torch.statements import Argument, Code
from archdsl.ir.graph import Graph
from archdsl.ir.hierarchy import Frame, fold, frames
from archdsl.ir.naming import module_parts
from archdsl.ops.lowering import LeafModule


@dataclass(frozen=True, slots=True)
class ByMode:
    """Two leaf modules with one set of weights, that of training: each mode runs its own."""

    training: LeafModule
    inference: LeafModule


@dataclass(slots=True, eq=False)
class Method:
    """One forward function of an instance.

    Attributes:
        code: body; its literals are those of the first call.
        calls: the literals of each call.
        passed: slots whose literals differ between the calls, with the names of the arguments they become.
    """

    name: str
    code: Code
    calls: list[tuple[Argument, ...]]
    passed: dict[int, str] = field(default_factory=dict)

    def given(self, literals: tuple[Argument, ...]) -> tuple[Argument, ...]:
        """What a call with these literals passes, in order of the arguments."""
        first = {name: slot for slot, name in reversed(self.passed.items())}
        return tuple([Argument(name, literals[first[name]].value) for name in self.arguments])

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of the arguments that are no tensors."""
        return tuple(dict.fromkeys(self.passed.values()))


@dataclass(slots=True, eq=False)
class Instance:
    """One module that stands for a cell.

    Attributes:
        cell: name of the cell.
        path: the path of its weights.
        members: leaf modules (with their path) and instances of other cells.
        methods: its forward functions; the first is `forward`.
    """

    cell: str
    path: str
    members: Members[Content] = field(default_factory=Members)
    methods: list[Method] = field(default_factory=list)


Content: TypeAlias = LeafModule | ByMode | Instance


def module_tree(graph: Graph, training_graph: Graph | None, reserved: frozenset[str]) -> Instance:
    """The root instance of a network.

    Args:
        graph: the inference form.
        training_graph: the training form, if it is another graph. Its weights are registered in its order.
        reserved: names that generated code may not bind.

    Raises:
        ValueError: if the paths of weights don't form a tree, or one path stands for two different modules.
    """
    inference = fold(graph)
    training = fold(training_graph) if training_graph is not None and training_graph is not graph else None
    return _TreeBuilder(graph, training_graph, inference, training, reserved).root()


class _TreeBuilder:
    def __init__(
        self,
        graph: Graph,
        training_graph: Graph | None,
        inference: Frame,
        training: Frame | None,
        reserved: frozenset[str],
    ):
        self.graphs = {inference: graph}
        self.inference = _by_path(inference)
        self.training = _by_path(training) if training is not None else {}
        if training is not None and training_graph is not None:
            self.graphs[training] = training_graph
        self.root_path = inference.scope.path
        self.by_mode = _by_mode(training_graph, graph) if self.training and training_graph is not None else {}
        self.reserved = reserved
        self.sites: dict[Frame, CallSite] = {}
        self.built: dict[str, Instance] = {}

    def root(self) -> Instance:
        return self.instance(self.root_path)

    def instance(self, path: str) -> Instance:
        """The instance at a path, made on first request; those it calls are made first."""
        found = self.built.get(path)
        if found is None:
            calls = [*self.training.get(path, ()), *self.inference.get(path, ())]
            found = self.built[path] = Instance(calls[0].scope.cell, path)
            prefix = module_parts(path)
            for frame in calls:
                self._register(found, frame, prefix)
            self._write(found, prefix)
        return found

    def _register(self, instance: Instance, frame: Frame, prefix: tuple[Part, ...]) -> None:
        for item in frame.body:
            if isinstance(item, Frame):
                child = self.instance(item.scope.path)
                instance.members.put(_relative(item.scope.path, prefix), child)
                continue
            leaf = lowering_of(item).leaf
            if leaf is not None:
                parts = _relative(item.path, prefix)
                content = self.by_mode.get(item.path, leaf)
                instance.members.put(parts, content)
                if instance.members.get(parts) != content:
                    raise ValueError(f"the steps at {item.path} share weights, but need different modules")

    def _write(self, instance: Instance, prefix: tuple[Part, ...]) -> None:
        lengths: dict[str, int] = {}
        access = partial(_access, instance.members, lengths)
        cell = Cell(prefix, access, self.sites.__getitem__, lambda text: lengths.get(text, 0), self.reserved)
        placed: list[tuple[Method, tuple[Argument, ...], list[Frame]]] = []
        kinds: dict[object, Method] = {}
        for one, other in zip_longest(self.training.get(instance.path, ()), self.inference.get(instance.path, ())):
            for code, called in self._forms(one, other, cell):
                hints = tuple([literal.hint for literal in code.literals])
                key = (code.arguments, code.statements, code.returns, hints)
                method = kinds.get(key)
                if method is None:
                    name = f"forward_{len(kinds) + 1}" if kinds else "forward"
                    method = kinds[key] = Method(name, code, [])
                    instance.methods.append(method)
                method.calls.append(code.literals)
                placed.append((method, code.literals, called))
        for method in instance.methods:
            method.passed = _passed(method, self.reserved)
        for method, literals, called in placed:
            site = CallSite(method.name, method.code.arguments, method.given(literals))
            self.sites.update(dict.fromkeys(called, site))

    def _forms(self, training: Frame | None, inference: Frame | None, cell: Cell) -> Iterator[tuple[Code, list[Frame]]]:
        """The codes of one call in the two modes: one code if one function can hold both."""
        codes = [(write_forward(f, cell, self.graphs.get(f)), [f]) for f in (training, inference) if f is not None]
        if len(codes) == 2:
            (one, first), (other, second) = codes
            if mergeable(one, other):
                codes = [(merged(one, other), first + second)]
        yield from codes


def _by_mode(training: Graph, inference: Graph) -> dict[str, LeafModule | ByMode]:
    """What stands at the paths whose leaf modules differ between the modes."""
    known = {node.path: leaf for node in training.nodes if (leaf := lowering_of(node).leaf) is not None}
    found: dict[str, LeafModule | ByMode] = {}
    for node in inference.nodes:
        leaf = lowering_of(node).leaf
        other = known.get(node.path)
        if leaf is not None and other is not None and leaf != other:
            # Initial weights are those of training.
            alike = (leaf.type, leaf.kwargs) == (other.type, other.kwargs)
            found[node.path] = other if alike else ByMode(other, leaf)
    return found


def _by_path(root: Frame) -> dict[str, list[Frame]]:
    found: dict[str, list[Frame]] = {}
    for frame in frames(root):
        found.setdefault(frame.scope.path, []).append(frame)
    return found


def _relative(path: str, prefix: tuple[Part, ...]) -> tuple[Part, ...]:
    parts = module_parts(path)
    if parts[: len(prefix)] != prefix:
        raise ValueError(f"the step at {path} lies outside the cell call that holds it")
    return parts[len(prefix) :]


def _access(members: Members[Content], lengths: dict[str, int], parts: tuple[Part, ...]) -> str:
    """Expression of a module; notes the length of the list it lies in."""
    text = members.access(parts)
    if isinstance(parts[-1], int):
        place = members
        for part in parts[:-1]:
            place = place.children[part]
        if place.is_list:
            lengths[text[: text.rindex("[")]] = place.length
    return text


def _passed(method: Method, reserved: frozenset[str]) -> dict[int, str]:
    """Names for the slots in which the calls differ; equal columns share a name."""
    passed: dict[int, str] = {}
    if len(method.calls) == 1:
        return passed
    pool = NamePool(reserved | method.code.names)
    names: dict[tuple[str, ...], str] = {}
    for slot, first in enumerate(method.code.literals):
        column = tuple([repr(literals[slot].value) for literals in method.calls])
        if len(set(column)) > 1:
            if column not in names:
                names[column] = pool.take(plain_name(first.hint, "value", reserved))
            passed[slot] = names[column]
    return passed
