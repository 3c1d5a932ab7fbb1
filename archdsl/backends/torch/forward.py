"""One frame as the body of a forward function: names of the tensors, the order of work, and when each is freed.

The schedule is the order of the graph. A tensor is freed right after the statement that reads it last: the name is
given to what that statement makes, or deleted. Arguments are never deleted, since the caller holds them until the
function returns. `archdsl.analysis.liveness` counts exactly this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from archdsl.backends.torch.layout import Doc, Group, Slot
from archdsl.backends.torch.members import Part, lowering_of
from archdsl.backends.torch.names import NamePool, plain_name
from archdsl.backends.torch.printing import constant_doc, expression_doc
from archdsl.backends.torch.statements import (
    Argument,
    Assign,
    Code,
    Delete,
    ListStep,
    Return,
    Statement,
    listed,
    with_loops,
)
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ir.hierarchy import Frame, Item, makes, reads
from archdsl.ir.naming import module_parts
from archdsl.ops.lowering import Call, Literal, Module, X


class CallSite(NamedTuple):
    """How a frame is called: the method, the names of its tensor arguments, and the literals it is given."""

    method: str
    arguments: tuple[str, ...]
    literals: tuple[Argument, ...]


class Cell(NamedTuple):
    """What the writer of a frame has to know about the module the frame belongs to."""

    prefix: tuple[Part, ...]
    access: Callable[[tuple[Part, ...]], str]
    call_site: Callable[[Frame], CallSite]
    list_length: Callable[[str], int]
    reserved: frozenset[str]


def write_forward(frame: Frame, cell: Cell, graph: Graph | None = None) -> Code:
    """The forward function of a frame; the root's needs the graph, for the names of inputs and outputs."""
    return _Writer(frame, cell, graph).code()


class _Writer:
    def __init__(self, frame: Frame, cell: Cell, graph: Graph | None):
        self.frame = frame
        self.cell = cell
        self.graph = graph
        self.pool = NamePool()
        self.names: dict[Value, str] = {}
        self.literals: list[Argument] = []
        self.statements: list[Statement] = []
        self.last = _last_reads(frame)
        self.hints = self._hints()
        self.unnamed = set(frame.outputs) if graph is None else set()
        self.arguments = self._arguments()

    def code(self) -> Code:
        body = self.frame.body
        for i, item in enumerate(body):
            operands = [self.names[v] for v in reads(item)]
            value, step = self._node(item, operands) if isinstance(item, Node) else self._call(item, operands)
            self._bind(i, item, value, step, last=i == len(body) - 1)
        result, annotation = self._result()
        if result:
            self.statements.append(Return(result))
        statements = with_loops(self.statements, self.cell.list_length)
        names = frozenset(self.pool.ever)
        return Code(tuple(self.arguments.values()), statements, annotation, tuple(self.literals), names)

    def _hints(self) -> dict[Value, str]:
        """Names of graph outputs at the root. In a cell, the outputs bear the caller's name or none: no hint."""
        if self.graph is None:
            return dict.fromkeys(self.frame.outputs, "x")
        return {value: value.name or name for name, value in self.graph.outputs.items()}

    def _arguments(self) -> dict[Value, str]:
        if self.graph is not None:
            wanted = {value: name for name, value in self.graph.inputs.items()}
        else:
            wanted = _roles(self.frame, self.cell.call_site)
        found = {v: self.pool.take(plain_name(wanted[v], "x", self.cell.reserved)) for v in self.frame.inputs}
        self.names.update(found)
        return found

    def _bind(self, i: int, item: Item, value: Doc, step: ListStep | None, last: bool) -> None:
        """Name what the statement makes, and free what nobody reads any more."""
        dying = [v for v in dict.fromkeys(reads(item)) if self.last[v] == i]
        for v in dying:
            self.pool.release(self.names[v])
        made = [(v, self.pool.take(self._wanted(v, item, step))) for v in makes(item)]
        targets = tuple([name for _, name in made])
        gone = [self.names[v] for v in dying if v not in self.arguments and self.names[v] not in targets]
        for v, name in made:
            self.names[v] = name
            if v not in self.last:
                self.pool.release(name)
                gone.append(name)
        if value != targets:
            self.statements.append(Assign(targets, value, step if len(targets) == 1 else None))
        if gone and not last:
            self.statements.append(Delete(tuple(gone)))

    def _wanted(self, value: Value, item: Item | None = None, step: ListStep | None = None) -> str:
        if item is not None and step is not None and step.position and value in self.unnamed:
            (value,) = reads(item)  # a later round of a loop is called what the round before is
        name = plain_name(self.hints.get(value) or value.name, "x", self.cell.reserved)
        return name if value in self.last else f"_{name}"  # what nobody reads is marked so

    def _node(self, node: Node, operands: list[str]) -> tuple[Doc, ListStep | None]:
        lowering = lowering_of(node)
        if lowering.leaf is None:
            return expression_doc(lowering.result, operands, None, self._literal), None
        parts = module_parts(node.path)[len(self.cell.prefix) :]
        access = self.cell.access(parts)
        step = self._step(parts, operands) if lowering.result == Call(Module(), (X,)) else None
        return expression_doc(lowering.result, operands, access, self._literal), step

    def _call(self, frame: Frame, operands: list[str]) -> tuple[Doc, ListStep | None]:
        site = self.cell.call_site(frame)
        parts = module_parts(frame.scope.path)[len(self.cell.prefix) :]
        called = self.cell.access(parts)
        plain = site.method == "forward"
        if not plain:
            called += f".{site.method}"
        items: list[Doc] = [(name,) for name in operands]
        items += [self._literal(Literal(found.value, found.hint)) for found in site.literals]
        step = self._step(parts, operands) if plain and len(items) == 1 else None
        return (called, Group("(", tuple(items), ")")), step

    def _step(self, parts: tuple[Part, ...], operands: list[str]) -> ListStep | None:
        index = parts[-1]
        if not isinstance(index, int):
            return None
        access = self.cell.access(parts)
        # In a container of both indices and names the index is a string, and the container can't be walked.
        return ListStep(access[: access.rindex("[")], index, operands[0]) if access.endswith(f"[{index}]") else None

    def _literal(self, literal: Literal) -> Doc:
        if not literal.hint:
            return constant_doc(literal.value)
        self.literals.append(Argument(literal.hint, literal.value))
        return (Slot(len(self.literals) - 1),)

    def _result(self) -> tuple[Doc, str]:
        outputs = self.frame.outputs
        if self.graph is not None and len(self.graph.outputs) != 1:
            pairs: list[Doc] = [(f'"{name}": {self.names[v]}',) for name, v in self.graph.outputs.items()]
            return (Group("{", tuple(pairs), "}"),), "dict[str, Tensor]"
        if not outputs:
            return (), "None"
        annotation = "Tensor" if len(outputs) == 1 else f"tuple[{', '.join(['Tensor'] * len(outputs))}]"
        return listed([self.names[v] for v in outputs]), annotation


def _last_reads(frame: Frame) -> dict[Value, int]:
    """For each value, the place in the body of the item that reads it last; results are read at the end."""
    last: dict[Value, int] = {}
    for i, item in enumerate(frame.body):
        for value in reads(item):
            last[value] = i
    for value in frame.outputs:
        last[value] = len(frame.body)
    return last


def _roles(frame: Frame, call_site: Callable[[Frame], CallSite]) -> dict[Value, str]:
    """Names for the arguments of a cell: what their first reader calls them."""
    roles: dict[Value, str] = {}
    wanted = set(frame.inputs)
    for item in frame.body:
        if len(roles) == len(wanted):
            break
        names: Iterable[str] = item.op.operands if isinstance(item, Node) else call_site(item).arguments
        variadic = isinstance(item, Node) and item.op.is_variadic()
        for value, name in zip(reads(item), [] if variadic else names, strict=False):
            if value in wanted:
                roles.setdefault(value, name)
        for value in reads(item):
            if value in wanted:
                roles.setdefault(value, "x")
    return roles
