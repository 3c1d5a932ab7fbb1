"""Shared weights (rule 14)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import archdsl
from archdsl.ir.graph import Graph
from tests.spec.elaborate.wiring import weight_paths

Build = Callable[..., Graph]
Codes = Callable[[str], list[str]]

HEAD = """
cells:
  head:
    params: {out: 4, act: relu}
    graph:
      - conv2d: {out_channels: out, kernel_size: 1}
      - act
"""


def test_steps_with_one_key_have_one_set_of_weights(graph: Build) -> None:
    text = (
        HEAD
        + """
inputs: {a: [8, 4, 4], b: [8, 2, 2]}
graph:
  - head:
    from: a
    share: heads
    name: first
  - head: {out: 4}
    from: b
    share: heads
    name: second
outputs: [first, second]
"""
    )
    built = graph(text.replace("head: {out: 4}", "head:"))
    assert weight_paths(built) == ["heads/conv2d"]
    assert len([node for node in built.nodes if node.weights]) == 2


def test_keys_are_local_to_the_cell_call(graph: Build) -> None:
    text = """
cells:
  pair:
    graph:
      - conv2d: {out_channels: 8, kernel_size: 1}
        share: w
      - conv2d: {out_channels: 8, kernel_size: 1}
        share: w
graph: [pair, pair]
"""
    assert weight_paths(graph(text)) == ["pair/w", "pair_2/w"]


def test_a_shared_group_in_a_loop(graph: Build) -> None:
    text = """
graph:
  - do:
      - conv2d: {out_channels: 8, kernel_size: 1}
      - batch_norm2d
    for: {i: 3}
    share: recurrent
"""
    assert weight_paths(graph(text)) == ["recurrent/conv2d", "recurrent/batch_norm2d"]


def test_sharing_a_cell_shares_what_it_calls(graph: Build) -> None:
    text = """
cells:
  inner: {graph: [{conv2d: {out_channels: 8, kernel_size: 1}}]}
  outer: {graph: [{inner: {}, repeat: 2}]}
graph:
  - outer:
    repeat: 2
    share: w
"""
    assert weight_paths(graph(text)) == ["w/inner[0]/conv2d", "w/inner[1]/conv2d"]


def test_another_order_and_defaults_are_the_same_attributes(codes: Codes) -> None:
    text = """graph:
  - conv2d: {out_channels: 8, kernel_size: 3, padding: 1}
    share: w
  - conv2d: {kernel_size: [3, 3], padding: 1, out_channels: 8, stride: 1}
    share: w
"""
    assert codes(text) == []


def test_a_default_that_is_written_is_the_same_attribute(codes: Codes, graph: Build) -> None:
    text = """cells:
  c:
    params: {k: 1, wide: 4 * k, out: x.channels, act: relu, size: {choose: [1, 3]}}
    graph:
      - conv2d: {out_channels: "out + wide - 4", kernel_size: size, padding: half}
      - act
graph:
  - c:
    share: s
  - c: {%s}
    share: s
decisions: {s/size: 3}
"""
    for same in ("k: 1", "out: 8", "wide: 4", "act: relu", "act: {relu: {}}", "size: 3", "act: relu, k: 1, size: 3"):
        assert codes(text % same) == [], same
        assert weight_paths(graph(text % same)) == ["s/conv2d"]
    for other in ("k: 2", "out: 9", "wide: 5", "act: tanh", "size: 1", "k: 1, wide: 8"):
        assert codes(text % other) == ["10:E0701"], other


def test_whatever_neither_call_writes_is_the_same_default(graph: Build) -> None:
    text = """
inputs: {a: [8, 4, 4], b: [8, 2, 2]}
cells:
  head:
    params: {k: 1, size: x.height}
    graph:
      - conv2d: {out_channels: 8, kernel_size: k}
      - adaptive_avg_pool2d: {output_size: size // 2}
graph:
  - head:
    from: a
    share: w
    name: first
  - head: {k: 1}
    from: b
    share: w
    name: second
outputs: [first, second]
"""
    assert weight_paths(graph(text)) == ["w/conv2d"]


def test_defaults_of_steps_given_as_arguments_count_too(codes: Codes) -> None:
    text = """cells:
  inner:
    params: {k: 1}
    graph: [conv2d: {out_channels: 8, kernel_size: k}]
  outer:
    params: {body: step}
    graph: [body]
graph:
  - outer: {body: %s}
    share: s
  - outer: {body: %s}
    share: s
"""
    assert codes(text % ("inner", "{inner: {k: 1}}")) == []
    assert codes(text % ("inner", "{inner: {k: 3}}")) == ["11:E0701"]
    conv = "{conv2d: {out_channels: 8, kernel_size: %s}}"
    assert codes(text % (conv % 3, conv % "[3, 3], stride: 1")) == ["2:W0203"]


def test_lists_of_other_tensors_are_the_same_attribute(graph: Build) -> None:
    text = """
cells:
  join:
    params: {others: list}
    graph:
      - concat:
        from: [x, others]
      - conv2d: {out_channels: 8, kernel_size: 1}
graph:
  - relu:
    name: a
  - join: {others: "[a]"}
    share: w
    name: b
  - join: {others: "[b]"}
    share: w
"""
    assert weight_paths(graph(text)) == ["w/conv2d"]


def test_what_is_shared_must_be_the_same(codes: Codes) -> None:
    text = """graph:
  - conv2d: {out_channels: 8, kernel_size: 1}
    share: w
  - %s
    share: w
"""
    assert codes(text % "conv2d: {out_channels: 8, kernel_size: 1, bias: false}") == ["4:E0701"]
    assert codes(text % "conv1d: {out_channels: 8, kernel_size: 1}") == ["4:E0701"]
    text = HEAD + "graph:\n  - head:\n    share: w\n  - head: {act: tanh}\n    share: w\n"
    assert codes(text.removeprefix("\n"))[-1].endswith("E0701")


def test_groups_that_differ_are_named_by_their_key(write: Callable[[str], Path]) -> None:
    for head in ("do: [{linear: {out_features: 8}}]", "branches: [relu]", "linear: {out_features: %d}"):
        heads = [head % size if "%" in head else head for size in (4, 8)]
        path = write("graph:\n" + "".join(f"  - {each}\n    share: w\n" for each in heads))
        assert [d.message for d in archdsl.check(path)] == ["the steps that share `w` differ"]


def test_shared_weights_need_one_shape(codes: Codes) -> None:
    text = """graph:
  - conv2d: {out_channels: 4, kernel_size: 1}
    repeat: 2
    share: w
"""
    assert codes(text) == ["2:E0702"]


def test_weightless_steps_may_share(codes: Codes) -> None:
    assert codes("graph:\n  - relu:\n    share: a\n  - relu:\n    share: a\n") == []


def test_a_key_may_not_equal_a_visible_name(codes: Codes) -> None:
    text = """graph:
  - relu:
    name: w
  - conv2d: {out_channels: 8, kernel_size: 1}
    share: w
  - add:
    from: [w, x]
"""
    assert codes(text) == ["5:E0704"]
    text = "params: {w: 3}\ngraph:\n  - conv2d: {out_channels: 8, kernel_size: w}\n    tie: w\n"
    assert codes(text) == ["4:E0704"]
