"""`unused(list)`: what no earlier step of this cell call has read (rule 18)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

import archdsl
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


def test_what_is_renamed_is_read_and_the_new_name_is_not(graph: Build) -> None:
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


def test_what_a_step_hands_on_is_a_member_of_its_own(graph: Build) -> None:
    text = """
graph:
  - relu:
    name: a
  - branches:
      - tanh
      - []
    from: a
    name: [n0, n1]
  - sigmoid:
    from: n1
    name: s
  - identity:
    from: n0
    name: n2
  - concat:
    from: "unused([a, n0, n1, n2, s])"
"""
    # `a` and `n1` are one tensor, `n0` and `n2` another; nobody has read it as `n2`.
    assert wiring(graph(text))[-2] == "concat(tanh, sigmoid)"


def test_a_step_without_from_reads_what_it_hands_on(graph: Build) -> None:
    text = """
cells:
  fit: {graph: []}
graph:
  - relu:
    name: a
  - choose: {skip: []}
    name: b
  - fit:
    name: c
  - {do: [], repeat: 2, name: d}
  - relu:
    if: false
  - concat:
    from: unused([a, b, c, d])
"""
    lines = wiring(graph(text.replace("if: false", "if: len([1]) == 2")))
    assert [line for line in lines if "identity" in line] == []
    assert lines[-2] == "concat(relu)"


def test_both_forms_and_repeated_cells_tell_members_apart(graph: Build) -> None:
    text = """
cells:
  node:
    inputs: [a]
    graph:
      - for: {i: 3}
        collect: {made: m}
        do:
          - tanh:
            if: i == 1
          - dropout:
            if: training
          - identity:
            name: m
      - concat:
        from: unused(made)
graph:
  - node
  - node
"""
    inference = [line for line in wiring(graph(text)) if line.startswith("concat")]
    training = [line for line in wiring(graph(text, training=True)) if line.startswith("concat")]
    assert inference == ["concat(tanh)", "concat2(tanh2)"]
    assert len(training) == 2


SKIPS = """archdsl: 1
name: skips
inputs: {image: [3, 16, 16]}
graph:
  - conv2d: {out_channels: 4, kernel_size: 1}
    name: a
  - for: {n: 4}
    collect: {nodes: node}
    do:
      - choose:
          skip: []
          conv: {conv2d: {out_channels: 4, kernel_size: 3, padding: 1}}
          pair: [{branches: [relu, []]}, mul]
        from: {choose: "[a] + nodes"}
        name: node
  - concat:
    from: unused(nodes)
    name: o
outputs: [o]
"""


@pytest.fixture
def skips(tmp_path: Path) -> archdsl.Space:
    (tmp_path / "skips.yaml").write_text(SKIPS)
    assert archdsl.check(tmp_path / "skips.yaml") == []
    return archdsl.load_space(tmp_path / "skips.yaml")


def test_nodes_that_do_nothing_are_left_over_as_any_other(skips: archdsl.Space) -> None:
    chain = {"n[1]/node/from": 1, "n[2]/node/from": 2, "n[3]/node/from": 3}
    for ops, channels in ((["skip"] * 4, 4), (["conv", "skip", "conv", "skip"], 4)):
        given = {f"n[{i}]/node": op for i, op in enumerate(ops)}
        built = skips.resolve({**given, **chain})
        assert built.graph().outputs["o"].type.shape[0] == channels
    apart = skips.resolve({**given, "n[1]/node/from": 0, "n[2]/node/from": 0, "n[3]/node/from": 0})
    assert apart.graph().outputs["o"].type.shape[0] == 16


def test_candidates_that_are_added_up_are_those_that_are_built(skips: archdsl.Space) -> None:
    for seed in range(60):
        decisions = skips.sample(Random(seed))
        price, built = skips.price(decisions), skips.resolve(decisions)
        identity = built.identity
        nodes = built.graph().nodes
        assert "identity" not in {node.op.name for node in nodes}
        cost = archdsl.cost(built)
        assert (price.params, price.mult_adds) == (cost.params, cost.mult_adds)
        alone = archdsl.load(skips.path, decisions=decisions)
        assert (alone.hash, alone.identity) == (built.hash, identity)
        # Each node is read by another one or stands in the result.
        widths = [item.type.shape[0] for item in nodes[-1].operands]
        assert sum(widths) == built.graph().outputs["o"].type.shape[0]
