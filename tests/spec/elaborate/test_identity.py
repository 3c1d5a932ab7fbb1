"""Paths of weights and ids of decisions (rules 12 to 15)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import archdsl
from archdsl.ir.graph import Graph
from tests.spec.elaborate.wiring import weight_paths

Build = Callable[..., Graph]
Load = Callable[..., archdsl.Space]
Codes = Callable[[str], list[str]]

CONV = "conv2d: {out_channels: 8, kernel_size: 1}"
HOLE = "conv2d: {out_channels: 8, kernel_size: {choose: [1, 3]}, padding: half}"


def test_labels_of_steps(graph: Build) -> None:
    text = f"""
cells:
  cell: {{graph: [{{{CONV}}}]}}
graph:
  - {CONV}
  - {CONV}
    name: named
  - {CONV}
  - cell
  - do: [{{{CONV}}}]
  - do: [{{{CONV}}}]
    name: group
  - for: {{i: 1, j: 1}}
    do: [{{{CONV}}}]
  - branches: [{{{CONV}}}]
  - branches: [{{{CONV}}}]
    name: [a]
  - choose: {{only: {{{CONV}}}}}
  - {CONV}
"""
    assert weight_paths(graph(text)) == [
        "conv2d",
        "named",
        "conv2d_2",
        "cell/conv2d",
        "do/conv2d",
        "group/conv2d",
        "i[0]/conv2d",
        "branches[0]/conv2d",
        "a[0]/conv2d",
        "choose/only/conv2d",
        "conv2d_3",
    ]


def test_a_second_label_of_a_body_is_numbered_even_if_the_first_is_absent(graph: Build) -> None:
    text = f"""
params: {{first: true}}
graph:
  - {CONV}
    if: first
    name: a
  - {CONV}
    if: not first
    name: a
"""
    assert weight_paths(graph(text)) == ["a"]
    assert weight_paths(graph(text, params={"first": False})) == ["a_2"]


def test_rounds_branches_and_options_in_weight_paths(graph: Build) -> None:
    text = f"""
graph:
  - for: {{stage: 2}}
    do:
      - branches:
          - {CONV}
          - choose: {{a: {{{CONV}}}, b: relu}}
            name: op
      - add
      - {CONV}
        repeat: 2
        name: last
"""
    built = graph(text, decisions={"stage[0]/branches[1]/op": "a", "stage[1]/branches[1]/op": "b"})
    assert weight_paths(built) == [
        "stage[0]/branches[0]/conv2d",
        "stage[0]/branches[1]/op/a/conv2d",
        "stage[0]/last[0]",
        "stage[0]/last[1]",
        "stage[1]/branches[0]/conv2d",
        "stage[1]/last[0]",
        "stage[1]/last[1]",
    ]


def test_cell_calls_prefix_paths(graph: Build) -> None:
    text = f"""
cells:
  inner: {{graph: [{{{CONV}}}]}}
  outer: {{graph: [{{inner: {{}}, repeat: 2}}, inner]}}
graph:
  - outer
  - outer:
    name: last
"""
    assert weight_paths(graph(text)) == [
        "outer/inner[0]/conv2d",
        "outer/inner[1]/conv2d",
        "outer/inner_2/conv2d",
        "last/inner[0]/conv2d",
        "last/inner[1]/conv2d",
        "last/inner_2/conv2d",
    ]


# Ids of holes.


def test_ids_of_holes(space: Load) -> None:
    text = f"""
params: {{width: {{choose: [8, 16]}}}}
cells:
  cell:
    params: {{kernel: {{choose: [1, 3]}}, act: {{choose: [relu, tanh]}}}}
    graph:
      - conv2d: {{out_channels: 8, kernel_size: kernel, padding: half}}
      - act
graph:
  - conv2d: {{out_channels: width, kernel_size: {{choose: [1, 3]}}, padding: {{choose: [half, same]}}}}
    name: stem
  - cell
  - cell: {{act: silu}}
  - relu:
    if: {{choose: [true, false]}}
  - relu:
    repeat: {{choose: [1, 2]}}
  - tanh:
    for: {{i: {{choose: [1, 2]}}, w: "[1]"}}
    if: false
  - tanh:
    for: {{i: {{choose: [1, 2]}}}}
    name: looped
  - sigmoid:
    from: {{choose: "[stem, looped]"}}
  - mul:
    from: [{{choose: "[stem, looped]"}}, {{choose: "[looped, stem]"}}]
  - choose: [relu, tanh]
  - choose:
      a: {{{HOLE}}}
      b: relu
    name: op
"""
    assert list(space(text, decisions={"op": "a"}).decisions()) == [
        "width",
        "stem/kernel_size",
        "stem/padding",
        "cell/kernel",
        "cell/act",
        "cell_2/kernel",
        "relu/if",
        "relu_2/repeat",
        "looped/i",
        "sigmoid/from",
        "mul/from[0]",
        "mul/from[1]",
        "choose",
        "op",
        "op/a/conv2d/kernel_size",
    ]


def test_holes_in_step_arguments_belong_to_the_call(space: Load) -> None:
    text = """
cells:
  c: {params: {act: step}, graph: [act, act]}
graph:
  - c: {act: {leaky_relu: {negative_slope: {choose: [0.1, 0.2]}}}}
  - c: {act: {choose: {soft: {elu: {alpha: {choose: [0.5, 1.0]}}}, hard: relu}}}
"""
    # Decided once for each call, however often the cell applies the step.
    assert list(space(text).decisions()) == ["c/act/negative_slope", "c_2/act", "c_2/act/soft/alpha"]


def test_rounds_of_for_decide_for_themselves_and_copies_of_repeat_alike(space: Load) -> None:
    text = f"""
graph:
  - {HOLE}
    for: {{i: 2}}
  - {HOLE}
    repeat: 2
  - for: {{stage: 2}}
    do:
      - do:
          - {HOLE}
        repeat: 3
"""
    assert list(space(text).decisions()) == [
        "conv2d[0]/kernel_size",
        "conv2d[1]/kernel_size",
        "conv2d_2/kernel_size",
        "stage[0]/do/conv2d/kernel_size",
        "stage[1]/do/conv2d/kernel_size",
    ]


def test_tie_restarts_the_decision_path_at_the_cell_call(space: Load) -> None:
    text = f"""
cells:
  cell:
    graph:
      - for: {{i: 2}}
        do:
          - {HOLE}
            tie: kernels
      - {HOLE}
        tie: kernels
graph:
  - cell
  - cell:
    name: other
"""
    assert list(space(text).decisions()) == ["cell/kernels/kernel_size", "other/kernels/kernel_size"]


def test_share_restarts_both_paths(graph: Build, space: Load) -> None:
    text = f"""
cells:
  head: {{graph: [{{{HOLE}}}]}}
graph:
  - for: {{level: 3}}
    do:
      - head:
        share: heads
"""
    assert list(space(text).decisions()) == ["heads/conv2d/kernel_size"]
    assert weight_paths(graph(text, decisions={"heads/conv2d/kernel_size": 3})) == ["heads/conv2d"]


def test_tie_changes_no_weight_path(graph: Build) -> None:
    text = f"graph:\n  - {CONV}\n    tie: k\n    for: {{i: 2}}\n"
    assert weight_paths(graph(text)) == ["conv2d[0]", "conv2d[1]"]


def test_two_weights_with_one_path(codes: Codes) -> None:
    text = f"graph:\n  - {CONV}\n    name: conv2d_2\n  - {CONV}\n  - {CONV}\n  - add:\n    from: [conv2d_2, x]\n"
    assert codes(text) == ["5:E0705"]


# The two spaces of the examples, ids written down by hand.


def test_ids_of_the_nasnet_space() -> None:
    space = archdsl.load_space("nasnet_space", params={"blocks": 2, "repeats": 2})
    ids = [f"normal/block[{b}]/{what}" for b in range(2) for what in ("left/from", "left/op", "right/from", "right/op")]
    normal = [*ids[:4], "normal/block[0]/joined", *ids[4:], "normal/block[1]/joined"]
    # Stage 0 has no reduction cell: the normal cell is reached first.
    assert list(space.decisions()) == normal + [name.replace("normal", "reduction") for name in normal]
    points = space.decisions()
    assert points["normal/block[0]/left/from"].options == (0, 1)
    assert points["normal/block[1]/left/from"].options == (0, 1, 2)
    assert len(points["normal/block[0]/left/op"].options) == 13
    assert points["normal/block[0]/joined"].options == ("add", "concat")


def test_ids_of_the_once_for_all_space() -> None:
    space = archdsl.load_space("ofa", decisions={"stage[0]/block/layer": 2, "stage[1]/block/layer": 4})
    ids = list(space.decisions())
    assert ids[0] == "resolution"
    assert len(space.decisions()["resolution"].options) == 25
    first = ["stage[0]/block/layer", *(f"stage[0]/block[{i}]/{p}" for i in range(2) for p in ("expand", "kernel_size"))]
    assert ids[1:6] == first
    assert ids[6:15] == [
        "stage[1]/block/layer",
        *(f"stage[1]/block[{i}]/{p}" for i in range(4) for p in ("expand", "kernel_size")),
    ]


def test_ids_of_the_once_for_all_space_with_elastic_excite() -> None:
    space = archdsl.load_space("ofa_elastic_excite", decisions={"stage[0]/block[0]/excite": True})
    ids = list(space.decisions())
    assert ids[2:6] == [
        "stage[0]/block[0]/excite",
        "stage[0]/block[0]/expand",
        "stage[0]/block[0]/kernel_size",
        "stage[0]/block[0]/excited/reduction",
    ]
    # Where excite is off, there is no ratio to decide.
    assert "stage[0]/block[1]/excited/reduction" not in ids
    sampled = space.sample(Random(3))
    assert archdsl.load_space("ofa_elastic_excite").resolve(sampled).decisions == sampled
