"""Options, labels and decisions (rules 16 and 17)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

import archdsl
from archdsl.ir.graph import Graph
from tests.spec.elaborate.wiring import wiring

Build = Callable[..., Graph]
Load = Callable[..., archdsl.Space]
Codes = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        ("[8, 16]", (8, 16)),
        ("[8, 8.0, 16, 8]", (8, 16)),
        ('"range(8, 25, 8)"', (8, 16, 24)),
        ("{small: 8, large: 16}", ("small", "large")),
        ("{1: 8, 2.5: 16}", (1, 2.5)),
        ("[8 * 2, 4 + 4]", (16, 8)),
        ('"[c for c in [8, 9, 10] if c % 2 == 0]"', (8, 10)),
    ],
)
def test_labels_of_numbers(space: Load, options: str, labels: tuple[object, ...]) -> None:
    found = space(f"graph:\n  - conv2d: {{out_channels: {{choose: {options}}}, kernel_size: 1}}\n").decisions()
    assert found["conv2d/out_channels"].options == labels


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        ("[half, same]", ("half", "same")),
        ("[0, half, [1, 1]]", (0, "half", [1, 1])),
        ("[[0, 1], [1, 0]]", ([0, 1], [1, 0])),
    ],
)
def test_labels_of_words_and_lists(space: Load, options: str, labels: tuple[object, ...]) -> None:
    text = f"graph:\n  - conv2d: {{out_channels: 8, kernel_size: 3, padding: {{choose: {options}}}}}\n"
    assert space(text).decisions()["conv2d/padding"].options == labels


def test_labels_of_truth_values(space: Load) -> None:
    text = "graph:\n  - conv2d: {out_channels: 8, kernel_size: 1, bias: {choose: [true, false]}}\n"
    assert space(text).decisions()["conv2d/bias"].options == (True, False)
    assert space(text).resolve({"conv2d/bias": False}).decisions == {"conv2d/bias": False}


def test_an_operators_own_words_can_be_options(space: Load) -> None:
    text = "graph:\n  - gelu: {approximate: {choose: [none, tanh]}}\n"
    assert space(text).decisions()["gelu/approximate"].options == ("none", "tanh")


def test_tensors_are_labelled_by_position(graph: Build, space: Load) -> None:
    text = """
graph:
  - relu:
    name: a
  - tanh:
    name: b
  - silu:
    from: {choose: "[a, b, a]"}
"""
    assert space(text).decisions()["silu/from"].options == (0, 1, 2)
    assert wiring(graph(text, decisions={"silu/from": 1}))[-2] == "silu(tanh)"


def test_callables_name_themselves(graph: Build, space: Load) -> None:
    text = "graph:\n  - choose: [relu, tanh, relu]\n    name: act\n"
    assert space(text).decisions()["act"].options == ("relu", "tanh")
    assert wiring(graph(text, decisions={"act": "tanh"}))[0] == "tanh(x)"


def test_a_chosen_body(graph: Build) -> None:
    text = """
graph:
  - choose:
      one: [relu, tanh]
      two: {silu: {}}
      none: []
    name: op
  - sigmoid
"""
    assert wiring(graph(text, decisions={"op": "one"})) == ["relu(x)", "tanh(relu)", "sigmoid(tanh)", "output=sigmoid"]
    assert wiring(graph(text, decisions={"op": "none"})) == ["sigmoid(x)", "output=sigmoid"]


@pytest.mark.parametrize("options", ["[3]", "[3, 3]", "{only: 3}", '"[3] * 5"'])
def test_one_option_is_no_decision(graph: Build, space: Load, options: str) -> None:
    text = f"graph:\n  - conv2d: {{out_channels: {{choose: {options}}}, kernel_size: 1}}\n"
    assert space(text).decisions() == {}
    assert graph(text).nodes[0].output_types[0].shape == (3, 16, 16)


def test_one_body_is_no_decision(graph: Build) -> None:
    assert wiring(graph("graph:\n  - choose: {only: relu}\n"))[0] == "relu(x)"


def test_decisions_exist_only_where_they_are_reached(space: Load) -> None:
    text = """
graph:
  - choose:
      conv: {conv2d: {out_channels: 8, kernel_size: {choose: [1, 3]}, padding: half}}
      pool: {max_pool2d: {kernel_size: {choose: [2, 4]}}}
    name: op
  - relu:
    for: {i: {choose: [0, 1]}}
    name: more
  - choose: [tanh, silu]
    for: {i: more.channels - 8}
"""
    assert list(space(text).decisions()) == ["op", "op/conv/conv2d/kernel_size", "more/i"]
    assert list(space(text, decisions={"op": "pool"}).decisions()) == ["op", "op/pool/max_pool2d/kernel_size", "more/i"]


def test_a_hole_in_a_hole_of_values(space: Load) -> None:
    text = """
graph:
  - conv2d: {out_channels: {choose: {few: {choose: [2, 4]}, many: 64}}, kernel_size: 1}
"""
    assert list(space(text).decisions()) == ["conv2d/out_channels", "conv2d/out_channels/few"]
    assert list(space(text, decisions={"conv2d/out_channels": "many"}).decisions()) == ["conv2d/out_channels"]


# take.

TAKE = """
graph:
  - relu:
    name: a
  - tanh:
    name: b
  - concat:
    from: {choose: "[x, a, b]", take: %s}
    name: joined
"""


@pytest.mark.parametrize(
    ("take", "label", "operands"),
    [
        ("2", [0, 2], "x, tanh"),
        ("2", [2, 0], "x, tanh"),
        ("[1, 2]", [1], "relu"),
        ("[1, 5]", [2], "tanh"),
        ('"range(1, 4)"', [0, 1, 2], "x, relu, tanh"),
    ],
)
def test_take_gives_a_list_in_option_order(graph: Build, take: str, label: list[int], operands: str) -> None:
    built = graph(TAKE % take, decisions={"joined/from": label})
    assert wiring(built)[-2] == f"concat({operands})"


def test_take_counts_outcomes(space: Load) -> None:
    assert space(TAKE % "2").decisions()["joined/from"].outcomes == 3
    assert space(TAKE % "[1, 2, 3]").decisions()["joined/from"].outcomes == 7
    assert space(TAKE % "[0, 1, 9]").decisions()["joined/from"].sizes == (0, 1)


@pytest.mark.parametrize("take", ["3", "[3, 4]", "[3]"])
def test_one_outcome_of_take_is_no_decision(graph: Build, space: Load, take: str) -> None:
    assert space(TAKE % take).decisions() == {}
    assert wiring(graph(TAKE % take))[-2] == "concat(x, relu, tanh)"


@pytest.mark.parametrize("take", ["4", "[4, 5]", "[]", "-1", "1.5", "true", "half"])
def test_impossible_sizes(codes: Codes, take: str) -> None:
    assert codes(TAKE % take) == ["8:E0604"]


def test_nothing_can_be_taken_of_nothing(graph: Build) -> None:
    text = """
graph:
  - for: {i: 2}
    collect: {made: m}
    do:
      - relu:
        name: m
        if: i > 5
      - add:
        from: [x, {choose: made, take: "range(len(made) + 1)"}]
"""
    assert wiring(graph(text))[0] == "add(x)"


@pytest.mark.parametrize("label", [[0], [0, 1, 2], [0, 0], [0, 7], 0, "x"])
def test_labels_that_are_no_outcome(codes: Codes, label: object) -> None:
    text = TAKE % "2" + f"decisions: {{joined/from: {label}}}\n"
    assert codes(text) == ["10:E0603"]


# Given decisions.


def test_numbers_are_labels_by_value_and_truth_values_are_not(codes: Codes) -> None:
    text = (
        "graph:\n  - conv2d: {out_channels: {choose: [1, 2]}, kernel_size: 1}\ndecisions: {conv2d/out_channels: %s}\n"
    )
    assert codes(text % "2.0") == []
    assert codes(text % "true") == ["3:E0603"]


def test_a_wrong_label_is_shown_where_it_stands(write: Callable[..., Path]) -> None:
    text = """archdsl: 1
name: net
inputs: {x: [8, 16, 16]}
graph:
  - choose: [relu, tanh]
    name: act
  - choose: [gelu, silu]
    name: last
%s"""
    for given, place in (
        ("decisions: {act: relu, last: nothing}\n", (9, 30)),
        ("variants: {small: {decisions: {act: relu, last: nothing}}}\n", (9, 49)),
    ):
        [found] = (d for d in archdsl.check(write(text % given)) if d.code == "E0603")
        assert found.span is not None
        assert (found.span.line, found.span.column) == place
        assert [note.rpartition("/")[2] for note in found.notes] == ["net.yaml:7:5"]
    # Given beside the file, it stands nowhere.
    path = write(text % "decisions: {act: relu, last: gelu}\n")
    [found] = archdsl.check(path, decisions={"last": "nothing"})
    assert found.span is not None
    assert (found.span.line, found.notes) == (7, ())


def test_all_filled_is_an_architecture(graph: Build) -> None:
    text = "graph:\n  - choose: [relu, tanh]\n    name: act\ndecisions: {act: tanh}\n"
    assert wiring(graph(text))[0] == "tanh(x)"


def test_open_decisions_are_told_when_an_architecture_is_wanted(graph: Build) -> None:
    with pytest.raises(archdsl.ArchdslError) as caught:
        graph("graph:\n  - choose: [relu, tanh]\n    name: act\n")
    assert [d.code for d in caught.value.diagnostics] == ["E0601"]
    with pytest.raises(archdsl.ArchdslError, match="places are open"):
        graph("graph:\n" + "  - choose: [relu, tanh]\n" * 9)


def test_a_decision_that_is_not_reached_is_refused(codes: Codes) -> None:
    text = """graph:
  - choose: {a: relu, b: {choose: [tanh, silu]}}
    name: op
decisions: {op: a, op/b/choose: tanh}
"""
    assert codes(text) == ["4:E0602"]


# Tied decisions.


def test_tied_decisions_are_one(graph: Build, space: Load) -> None:
    text = """
graph:
  - choose: [relu, tanh]
    tie: act
  - choose: [relu, tanh]
    tie: act
"""
    assert list(space(text).decisions()) == ["act"]
    assert wiring(graph(text, decisions={"act": "tanh"}))[:2] == ["tanh(x)", "tanh2(tanh)"]


def test_sampling_follows_ties_and_repeats(space: Load) -> None:
    text = """
graph:
  - do:
      - choose: [relu, tanh, silu]
        name: op
    repeat: 4
"""
    for seed in range(5):
        built = space(text).resolve(space(text).sample(Random(seed))).graph()
        assert len({node.op.name for node in built.nodes}) == 1
