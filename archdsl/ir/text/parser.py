"""Text to graph."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.diagnostics.span import Span
from archdsl.ir.graph import Graph, Node, Scope, Value
from archdsl.ir.text.reader import Cursor
from archdsl.ops.base import Operator, OperatorError
from archdsl.ops.registry import ValidationError, every_operator, make
from archdsl.types import DTYPES, TensorType

VALUE = re.compile(r"%(\d+)")
SCOPE = re.compile(r"\$(\d+)")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
WORD = re.compile(r"[A-Za-z_]\w*")
TYPE = re.compile(r"\[N((?:, \d+)*)\](?: (\w+))?")
ATTRIBUTES = re.compile(r'\{(?:[^{}"\n]|"(?:[^"\\\n]|\\.)*")*\}')
NUMBER = re.compile(r"-?(?:inf|nan|\d+(?:\.\d+)?(?:e[+-]?\d+)?)")
CONSTANTS = {"null": None, "true": True, "false": False}


def parse_graph(text: str, file: str = "<graph>") -> Graph:
    """The graph with this text, as `print_graph` writes it. `file` names the text in diagnostics.

    Raises:
        ArchdslError: E0115 with line and column for a text that is no graph; the operator's own code where an
            operator refuses its attributes or operands.
    """
    return _Parser(text, file).graph()


class _Parser:
    """One reading of one text, line by line."""

    def __init__(self, text: str, file: str):
        self.file = file
        self.lines = [Cursor(line, number) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        self.end = Cursor("", text.count("\n") + 1)
        self.values: dict[str, Value] = {}
        self.scopes: dict[str, Scope] = {}
        self.operators: dict[tuple[str, str], Operator] = {}
        self.types: dict[str, TensorType] = {}

    def graph(self) -> Graph:
        lines = iter(self.lines)
        head = next(lines, self.end)
        self.expect(head, "graph")
        graph = Graph(self.string(head))
        self.expect(head, "{")
        self.finish(head)
        for line in lines:
            if line.take("}"):
                self.finish(line)
                break
            self.statement(graph, line)
        else:
            self.fail(self.end, "the text ends without `}`")
        if extra := next(lines, None):
            self.fail(extra, "nothing may follow the closing `}`")
        if not self.scopes:
            self.fail(self.end, "the root's scope is missing")
        return graph

    def statement(self, graph: Graph, line: Cursor) -> None:
        if line.looking_at("%"):
            self.definition(graph, line)
        elif line.take("scope"):
            self.scope(graph, line)
        elif line.take("output"):
            self.output(graph, line)
        else:
            self.fail(line, "expected `%`, `scope`, `output` or `}`")
        self.finish(line)

    def scope(self, graph: Graph, line: Cursor) -> None:
        number = self.match(line, SCOPE, "a scope `$0`")[1]
        if number in self.scopes:
            self.fail(line, f"scope ${number} is defined twice", at=line.previous)
        cell = self.string(line)
        parent = self.known_scope(line) if line.take("in") else None
        if (parent is None) != (not self.scopes):
            self.fail(line, "the first scope is the root; every other one needs `in $`")
        path = self.string(line) if line.take("at") else ""
        rounds = self.string(line) if line.take("round") else ""
        self.scopes[number] = Scope(cell, path, parent, round=rounds)
        if parent is None:
            graph.root = self.scopes[number]

    def definition(self, graph: Graph, line: Cursor) -> None:
        """`%0 = input "image" : type` or `%1, %2 "name" = op(%0) ... : types`."""
        start = line.place
        names = [self.result(line)]
        while line.take(","):
            names.append(self.result(line))
        self.expect(line, "=")
        if line.take("input "):
            made: tuple[Value, ...] = (self.input(graph, line, names[0][1]),)
        else:
            made = self.node(graph, line).outputs
            for value, (_, hint) in zip(made, names, strict=False):
                value.name = hint or ""
        if len(names) != len(made):
            self.fail(line, f"{len(made)} values are made, {len(names)} are numbered", at=start)
        for (number, _), value in zip(names, made, strict=True):
            self.values[number] = value

    def result(self, line: Cursor) -> tuple[str, str | None]:
        number = self.match(line, VALUE, "a value `%0`")[1]
        if number in self.values:
            self.fail(line, f"value %{number} is defined twice", at=line.previous)
        return number, self.string(line) if line.looking_at('"') else None

    def input(self, graph: Graph, line: Cursor, hint: str | None) -> Value:
        name = self.string(line)
        if name in graph.inputs:
            self.fail(line, f"input `{name}` is defined twice", at=line.previous)
        self.expect(line, ":")
        value = Value(self.type(line), name if hint is None else hint)
        graph.inputs[name] = value
        return value

    def node(self, graph: Graph, line: Cursor) -> Node:
        start = line.place
        name = self.match(line, WORD, "an operator")[0]
        operands = self.operand_list(line)
        op = self.operator(line, name, start)
        self.expect(line, "at")
        path = self.string(line)
        self.expect(line, "in")
        scope = self.known_scope(line)
        try:
            node = graph.add(op, operands, path, scope)
        except OperatorError as refusal:
            self.fail(line, refusal.message, at=start, code=refusal.code, label=refusal.hint)
        self.expect(line, ":")
        for position, value in enumerate(node.outputs):
            if position:
                self.expect(line, ",")
            before = line.place
            if self.type(line) != value.type:
                self.fail(line, f"the type is {value.type}", at=before)
        return node

    def operand_list(self, line: Cursor) -> list[Value]:
        self.expect(line, "(")
        operands: list[Value] = []
        while not line.take(")"):
            if operands:
                self.expect(line, ",")
            operands.append(self.known_value(line))
        return operands

    def operator(self, line: Cursor, name: str, start: int) -> Operator:
        """The operator with the attributes that follow, if any."""
        place = line.place
        block = line.match(ATTRIBUTES)
        text = block[0] if block else ""
        if not text and line.looking_at("{"):
            self.fail(line, "the attributes have no end")
        found = self.operators.get((name, text))
        if found is None:
            if name not in every_operator():
                self.fail(line, f"unknown operator `{name}`", at=start, code="E0202")
            attributes = self.attributes(Cursor(line.text, line.number, place)) if text else {}
            try:
                found = make(every_operator()[name], attributes)
            except ValidationError as wrong:
                self.fail(line, _first_error(wrong), at=place, code="E0303")
            except OperatorError as refusal:
                self.fail(line, refusal.message, at=place, code=refusal.code, label=refusal.hint)
            self.operators[name, text] = found
        return found

    def attributes(self, line: Cursor) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.expect(line, "{")
        while not line.take("}"):
            if found:
                self.expect(line, ",")
            name = self.match(line, WORD, "an attribute")[0]
            if name in found:
                self.fail(line, f"attribute `{name}` is given twice", at=line.previous)
            self.expect(line, "=")
            found[name] = self.attribute_value(line)
        return found

    def attribute_value(self, line: Cursor) -> Any:
        if line.looking_at('"'):
            return self.string(line)
        if line.take("["):
            members: list[Any] = []
            while not line.take("]"):
                if members:
                    self.expect(line, ",")
                members.append(self.attribute_value(line))
            return tuple(members)
        if number := line.match(NUMBER):
            text = number[0]
            return int(text) if text.lstrip("-").isdigit() else float(text)
        word = self.match(line, WORD, "a value")[0]
        if word not in CONSTANTS:
            self.fail(line, f"`{word}` is no value", at=line.previous)
        return CONSTANTS[word]

    def output(self, graph: Graph, line: Cursor) -> None:
        name = self.string(line)
        if name in graph.outputs:
            self.fail(line, f"output `{name}` is defined twice", at=line.previous)
        self.expect(line, "=")
        graph.outputs[name] = self.known_value(line)

    def type(self, line: Cursor) -> TensorType:
        place = line.place
        match = self.match(line, TYPE, "a type `[N, 3, 8, 8]`")
        found = self.types.get(match[0])
        if found is None:
            dtype = next((d for d in DTYPES if d == (match[2] or DTYPES[0])), None)
            if dtype is None:
                self.fail(line, f"unknown dtype `{match[2]}`", at=place)
            found = TensorType(tuple(int(d) for d in match[1].split(", ")[1:]), dtype)
            self.types[match[0]] = found
        return found

    def known_value(self, line: Cursor) -> Value:
        number = self.match(line, VALUE, "a value `%0`")[1]
        if number not in self.values:
            self.fail(line, f"value %{number} is not defined before this line", at=line.previous)
        return self.values[number]

    def known_scope(self, line: Cursor) -> Scope:
        number = self.match(line, SCOPE, "a scope `$0`")[1]
        if number not in self.scopes:
            self.fail(line, f"scope ${number} is not defined before this line", at=line.previous)
        return self.scopes[number]

    def string(self, line: Cursor) -> str:
        place = line.place
        literal = self.match(line, STRING, "a string")[0]
        try:
            return str(json.loads(literal))
        except ValueError:
            self.fail(line, "not a valid string", at=place)

    def expect(self, line: Cursor, text: str) -> None:
        if not line.take(text):
            self.fail(line, f"expected `{text}`")

    def match(self, line: Cursor, pattern: re.Pattern[str], wanted: str) -> re.Match[str]:
        found = line.match(pattern)
        if found is None:
            self.fail(line, f"expected {wanted}")
        return found

    def finish(self, line: Cursor) -> None:
        if not line.at_end():
            self.fail(line, "expected the end of the line")

    def fail(
        self, line: Cursor, message: str, *, at: int | None = None, code: str = "E0115", label: str = ""
    ) -> NoReturn:
        """Raise the diagnostic, at index `at` of the line or at what comes next."""
        column = (line.place if at is None else at) + 1
        span = Span(self.file, line.number, column, line.number, column + 1)
        raise ArchdslError(Diagnostic(code, message, span, label))


def _first_error(wrong: ValidationError) -> str:
    error = wrong.errors()[0]
    where = ".".join(str(part) for part in error["loc"])
    return f"attribute `{where}`: {error['msg']}" if where else str(error["msg"])
