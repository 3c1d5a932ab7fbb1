"""Loops: counts, lists, state that is handed on, collected lists (rules 5 and 8)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archdsl.ir.graph import Graph
from tests.spec.elaborate.wiring import weight_paths, wiring

Build = Callable[..., Graph]
Codes = Callable[[str], list[str]]


def test_each_round_reads_the_round_before(graph: Build) -> None:
    built = graph("graph:\n  - relu:\n    for: {i: 3}\n  - tanh\n")
    assert wiring(built) == ["relu(x)", "relu2(relu)", "relu3(relu2)", "tanh(relu3)", "output=tanh"]


def test_the_first_round_reads_from(graph: Build) -> None:
    built = graph("graph:\n  - tanh:\n    name: t\n  - relu\n  - sigmoid:\n    from: t\n    repeat: 2\n")
    assert wiring(built)[2:] == ["sigmoid(tanh)", "sigmoid2(sigmoid)", "output=sigmoid2"]


@pytest.mark.parametrize("loop", ["repeat: 0", "for: {i: 0}", "for: {w: []}", "for: {i: 'len([])'}"])
def test_no_rounds_are_the_identity(graph: Build, loop: str) -> None:
    assert wiring(graph(f"graph:\n  - relu:\n    {loop}\n  - tanh\n")) == ["tanh(x)", "output=tanh"]


def test_variables_walk_together(graph: Build) -> None:
    text = """
params: {widths: [4, 6]}
graph:
  - conv2d: {out_channels: width * (i + 1), kernel_size: kernel}
    for: {i: len(widths), width: widths, kernel: [1, 3]}
"""
    shapes = [node.output_types[0].shape for node in graph(text).nodes]
    assert shapes == [(4, 16, 16), (12, 14, 14)]


def test_variables_do_not_see_each_other(codes: Codes) -> None:
    assert codes("graph:\n  - relu:\n    for: {i: 3, j: i}\n") == ["3:E0201"]


def test_a_loop_over_values(graph: Build) -> None:
    text = """
graph:
  - relu:
    name: a
  - tanh:
    name: b
  - for: {v: "reversed([a, b])"}
    do:
      - add:
        from: [v, x]
"""
    assert wiring(graph(text))[2:] == ["add(tanh, x)", "add2(relu, x)", "output=add2"]


def test_state_is_carried_by_cells_with_as_many_outputs_as_inputs(graph: Build) -> None:
    text = """
inputs: {a: [3], b: [3]}
cells:
  fibonacci:
    inputs: [before, last]
    graph:
      - add:
        name: new
    outputs: [last, new]
graph:
  - fibonacci:
    repeat: 3
    name: [p, q]
  - sub:
    from: [q, p]
"""
    assert wiring(graph(text)) == ["add(a, b)", "add2(b, add)", "add3(add, add2)", "sub(add3, add2)", "output=sub"]


def test_a_group_carries_several_values(graph: Build) -> None:
    text = """
inputs: {a: [3], b: [3]}
graph:
  - do:
      - identity:
        name: [p, q]
      - add:
        from: [p, q]
        name: s
      - identity:
        from: [q, s]
    for: {i: 2}
    name: [u, v]
outputs: [u, v]
"""
    assert wiring(graph(text)) == ["add(a, b)", "add2(b, add)", "u=add v=add2"]


def test_an_absent_step_hands_on_the_round_before(graph: Build) -> None:
    text = """
graph:
  - for: {i: 4}
    do:
      - relu:
        if: i % 2 == 0
"""
    assert wiring(graph(text)) == ["relu(x)", "relu2(relu)", "output=relu2"]


def test_collected_lists_lead_out_in_order(graph: Build) -> None:
    text = """
graph:
  - for: {i: 3}
    collect: {found: f, others: g}
    do:
      - relu:
        name: f
      - tanh:
        if: i == 1
        name: g
  - add:
    from: [found, others]
"""
    built = graph(text)
    assert wiring(built)[-2] == "add(relu, relu2, relu3, tanh)"
    assert wiring(built)[2] == "tanh(relu2)"  # and the chain goes through it
    assert wiring(built)[3] == "relu3(tanh)"


def test_a_list_grows_inside_its_loop(graph: Build) -> None:
    text = """
graph:
  - for: {i: 3}
    collect: {made: new}
    do:
      - concat:
        from: "[x] + made"
      - conv2d: {out_channels: 2 + len(made), kernel_size: 1}
        name: new
  - concat:
    from: made
"""
    built = graph(text)
    assert wiring(built)[-2] == "concat4(conv2d, conv2d2, conv2d3)"
    assert [n.output_types[0].shape[0] for n in built.nodes if n.op.name == "conv2d"] == [2, 3, 4]


def test_a_list_of_no_rounds_is_empty(graph: Build) -> None:
    text = """
graph:
  - for: {i: 0}
    collect: {made: new}
    do:
      - relu:
        name: new
  - add:
    from: "[x] + made"
"""
    assert wiring(graph(text)) == ["add(x)", "output=add"]


def test_lists_of_lists(graph: Build) -> None:
    text = """
graph:
  - for: {i: 2}
    collect: {rows: row}
    do:
      - for: {j: 2}
        collect: {row: cell_}
        do:
          - relu:
            name: cell_
  - add:
    from: "[r[0] for r in rows]"
"""
    # A list that a nested loop collects is a name of the outer body, and can be collected there.
    assert wiring(graph(text))[-2] == "add(relu, relu3)"


def test_a_collected_name_must_be_a_steps_own(codes: Codes) -> None:
    text = """graph:
  - for: {i: 2}
    collect: {all_i: i}
    do:
      - relu:
        name: a
      - add:
        from: [a, x]
  - add:
    from: [x]
"""
    assert codes(text)[0] == "3:E0503"


def test_loops_in_loops_have_their_own_rounds(graph: Build) -> None:
    text = """
graph:
  - for: {stage: 2}
    do:
      - conv2d: {out_channels: 4, kernel_size: 1}
        for: {i: stage + 1}
"""
    assert weight_paths(graph(text)) == [
        "stage[0]/conv2d[0]",
        "stage[1]/conv2d[0]",
        "stage[1]/conv2d[1]",
    ]


def test_repeat_with_another_number_of_results(codes: Codes) -> None:
    text = """cells:
  pair:
    graph: {branches: [relu, tanh]}
graph:
  - pair:
    repeat: 2
"""
    assert codes(text) == ["5:E0504"]


@pytest.mark.parametrize("count", ["-1", "1.5", "true", "half", "[1]", "x"])
def test_invalid_counts(codes: Codes, count: str) -> None:
    assert codes(f"graph:\n  - relu:\n    repeat: {count}\n") == ["3:E0501"]


@pytest.mark.parametrize("over", ["-1", "1.5", "true", "half", "x"])
def test_invalid_walks(codes: Codes, over: str) -> None:
    assert codes(f"graph:\n  - relu:\n    for: {{i: {over}}}\n") == ["3:E0501"]
