"""What a step reads, and steps that are not there (rules 1 to 4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archdsl.ir.graph import Graph
from tests.spec.elaborate.wiring import wiring

Build = Callable[..., Graph]
Codes = Callable[[str], list[str]]


def test_a_step_reads_the_step_before_it(graph: Build) -> None:
    assert wiring(graph("graph: [relu, sigmoid, tanh]")) == [
        "relu(x)",
        "sigmoid(relu)",
        "tanh(sigmoid)",
        "output=tanh",
    ]


def test_a_body_of_one_step_needs_no_list(graph: Build) -> None:
    assert wiring(graph("graph: relu")) == ["relu(x)", "output=relu"]


def test_an_empty_graph_gives_its_inputs(graph: Build) -> None:
    assert wiring(graph("inputs: {a: [3], b: [4]}\ngraph: []")) == ["output_0=a output_1=b"]


def test_the_first_step_reads_all_inputs(graph: Build) -> None:
    assert wiring(graph("inputs: {a: [3], b: [3]}\ngraph: [sub]")) == ["sub(a, b)", "output=sub"]


def test_from_changes_what_one_step_reads_and_the_chain_goes_on_from_it(graph: Build) -> None:
    text = """
graph:
  - relu:
    name: a
  - sigmoid
  - tanh:
    from: a
  - silu
"""
    assert wiring(graph(text)) == ["relu(x)", "sigmoid(relu)", "tanh(relu)", "silu(tanh)", "output=silu"]


@pytest.mark.parametrize(
    ("written", "operands"),
    [
        ("a", "a"),
        ("[a, b]", "a, b"),
        ("[b, a]", "b, a"),
        ("[a, [b, a]]", "a, b, a"),
        ('"[a, b]"', "a, b"),
        ('"[a] + [b, a][1:]"', "a, a"),
        ("b if false else a", "a"),
    ],
)
def test_what_from_can_say(graph: Build, written: str, operands: str) -> None:
    built = graph(f"inputs: {{a: [3], b: [3]}}\ngraph:\n  - add:\n    from: {written}\n")
    assert wiring(built)[0] == f"add({operands})"


def test_lists_stay_one_argument_for_a_cell(graph: Build) -> None:
    text = """
inputs: {a: [3], b: [3]}
cells:
  last_of:
    inputs: [features, one]
    graph:
      - sub:
        from: ["features[-1]", one]
graph:
  - last_of:
    from: [[a, b], a]
"""
    assert wiring(graph(text)) == ["sub(b, a)", "output=sub"]


def test_callables_without_inputs_read_nothing(graph: Build) -> None:
    text = """
cells:
  nothing:
    inputs: []
    graph:
      - constant: {value: 0.0, shape: [8, 1, 1]}
graph:
  - relu:
    name: a
  - nothing:
    name: z
  - add:
    from: [a, z]
"""
    built = graph(text)
    assert wiring(built) == ["relu(x)", "constant(x)", "add(relu, constant)", "output=add"]


def test_a_constant_reads_the_first_input_to_know_n(graph: Build) -> None:
    text = "inputs: {a: [3], b: [4]}\ngraph:\n  - relu:\n    from: b\n  - constant: {value: 1.0}\n"
    assert wiring(graph(text)) == ["relu(b)", "constant(a)", "output=constant"]


def test_branches_read_the_steps_values_and_give_all_results(graph: Build) -> None:
    text = """
graph:
  - branches:
      - relu
      - [sigmoid, tanh]
      - []
  - concat
"""
    assert wiring(graph(text)) == ["relu(x)", "sigmoid(x)", "tanh(sigmoid)", "concat(relu, tanh, x)", "output=concat"]


def test_branches_with_from(graph: Build) -> None:
    text = "inputs: {a: [3], b: [3]}\ngraph:\n  - branches: [add, sub]\n    from: [b, a]\n"
    assert wiring(graph(text)) == ["add(b, a)", "sub(b, a)", "output_0=add output_1=sub"]


def test_identity_renames_and_resets_the_chain_without_a_node(graph: Build) -> None:
    text = """
graph:
  - relu:
    name: a
  - sigmoid
  - identity:
    from: [a, x]
    name: [p, q]
  - sub
"""
    assert wiring(graph(text)) == ["relu(x)", "sigmoid(relu)", "sub(relu, x)", "output=sub"]


# Rule 3.


def test_a_steps_name_is_not_visible_in_the_step(codes: Codes) -> None:
    assert codes("graph:\n  - relu:\n    from: me\n    name: me\n") == ["3:E0201"]


def test_loop_variables_are_invisible_in_the_steps_own_if_and_from(codes: Codes) -> None:
    assert codes("graph:\n  - relu:\n    for: {i: 3}\n    if: i > 0\n") == ["4:E0201"]
    assert codes("graph:\n  - relu:\n    for: {v: '[x, x]'}\n    from: v\n") == ["4:E0201"]
    assert codes("graph:\n  - for: {v: '[x, x]'}\n    do:\n      relu:\n      from: v\n") == []


def test_if_is_looked_at_before_from(graph: Build, codes: Codes) -> None:
    text = "graph:\n  - relu:\n    if: x.height > 100\n    name: a\n  - tanh:\n    from: a\n    if: x.height > 100\n"
    assert wiring(graph(text)) == ["output=x"]


# Rule 4.


def test_an_absent_step_leaves_the_chain_untouched(graph: Build) -> None:
    text = """
params: {deep: false}
graph:
  - relu
  - sigmoid:
    if: deep
  - tanh
"""
    assert wiring(graph(text)) == ["relu(x)", "tanh(relu)", "output=tanh"]
    assert wiring(graph(text, params={"deep": True}))[1] == "sigmoid(relu)"


def test_reading_an_absent_name_is_an_error(codes: Codes) -> None:
    text = "graph:\n  - relu:\n    if: x.height > 100\n    name: a\n  - sigmoid:\n    from: a\n"
    assert codes(text) == ["6:E0204"]


def test_an_either_or_gives_one_name_twice(graph: Build) -> None:
    text = """
params: {kind: 2}
graph:
  - relu:
    if: kind == 0
    name: a
  - sigmoid:
    if: kind == 1
    name: a
  - tanh:
    if: kind == 2
    name: a
  - silu:
    from: a
"""
    for kind, operator in enumerate(("relu", "sigmoid", "tanh")):
        assert wiring(graph(text, params={"kind": kind}))[:2] == [f"{operator}(x)", f"silu({operator})"]


def test_two_present_steps_with_one_name_are_an_error(codes: Codes) -> None:
    text = "graph:\n  - relu:\n    if: x.height > 1\n    name: a\n  - tanh:\n    if: x.height > 2\n    name: a\n"
    assert codes(text) == ["7:E0203"]


def test_absent_names_are_not_output(graph: Build) -> None:
    text = """
params: {aux: false}
graph:
  - relu:
    name: a
  - tanh:
    if: aux
    name: b
outputs: [a, b]
"""
    assert wiring(graph(text))[-1] == "a=relu"
    assert wiring(graph(text, params={"aux": True}))[-1] == "a=relu b=tanh"


def test_absent_outputs_of_a_cell_drop_out(graph: Build) -> None:
    text = """
cells:
  c:
    params: {both: bool}
    graph:
      - relu:
        name: a
      - tanh:
        if: both
        name: b
    outputs: [a, b]
graph:
  - c: {both: true}
    name: [p, q]
  - c: {both: false}
    from: p
    name: r
  - add:
    from: [q, r]
"""
    assert wiring(graph(text)) == ["relu(x)", "tanh(relu)", "relu2(relu)", "add(tanh, relu2)", "output=add"]


@pytest.mark.parametrize("condition", ["1", "x.height", "'[true]'", "x", "half"])
def test_there_is_no_truthiness(codes: Codes, condition: str) -> None:
    assert codes(f"graph:\n  - relu:\n    if: {condition}\n") == ["3:E0403"]
