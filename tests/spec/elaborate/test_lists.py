"""Lists: splicing, unpacking, one name for several values (rule 6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archdsl.ir.graph import Graph
from tests.spec.elaborate.wiring import wiring

Build = Callable[..., Graph]
Codes = Callable[[str], list[str]]


@pytest.mark.parametrize("operator", ["add", "concat", "mul", "mean", "stack"])
def test_variadic_operators_splice_lists(graph: Build, operator: str) -> None:
    text = f"""
graph:
  - branches: [relu, tanh]
    name: both
  - {operator}:
    from: [x, both, [x, both]]
"""
    assert wiring(graph(text))[-2] == f"{operator}(x, relu, tanh, x, relu, tanh)"


def test_other_operators_take_no_list(codes: Codes) -> None:
    text = "graph:\n  - branches: [relu, tanh]\n    name: both\n  - sub:\n    from: [both, x]\n"
    assert codes(text) == ["4:E0213"]


def test_one_name_for_several_values_is_their_list(graph: Build) -> None:
    text = """
graph:
  - chunk: {chunks: 2}
    name: halves
  - sub:
    from: ["halves[1]", "halves[0]"]
"""
    assert wiring(graph(text)) == ["chunk(x)", "sub(chunk.1, chunk.0)", "output=sub"]


def test_a_list_unpacks_into_names(graph: Build) -> None:
    text = """
graph:
  - branches: [relu, tanh]
    name: both
  - identity:
    from: both
    name: [p, q]
  - sub:
    from: [q, p]
"""
    assert wiring(graph(text))[-2] == "sub(tanh, relu)"


def test_several_values_unpack_into_names(graph: Build) -> None:
    text = """
graph:
  - max_pool2d: {kernel_size: 2, return_indices: true}
    name: [y, places]
  - relu:
    from: y
"""
    assert wiring(graph(text))[-2] == "relu(max_pool2d.0)"


@pytest.mark.parametrize("names", ["[p]", "[p, q, r]"])
def test_names_and_values_must_be_as_many(codes: Codes, names: str) -> None:
    text = f"graph:\n  - branches: [relu, tanh]\n    name: {names}\n  - add:\n    from: [p, x]\n"
    assert "3:E0209" in codes(text)


def test_lists_can_be_counted_sliced_and_joined(graph: Build) -> None:
    text = """
graph:
  - branches: [relu, tanh, silu]
    name: parts
  - add:
    from: "parts[::-1][:len(parts) - 1] + [p for p in parts if p.channels == 8][:1]"
"""
    assert wiring(graph(text))[-2] == "add(silu, tanh, relu)"


def test_several_values_chain_as_several_arguments(graph: Build) -> None:
    text = "graph:\n  - chunk: {chunks: 2}\n  - sub\n"
    assert wiring(graph(text)) == ["chunk(x)", "sub(chunk.0, chunk.1)", "output=sub"]


def test_outputs_flatten_lists(graph: Build) -> None:
    text = """
graph:
  - branches: [relu, tanh]
    name: both
outputs: {maps: both, nested: "[both, [x]]"}
"""
    assert wiring(graph(text))[-1] == "maps_0=relu maps_1=tanh nested_0_0=relu nested_0_1=tanh nested_1_0=x"
