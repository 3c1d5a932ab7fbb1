"""Where names are visible, and that each is given once (rules 8 to 10)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archdsl.ir.graph import Graph
from tests.spec.elaborate.wiring import wiring

Build = Callable[..., Graph]
Codes = Callable[[str], list[str]]


def test_names_are_visible_in_nested_bodies(graph: Build) -> None:
    text = """
graph:
  - relu:
    name: a
  - for: {i: 1}
    do:
      - branches:
          - do:
              - add:
                from: [a, x]
"""
    assert wiring(graph(text)) == ["relu(x)", "add(relu, x)", "output=add"]


@pytest.mark.parametrize(
    "body",
    [
        "do: [{relu: {}, name: inner}]",
        "branches: [{relu: {}, name: inner}]",
        "choose: {one: {relu: {}, name: inner}, two: relu}",
        "for: {i: 2}\n    do: [{relu: {}, name: inner}]",
    ],
)
def test_names_of_nested_bodies_do_not_lead_out(codes: Codes, body: str) -> None:
    text = f"graph:\n  - {body}\n  - tanh:\n    from: inner\n"
    assert codes(text)[0].endswith("E0201")


def test_bodies_side_by_side_may_use_one_name(graph: Build) -> None:
    text = """
graph:
  - branches:
      - - relu:
          name: a
        - add:
          from: [a, x]
      - - tanh:
          name: a
        - add:
          from: [a, x]
  - do:
      - silu:
        name: a
      - add:
        from: [a, x]
    from: x
  - relu:
    name: a
"""
    assert wiring(graph(text))[-1] == "output=relu2"


@pytest.mark.parametrize("taken", ["first", "x", "width", "before", "j"])
def test_a_collected_list_may_not_take_a_name(codes: Codes, taken: str) -> None:
    text = f"""params: {{width: 8}}
graph:
  - conv2d: {{out_channels: width, kernel_size: 1}}
    name: before
  - for: {{i: 2}}
    collect: {{first: f}}
    do:
      - relu:
        name: f
  - for: {{j: 2}}
    collect:
      {taken}: f
    do:
      - tanh:
        name: f
      - add: {{no_such: 1}}
        from: [f, {taken}]
  - concat:
    from: [before, first]
"""
    assert codes(text) == ["12:E0203", "16:E0205"]


def test_a_loop_may_not_collect_into_the_list_of_the_loop_around_it(codes: Codes) -> None:
    text = """graph:
  - for: {i: 2}
    collect: {all_made: a}
    do:
      - for: {j: 2}
        collect: {all_made: b}
        do: [{relu: , name: b}]
      - tanh:
        name: a
  - concat:
    from: all_made
"""
    assert codes(text) == ["6:E0203"]


def test_either_of_two_loops_may_give_a_list(codes: Codes, graph: Build) -> None:
    text = """params: {deep: true}
graph:
  - for: {i: 2}
    collect: {made: f}
    do: [{relu: , name: f}]
    if: deep
  - for: {j: 3}
    collect: {made: f}
    do: [{tanh: , name: f}]
    if: not deep
  - concat:
    from: made
"""
    assert codes(text) == []
    assert wiring(graph(text))[-2] == "concat(relu, relu2)"
    assert wiring(graph(text.replace("deep: true", "deep: false")))[-2] == "concat(tanh, tanh2, tanh3)"


def test_values_and_callables_are_two_namespaces(graph: Build) -> None:
    text = """
cells:
  stem: {graph: [relu]}
  head:
    params: {gate: sigmoid}
    graph:
      - gate:
        name: gate
      - mul:
        from: [x, gate]
graph:
  - stem:
    name: stem
  - relu:
    name: relu
  - head:
    from: stem
"""
    assert wiring(graph(text)) == ["relu(x)", "relu2(relu)", "sigmoid(relu)", "mul(relu, sigmoid)", "output=mul"]


def test_callables_are_looked_up_as_step_parameter_cell_operator(write: Callable[..., object], graph: Build) -> None:
    text = """
cells:
  relu: {graph: [tanh]}
  c:
    params: {sigmoid: step}
    graph: [sigmoid, relu, silu]
graph:
  - c: {sigmoid: gelu}
"""
    assert wiring(graph(text)) == ["gelu(x)", "tanh(gelu)", "silu(tanh)", "output=silu"]


def test_a_cell_that_hides_an_operator_warns(codes: Codes) -> None:
    assert codes("cells:\n  relu: {graph: [tanh]}\ngraph: [relu]\n") == ["2:W0201"]


def test_cells_see_inputs_and_parameters_only(codes: Codes) -> None:
    text = """params: {width: 8}
cells:
  c:
    graph:
      - conv2d: {out_channels: width, kernel_size: 1}
graph: [c]
"""
    assert codes(text) == ["5:E0201"]


def test_a_cells_outputs_see_the_outermost_names_of_its_graph(graph: Build, codes: Codes) -> None:
    text = """cells:
  c:
    params: {n: 2}
    graph:
      - for: {i: n}
        collect: {made: m}
        do:
          - relu:
            name: m
    outputs: [made, x]
graph:
  - c:
    name: [both, again]
  - add:
    from: [both, again]
"""
    assert wiring(graph(text))[-2] == "add(relu, relu2, x)"
    assert codes(text.replace("[made, x]", "[m, x]")) == ["10:E0201"]


def test_a_step_may_not_hide_what_is_around_it(codes: Codes) -> None:
    text = """graph:
  - relu:
    name: a
  - do:
      - tanh:
        name: a
      - add:
        from: [a, x]
"""
    assert codes(text) == ["6:E0203"]


def test_a_later_name_outside_hides_nothing(codes: Codes) -> None:
    text = """graph:
  - do:
      - tanh:
        name: a
      - add:
        from: [a, x]
    name: a
  - add:
    from: [a, x]
"""
    assert codes(text) == []


def test_a_loops_list_may_not_have_the_name_it_collects(codes: Codes) -> None:
    text = """graph:
  - for: {i: 2}
    collect: {a: a}
    do:
      - relu:
        name: a
  - add:
    from: a
"""
    assert codes(text)[0] == "6:E0203"
