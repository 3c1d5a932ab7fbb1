"""What is allowed and rarely meant (rule 7)."""

from __future__ import annotations

from collections.abc import Callable

Codes = Callable[[str], list[str]]


def test_a_name_that_nobody_reads(codes: Codes) -> None:
    assert codes("graph:\n  - relu:\n    name: a\n") == ["3:W0202"]
    assert codes("graph:\n  - relu:\n    name: a\noutputs: [a]\n") == []
    assert codes("graph:\n  - for: {i: 2}\n    collect: {all_a: a}\n    do:\n      - relu:\n        name: a\n") == [
        "3:W0202"
    ]


def test_names_that_label_decisions_or_unpack_have_their_use(codes: Codes) -> None:
    assert codes("graph:\n  - choose: [relu, tanh]\n    name: act\n") == []
    assert codes("graph:\n  - chunk: {chunks: 2}\n    name: [a, b]\n  - relu:\n    from: b\n") == []


def test_cells_that_nobody_uses(codes: Codes) -> None:
    assert codes("cells:\n  a: {graph: [relu]}\n  b: {graph: [a]}\ngraph: [relu]\n") == ["2:W0203", "3:W0203"]
    assert codes("cells:\n  a: {graph: [relu]}\n  b: {graph: [a]}\ngraph: [b]\n") == []
    assert codes("import: {cells/conv: [conv_bn]}\ngraph: [relu]\n") == ["1:W0203"]


def test_cells_used_as_steps_count(codes: Codes) -> None:
    text = "cells:\n  a: {graph: [relu]}\n  b: {params: {act: %s}, graph: [act]}\ngraph: [b]\n"
    for default in ("a", "a if x.height > 3 else relu", "{choose: [a, relu]}"):
        assert codes(text % default) == []


def test_a_name_under_an_if_read_without_it(codes: Codes) -> None:
    text = """params: {deep: true, wide: true}
graph:
  - relu:
    if: deep
    name: a
  - add:
    from: [a, x]
    if: %s
"""
    assert codes(text % "wide") == ["7:W0204"]
    assert codes(text % "deep") == []
    assert codes(text % "deep and wide") == []


def test_reading_the_last_round_of_a_loop_by_the_chain(codes: Codes) -> None:
    text = """graph:
  - relu:
    name: a
  - for: {i: 3}
    do:
      - tanh:
        from: a
  - sigmoid
"""
    assert codes(text) == ["8:W0205"]
    assert codes(text.replace("        from: a\n", "").replace("    name: a\n", "")) == []


def test_reading_a_training_step_by_the_chain(codes: Codes) -> None:
    text = "graph:\n  - relu\n  - tanh:\n    if: training\n  - sigmoid\n"
    assert codes(text) == ["5:W0206"]
    assert codes(text.replace("- sigmoid", "- silu:\n    if: not training\n  - sigmoid")) == []


def test_warnings_are_silenced_with_a_reason(codes: Codes) -> None:
    text = "graph:\n  - relu:\n    name: a\nallow: [{code: W0202, reason: labels the weights}]\n"
    assert codes(text) == []
    assert codes(text.replace("W0202", "W0203")) == ["3:W0202", "4:W0207"]
    assert codes(text.replace("W0202", "G0299")) == ["3:W0202", "4:W0207"]  # there is no such code


def test_warnings_wait_until_there_are_no_errors(codes: Codes) -> None:
    assert codes("graph:\n  - relu:\n    name: a\n  - tanh:\n    from: b\n") == ["5:E0201"]
