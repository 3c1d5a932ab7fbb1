"""`unused(list)`: what no earlier step of this cell call has read (rule 18)."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.ir.graph import Graph
from tests.spec.elaborate.wiring import wiring

Build = Callable[..., Graph]


def test_blocks_that_no_other_block_reads_are_joined(graph: Build) -> None:
    text = """
graph:
  - for: {i: 3}
    collect: {made: m}
    do:
      - relu:
        from: made[0] if i == 2 else x
        name: m
  - concat:
    from: unused(made)
"""
    # The third round reads the first: the second and the third are left.
    assert wiring(graph(text))[-2] == "concat(relu2, relu3)"


def test_reading_by_the_chain_counts(graph: Build) -> None:
    text = "graph:\n  - relu:\n    name: a\n  - tanh:\n    name: b\n  - concat:\n    from: unused([x, a, b])\n"
    assert wiring(graph(text))[-2] == "concat(tanh)"


def test_a_later_reader_does_not_count(graph: Build) -> None:
    text = """
graph:
  - branches: [relu, tanh]
    name: parts
  - concat:
    from: unused(parts)
  - mul:
    from: [parts, {choose: "[parts[0]]"}]
"""
    assert "concat(relu, tanh)" in wiring(graph(text))


def test_reading_inside_a_called_cell_is_reading_by_the_call(graph: Build) -> None:
    text = """
cells:
  ignore: {inputs: [a], graph: {constant: {value: 1.0}}}
graph:
  - branches: [relu, tanh]
    name: parts
  - ignore:
    from: parts[0]
  - concat:
    from: unused(parts)
"""
    assert wiring(graph(text))[-2] == "concat(tanh)"


def test_each_call_of_a_cell_counts_for_itself(graph: Build) -> None:
    text = """
cells:
  c:
    inputs: [xs]
    graph:
      - relu:
        from: xs[0]
      - concat:
        from: unused(xs)
graph:
  - branches: [relu, tanh]
    name: parts
  - c:
    from: [parts]
  - c:
    from: [parts]
"""
    assert [line for line in wiring(graph(text)) if line.startswith("concat")] == ["concat(tanh)", "concat2(tanh)"]


def test_to_rename_is_not_to_read(graph: Build) -> None:
    text = """
graph:
  - for: {i: 2}
    collect: {made: out}
    do:
      - relu:
        from: x
      - identity:
        name: out
  - concat:
    from: unused(made)
"""
    assert wiring(graph(text))[-2] == "concat(relu, relu2)"


def test_a_group_reads_what_its_from_names(graph: Build) -> None:
    text = """
graph:
  - branches: [relu, tanh]
    name: parts
  - choose: {skip: []}
    from: parts[0]
  - concat:
    from: unused(parts)
"""
    assert wiring(graph(text))[-2] == "concat(tanh)"
