"""One mistake, one finding: what follows a failed step is looked at as far as it can be, and blamed for nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl

Codes = Callable[[str], list[str]]
Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("reluu", "E0202"),
        ("conv2dd: {out_channels: 8, kernel_size: 3, padding: 1}", "E0202"),
        ("conv2d: {out_chanels: 8, kernel_size: 3, padding: 1}", "E0205"),
        ("conv2d: {out_channels: 8, kernel_size: 3, padding: 1, colour: 3}", "E0205"),
        ("conv2d: {out_channels: widht, kernel_size: 3, padding: 1}", "E0201"),
        ("conv2d: {out_channels: width, kernel_size: 3, padding: 1, groups: 3}", "E0302"),
        ("conv2d: {out_channels: width, kernel_size: 3, padding: 1, bias: 3}", "E0303"),
        ("softmax: {dim: 7}", "E0306"),
    ],
)
def test_mistakes_behind_a_mistake_are_found(codes: Codes, wrong: str, code: str) -> None:
    text = f"params: {{width: 8}}\ngraph:\n  - {wrong}\n  - conv2d: {{out_channels: 6, kernel_size: 1, groups: 3}}\n"
    assert codes(text) == [f"3:{code}", "4:E0302"]


@pytest.mark.parametrize(
    "wrong",
    [
        "xyzzy",
        "conv2d: {out_channels: 8, window: 3}",
        "conv2d: {out_channels: qqq, kernel_size: 3}",
        "conv2d: {out_channels: 8, kernel_size: 99}",
        "conv2d: {out_channels: 8}",
        "conv2d: 3",
        "[relu]",
    ],
)
def test_what_a_failed_step_gives_is_blamed_on_nobody(codes: Codes, wrong: str) -> None:
    text = f"""graph:
  - {wrong}
  - name_is_kept
  - relu:
    name: a
  - add:
    from: [a, x]
  - reshape: {{shape: [4, 16, 16]}}
""".replace("  - name_is_kept\n", "")
    found = codes(text)
    assert len(found) == 1, found
    assert found[0].startswith("2:")


def test_names_of_failed_steps_are_known(codes: Codes) -> None:
    text = """graph:
  - - relu
  - xyzzy: {a: 1}
    name: [p, q]
  - relu:
    sigmoid:
    name: r
  - for: 3
    collect: {s: t}
    do:
      - relu:
        name: t
  - relu:
    for: {i: 3}
    repeat: 2
    name: u
  - add:
    from: [p, q, r, s, u]
"""
    assert codes(text) == ["2:E0109", "3:E0202", "6:E0110", "8:E0109", "15:E0111"]


def test_an_unknown_condition_is_taken_either_way(codes: Codes) -> None:
    # Whether the pooling is there changes the shape: nothing is said about what follows.
    text = "graph:\n  - max_pool2d: {kernel_size: 4}\n    if: qqq\n  - conv2d: {out_channels: 4, kernel_size: 9}\n"
    assert codes(text) == ["3:E0201"]
    # A relu changes none.
    text = "graph:\n  - relu:\n    if: qqq\n  - conv2d: {out_channels: 4, kernel_size: 19}\n"
    assert codes(text) == ["3:E0201", "4:E0304"]


def test_a_recursion_whose_end_is_misspelt_is_no_endless_one(codes: Codes) -> None:
    text = """cells:
  c:
    params: {depth: int}
    graph:
      - relu
      - c: {depth: depth - 1}
        if: qqq > 1
graph:
  - c: {depth: 3}
"""
    assert codes(text) == ["7:E0201"]


def test_a_mistake_in_a_cell_is_told_once(codes: Codes) -> None:
    text = """cells:
  c:
    graph:
      - conv2d: {out_channels: 8, kernel_size: 3, groups: 3}
graph:
  - c:
    repeat: 3
  - c
"""
    assert codes(text) == ["4:E0302"]


def test_mistakes_in_cells_that_nobody_calls_are_found(codes: Codes) -> None:
    text = "cells:\n  c:\n    graph:\n      - reluu\n      - conv2d: {out_channels: n, kernel_size: 3}\ngraph: [relu]\n"
    assert codes(text) == ["4:E0202", "5:E0201"]


def test_misspelt_words_of_the_language_are_taken_as_meant(codes: Codes) -> None:
    text = """parms: {width: 8}
cells:
  c:
    input: [a, b]
    graph: [add]
graph:
  - conv2d: {out_channels: width, kernel_size: 1}
    nam: y
  - c:
    form: [x, y]
"""
    assert codes(text) == ["1:E0104", "4:E0104", "8:E0104", "10:E0104"]


def test_declarations_that_cannot_be_read_leave_their_names_open(codes: Codes) -> None:
    assert codes("params: [width]\ngraph:\n  - conv2d: {out_channels: width, kernel_size: 1}\n") == ["1:E0109"]
    assert codes("cells: [block]\ngraph: [block]\n") == ["1:E0109"]
    assert codes("inputs: [3, 32, 32]\ngraph:\n  - relu:\n    from: image\n") == ["1:E0109"]
    assert codes("cells:\n  c: {inputs: a, graph: [add]}\ngraph:\n  - c:\n    from: [x, x]\n") == ["2:E0109"]


def test_names_that_are_none_are_told_where_they_are_given(codes: Codes) -> None:
    assert codes("graph:\n  - relu:\n    name: my-relu\n  - tanh:\n    from: my-relu\n") == ["3:E0112"]
    assert codes("params: {in: 3}\ngraph:\n  - relu:\n    repeat: 3\n") == ["1:E0112"]
    assert codes("graph:\n  - relu:\n    name: half\noutputs: [half]\n")[:1] == ["3:E0112"]


# What findings say.


def messages(path: Path) -> list[str]:
    return [" | ".join([d.message, d.label, *d.notes]) for d in archdsl.check(path)]


def test_findings_show_the_call_path_and_the_shapes(write: Write) -> None:
    text = """cells:
  unit:
    params: {groups: int}
    graph:
      - conv2d: {out_channels: 8, kernel_size: 1, groups: groups}
  stage:
    graph:
      - unit: {groups: i + 2}
        for: {i: 2}
graph:
  - relu:
    name: features
  - stage:
    repeat: 2
"""
    path = write(text)
    assert messages(path) == [
        " | ".join(
            (
                "groups=3 does not divide in_channels=8",
                "a divisor of 8 is needed: 1, 2, 4, 8",
                f"in cell `unit`, called at {path}:11 (round 2 of 2)",
                f"in cell `stage`, called at {path}:16 (round 1 of 2)",
                "x is [N, 8, 16, 16]",
            )
        )
    ]


def test_long_call_paths_are_shortened(write: Write) -> None:
    text = """cells:
  c:
    params: {depth: int}
    graph:
      - c: {depth: depth - 1}
        if: depth > 0
      - conv2d: {out_channels: 8, kernel_size: 1, groups: 3}
        if: depth == 0
graph:
  - c: {depth: 40}
"""
    (found,) = archdsl.check(write(text))
    assert len(found.notes) < 12
    assert any("further calls" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("graph: [reluu]", "did you mean `relu`?"),
        ("graph: [{conv2d: {out_chanels: 8, kernel_size: 1}}]", "did you mean `out_channels`?"),
        (
            "graph:\n  - relu:\n    name: features\n  - tanh:\n    from: fetures\n  - tanh:\n    from: features",
            "`features`",
        ),
        ("graph: [{conv2d: {out_channels: 8, kernel_size: 1.5}}]", "int >= 1"),
        ("graph: [{interpolate: {size: 3, mode: cubical}}]", "bilinear"),
        ("params: {width: 8}\ngraph: [relu]\nvariants: {a: {params: {widht: 3}}}", "did you mean `width`?"),
        ("graph: [relu]\nouputs: [a]", "did you mean `outputs`?"),
    ],
)
def test_hints_name_what_would_be_right(write: Write, text: str, hint: str) -> None:
    assert any(hint in message for message in messages(write(text)))
