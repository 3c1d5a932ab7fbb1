"""The text form: what it looks like, that it parses back, and where its errors point."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given

from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.ir.graph import Graph, Scope, Value
from archdsl.ir.text import parse_graph, print_graph
from archdsl.ir.verify import verify
from archdsl.ops.registry import make, operators
from archdsl.types import TensorType
from tests.graphs.cells import Net, random_cell
from tests.graphs.random_graphs import RandomGraph, graphs
from tests.graphs.same import facts
from tests.timing import within

TEXT = """\
graph "tiny" {
  scope $0 "tiny"
  %0 = input "image" : [N, 4, 8]
  scope $1 "unit" in $0 at "unit[0]" round "round 1 of 2"
  %1 "a" = relu(%0) at "unit[0]/relu" in $1 : [N, 4, 8]
  %2, %3 "right" = chunk(%1) {dim = 0, chunks = 2} at "chunk" in $0 : [N, 2, 8], [N, 2, 8]
  output "left" = %2
  output "again" = %2
}
"""


def tiny() -> Graph:
    graph = Graph("tiny", root=Scope("tiny"))
    image = graph.inputs["image"] = Value(TensorType((4, 8)), "image")
    relu = graph.add(
        make(operators()["relu"], {}),
        [image],
        "unit[0]/relu",
        Scope("unit", "unit[0]", graph.root, None, "round 1 of 2"),
    )
    relu.outputs[0].name = "a"
    left, right = graph.add(make(operators()["chunk"], {"chunks": 2}), relu.outputs, "chunk").outputs
    right.name = "right"
    graph.outputs = {"left": left, "again": left}
    return graph


def test_a_graph_as_text() -> None:
    assert print_graph(tiny()) == TEXT


def test_text_as_a_graph() -> None:
    assert facts(parse_graph(TEXT)) == facts(tiny())


@given(graphs())
def test_random_graphs_come_back(made: RandomGraph) -> None:
    text = print_graph(made.graph)
    back = parse_graph(text)
    assert print_graph(back) == text
    assert facts(back) == facts(made.graph)
    assert verify(back) == []


@pytest.mark.parametrize("name", operators())
def test_every_sample_comes_back(name: str) -> None:
    for sample in operators()[name].samples():
        net = Net(*sample.operands)
        operands = net.inputs
        graph = net.out(*net.node(name, *operands, **sample.attributes).outputs)
        text = print_graph(graph)
        assert print_graph(parse_graph(text)) == text
        assert facts(parse_graph(text)) == facts(graph)


def test_awkward_names_come_back() -> None:
    net = Net()
    net.graph.name = 'a "name" \\ with\nlines\u2028and } {'
    value = net("relu", net.x, path="größe/option[0]/1.5")
    value.name = 'q"'
    net.graph.outputs["} out"] = value
    text = print_graph(net.graph)
    assert facts(parse_graph(text)) == facts(net.graph)


def test_calls_with_one_path_stay_distinct() -> None:
    net = Net()
    for _ in range(2):
        scope = Scope("head", "head", net.graph.root)
        net.graph.add(make(operators()["relu"], {}), [net.x], "head/relu", scope)
    first, second = parse_graph(print_graph(net.out(net.x))).nodes
    assert first.scope is not second.scope
    assert first.scope.parent is second.scope.parent


# What is replaced, what by (`^` stands in front of the place that the error must name), and the error.
MISTAKES = [
    ('graph "tiny" {', '^grph "tiny" {', "expected `graph`"),
    ('"tiny" {', "^tiny {", "expected a string"),
    ('%0 = input "image"', '^%x = input "image"', "expected a value `%0`"),
    ("[N, 4, 8]\n  scope", "^[4, 8]\n  scope", "expected a type `[N, 3, 8, 8]`"),
    ("[N, 4, 8]\n  scope", "^[N, 4, 8] int8\n  scope", "unknown dtype `int8`"),
    ("[N, 4, 8]\n  scope", "[N, 4, 8] ^, 3\n  scope", "expected the end of the line"),
    ("in $0 at", "in ^$7 at", "scope $7 is not defined before this line"),
    ("in $0 at", "^at", "the first scope is the root; every other one needs `in $`"),
    ("relu(%0)", "relu(^%1)", "value %1 is not defined before this line"),
    ("relu(%0)", "^rleu(%0)", "unknown operator `rleu`"),
    ("relu(%0)", "^relu(%0, %0)", "`relu` reads 1 value (x) and got 2"),
    ("relu(%0) ", "relu(%0 ^", "expected `,`"),
    ("relu(%0) ", "relu(%0) ^{a = 1} ", "attribute `a`: Extra inputs are not permitted"),
    ("in $1 : [N, 4, 8]", "in $1 : ^[N, 4, 9]", "the type is [N, 4, 8]"),
    ("%2, %3", "^%2", "2 values are made, 1 are numbered"),
    ("%2, %3", "^%1, %3", "value %1 is defined twice"),
    ("chunks = 2}", "chunks = ^two}", "`two` is no value"),
    ("chunks = 2}", "^dim = 2}", "attribute `dim` is given twice"),
    ("{dim = 0, chunks = 2}", "^{dim = 0, chunks = 2", "the attributes have no end"),
    ("chunks = 2}", 'chunks = ^"\\x"}', "not a valid string"),
    ('output "again"', 'output ^"left"', "output `left` is defined twice"),
    ('output "again"', '^print "again"', "expected `%`, `scope`, `output` or `}`"),
    ("\n}\n", "\n^", "the text ends without `}`"),
    ("\n}\n", "\n}\n^}\n", "nothing may follow the closing `}`"),
]


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES)
def test_errors_have_places(old: str, new: str, message: str) -> None:
    assert old in TEXT
    marked = TEXT.replace(old, new, 1)
    before = marked[: marked.index("^")]
    with pytest.raises(ArchdslError) as raised:
        parse_graph(marked.replace("^", "", 1), "tiny.graph")
    (found,) = raised.value.diagnostics
    assert found.message == message
    assert found.span is not None
    assert found.span.file == "tiny.graph"
    assert (found.span.line, found.span.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


@pytest.mark.parametrize("text", ["", "\n\n", "graph", 'graph "a" {', 'graph "a" {\n}\n'])
def test_texts_without_a_graph(text: str) -> None:
    with pytest.raises(ArchdslError):
        parse_graph(text)


def test_any_cut_of_a_text_is_an_error_or_a_graph() -> None:
    text = print_graph(random_cell(Random(1)))
    for end in range(0, len(text) - 2, 7):
        with pytest.raises(ArchdslError):
            parse_graph(text[:end])


def test_many_nodes() -> None:
    net = Net()
    value = net.x
    for _ in range(20_000):
        value = net("relu", value)
    graph = net.out(value)
    text = within(5, lambda: print_graph(graph))
    assert print_graph(within(10, lambda: parse_graph(text))) == text
