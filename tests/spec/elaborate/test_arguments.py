"""Parameters and arguments: defaults, types, steps as values (rules 10 and 11)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archdsl.ir.graph import Graph
from tests.spec.elaborate.wiring import wiring

Build = Callable[..., Graph]
Codes = Callable[[str], list[str]]

BLOCK = """
cells:
  block:
    params: {width: int, act: relu, kernel: 2 * half_kernel + 1, conv: {conv2d: {padding: half}}}
    graph:
      - conv: {out_channels: width, kernel_size: kernel}
      - act
"""


def shapes(graph: Graph) -> list[tuple[int, ...]]:
    return [node.output_types[0].shape for node in graph.nodes]


def test_defaults_use_inputs_and_earlier_parameters(graph: Build) -> None:
    text = """
cells:
  widen:
    params: {factor: 2, width: factor * x.channels, kernel: 1 if x.height > 8 else 3}
    graph:
      - conv2d: {out_channels: width, kernel_size: kernel}
graph:
  - widen
  - widen: {factor: 3}
  - widen: {width: 5}
"""
    assert shapes(graph(text)) == [(16, 16, 16), (48, 16, 16), (5, 16, 16)]


def test_a_default_cannot_use_a_later_parameter(codes: Codes) -> None:
    text = """cells:
  c:
    params: {a: 2 * b, b: 3}
    graph:
      - conv2d: {out_channels: a, kernel_size: b}
graph: [c]
"""
    assert codes(text) == ["3:E0201"]


def test_a_default_fixes_only_step_or_data(graph: Build) -> None:
    text = """
cells:
  c:
    params: {p: 1, widths: 3}
    graph:
      - dropout: {p: p}
      - conv2d: {out_channels: w, kernel_size: 1}
        for: {w: widths}
graph:
  - c: {p: 0.5, widths: [4, 5]}
"""
    assert len(graph(text).nodes) == 3


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("int", ["3", "2 * 2"], ["3.0", "true", "[3]", "half", "x"]),
        ("float", ["3", "0.5"], ["true", "[3]", "half"]),
        ("bool", ["true", "1 > 0"], ["1", "0.0", "half"]),
        ("list", ["[]", "[1, [2]]", '"[x]"'], ["1", "true", "x"]),
        ("step", ["relu", "{leaky_relu: {negative_slope: 0.1}}", "[]"], ["1", "x.channels", "x", "[relu]"]),
        ("any", ["3", "[3]", "x", "relu", "half", "true"], []),
    ],
)
def test_types_of_parameters(codes: Codes, kind: str, right: list[str], wrong: list[str]) -> None:
    for value in right + wrong:
        text = f"cells:\n  c:\n    params: {{p: {kind}}}\n    graph: [relu]\ngraph:\n  - c: {{p: {value}}}\n"
        found = [code for code in codes(text) if "W0" not in code]
        expected = "E0208" if kind == "step" else "E0405"
        assert found == ([f"6:{expected}"] if value in wrong else []), value


def test_any_takes_a_value_or_a_step(graph: Build) -> None:
    text = """
cells:
  apply:
    params: {what: any}
    graph: [what]
  widths:
    params: {what: any}
    graph:
      - conv2d: {out_channels: what, kernel_size: 1}
graph:
  - apply: {what: relu}
  - apply: {what: relu if x.height > 100 else tanh}
  - widths: {what: 4}
"""
    assert wiring(graph(text))[:3] == ["relu(x)", "tanh(relu)", "conv2d(tanh)"]


def test_words_are_values(graph: Build) -> None:
    text = """
cells:
  c:
    params: {padding: half, mode: nearest}
    graph:
      - conv2d: {out_channels: 4, kernel_size: 3, padding: padding}
        if: padding == half
      - interpolate: {scale_factor: 2, mode: mode}
graph:
  - c
  - c: {padding: 0, mode: bilinear}
"""
    assert shapes(graph(text)) == [(4, 16, 16), (4, 32, 32), (4, 64, 64)]


def test_attributes_of_a_step_merge(graph: Build) -> None:
    text = """
cells:
  c:
    params: {layer: {conv2d: {kernel_size: 3}}}
    graph:
      - layer: {out_channels: 4}
  outer:
    params: {inner: step}
    graph:
      - inner: {layer: {conv2d: {kernel_size: 5, padding: 2}}}
graph:
  - c
  - outer: {inner: c}
"""
    assert shapes(graph(text)) == [(4, 14, 14), (4, 14, 14)]


def test_no_attribute_is_given_twice(codes: Codes) -> None:
    text = """cells:
  c:
    params: {layer: {conv2d: {kernel_size: 3}}}
    graph:
      - layer: {out_channels: 4, kernel_size: 1}
graph: [c]
"""
    assert codes(text) == ["5:E0207"]


def test_a_step_can_hang_on_a_condition(graph: Build) -> None:
    text = """
cells:
  c:
    params: {modern: bool, act: silu if modern else relu}
    graph: [act]
graph:
  - c: {modern: true}
  - c: {modern: false}
  - c: {modern: true, act: gelu if x.height > 100 else elu if x.height > 10 else tanh}
"""
    assert wiring(graph(text))[:3] == ["silu(x)", "relu(silu)", "elu(relu)"]


def test_an_empty_body_as_step_is_the_identity(graph: Build) -> None:
    text = "cells:\n  c: {params: {act: relu}, graph: [tanh, act]}\ngraph:\n  - c: {act: []}\n"
    assert wiring(graph(text)) == ["tanh(x)", "output=tanh"]


def test_steps_as_values_nest(graph: Build) -> None:
    text = """
cells:
  twice: {params: {inner: step}, graph: {inner: {}, repeat: 2}}
  unit: {params: {act: step}, graph: [act]}
graph:
  - twice: {inner: {twice: {inner: {unit: {act: {leaky_relu: {negative_slope: 0.1}}}}}}}
"""
    assert wiring(graph(text))[-1] == "output=leaky_relu4"


def test_step_arguments_are_evaluated_once_where_they_are_written(graph: Build) -> None:
    # `x` is that of the caller, not that of the cell that calls the step: 16 channels both times.
    text = """
cells:
  twice:
    params: {layer: step}
    graph:
      - layer: {kernel_size: 1}
      - layer: {kernel_size: 3}
  outer:
    graph:
      - twice: {layer: {conv2d: {out_channels: 2 * x.channels}}}
graph: [outer]
"""
    assert [shape[0] for shape in shapes(graph(text))] == [16, 16]


def test_step_arguments_are_looked_up_in_the_callers_file(write: Callable[..., object], graph: Build) -> None:
    write(
        "archdsl: 1\nname: lib\ncells:\n  act: {graph: [tanh]}\n  apply: {params: {what: act}, graph: [what, act]}\n",
        "lib.yaml",
    )
    text = "import: {./lib: [apply]}\ncells:\n  act: {graph: [silu]}\ngraph:\n  - apply: {what: act}\n  - apply\n"
    assert wiring(graph(text)) == ["silu(x)", "tanh(silu)", "tanh2(tanh)", "tanh3(tanh2)", "output=tanh3"]


def test_required_parameters_must_be_given(codes: Codes) -> None:
    assert codes("cells:\n  c: {params: {n: int, act: step}, graph: [act]}\ngraph: [c]\n") == ["3:E0206"]


def test_a_default_that_names_a_value_and_a_callable_is_refused(codes: Codes) -> None:
    text = "cells:\n  c: {inputs: [tanh], params: {a: tanh}, graph: [relu]}\ngraph: [c]\n"
    assert codes(text) == ["2:E0211"]


def test_require(codes: Codes, graph: Build) -> None:
    text = """cells:
  c:
    params: {groups: int}
    require: [x.channels % groups == 0, groups > 1]
    graph:
      - channel_shuffle: {groups: groups}
graph:
  - c: {groups: 3}
"""
    assert codes(text) == ["4:E0407"]
    assert codes(text.replace("groups: 3", "groups: 1")) == ["4:E0407"]
    assert len(graph(text.replace("groups: 3", "groups: 2")).nodes) == 1


def test_cells_call_themselves_up_to_depth_64(graph: Build, codes: Codes) -> None:
    text = """cells:
  nest:
    params: {depth: int}
    graph:
      - relu
      - nest: {depth: depth - 1}
        if: depth > 1
graph:
  - nest: {depth: %d}
"""
    assert len(graph(text % 64).nodes) == 64
    assert codes(text % 65) == ["6:E0904"]


def test_calls_are_told_apart_by_the_tensors_in_their_arguments(graph: Build) -> None:
    text = """
cells:
  plus:
    params: {other: x}
    graph:
      - add:
        from: [x, other]
  apply:
    params: {what: step}
    graph:
      - what
graph:
  - relu: {}
    name: a
  - sigmoid: {}
    name: b
  - for: {part: [a, b]}
    do:
      - apply: {what: {plus: {other: part}}}
      - plus: {other: part}
"""
    assert wiring(graph(text))[:-1] == [
        "relu(x)",
        "sigmoid(relu)",
        "add(sigmoid, relu)",
        "add2(add, relu)",
        "add3(add2, sigmoid)",
        "add4(add3, sigmoid)",
    ]
