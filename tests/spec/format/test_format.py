"""`archdsl fmt`: one layout, the same meaning, and nothing to do the second time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.spec.format import format_text

SPECS = sorted((Path(__file__).parents[3] / "specs").rglob("*.yaml"))


def test_the_layout() -> None:
    untidy = """\

# the net


archdsl:   1
"name": 'net'   # its name
description: >-
      long text
      here

# cells
cells:
    unit:     # one cell
        graph:
        - relu
          # at the end of the list
        -   conv2d : { out_channels: 3,kernel_size : [ 1,2, ] }
            name: "y"
        - - add
          - 'mul'
    # the other
    other:
       graph: [ {relu: } ]
limits: [1,
   2,  # two
   3]
note: one
      two
last: "x: y"   \n\n\n# the end"""
    assert (
        format_text(untidy)
        == """\
# the net

archdsl: 1
name: net       # its name
description: >-
  long text
  here

# cells
cells:
  unit:       # one cell
    graph:
      - relu
        # at the end of the list
      - conv2d: {out_channels: 3, kernel_size: [1, 2]}
        name: "y"
      - - add
        - mul
  # the other
  other:
    graph: [{relu: }]
limits: [1,
   2,  # two
   3]
note: one
  two
last: "x: y"

# the end
"""
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('a: "x + 1"', "a: x + 1"),
        ('a: "[x] + y"', 'a: "[x] + y"'),
        ("a: '[x] + y'", 'a: "[x] + y"'),
        ('a: {k: "x[0]"}', 'a: {k: "x[0]"}'),
        ('a: "x[0]"', "a: x[0]"),
        ('a: {k: "min(a, b)"}', 'a: {k: "min(a, b)"}'),
        ('a: "3"', 'a: "3"'),
        ('a: "true"', 'a: "true"'),
        ('a: "no"', 'a: "no"'),
        ('a: ""', 'a: ""'),
        ('a: "b: c"', 'a: "b: c"'),
        ('a: "b #c"', 'a: "b #c"'),
        ("a: 'it''s'", "a: it's"),
        ("a: 'say \"no\"'", 'a: say "no"'),
        ('a: "tab\\t"', 'a: "tab\\t"'),
        ('a: ["x", "z"]', "a: [x, z]"),
        ('a: ["x", "y, z"]', 'a: ["x", "y, z"]'),
        ('"a": 1', "a: 1"),
        ('"3": 1', '"3": 1'),
        ("a: 1 # c", "a: 1  # c"),
        ("a: 1      # c", "a: 1      # c"),
        ("? a\n: 1", "a: 1"),
        ("---\na: 1\n...", "a: 1"),
        ("a:\n    - b:\n          c", "a:\n  - b: c"),
        ('a:  # c\n  # d\n  "x\n  y"  # e', '# c\n# d\na: "x\n  y"  # e'),
        ("a: |2\n    x\n   y", "a: |2\n    x\n   y"),
        ("a: |+\n    x\n\n", "a: |+\n  x\n\n"),
        ("a: |+\n    x\n\nb: 1", "a: |+\n  x\n\nb: 1"),
    ],
)
def test_quotes_and_spaces(before: str, after: str) -> None:
    assert format_text(f"{before}\n") == f"{after}\n"


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_shipped_specs_are_formatted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert format_text(text, str(path)) == text


def test_json_keeps_its_numbers() -> None:
    text = '{"archdsl":1, "params": {"eps": 1.0e-5, "widths": [1,2]},"graph":[{"do":[{"relu":{}}]},"é"]}'
    assert (
        format_text(text, "net.json")
        == """\
{
  "archdsl": 1,
  "params": {"eps": 1.0e-5, "widths": [1, 2]},
  "graph": [
    {
      "do": [{"relu": {}}]
    },
    "é"
  ]
}
"""
    )


def test_windows_line_ends_become_newlines() -> None:
    assert format_text("a: 1\r\nb: 2\r\n") == "a: 1\nb: 2\n"


def test_a_broken_file_is_left_alone() -> None:
    with pytest.raises(ArchdslError) as raised:
        format_text("a: [x] + y\nb: 1\n", "net.yaml")
    assert [diagnostic.code for diagnostic in raised.value.diagnostics] == ["E0114"]


words = st.text("abyno_", min_size=1, max_size=5)
texts = st.text(st.sampled_from("ab1 :#,-[]{}'\"\\é\n"), max_size=10)
values = st.recursive(
    words | texts | st.integers(-9, 999) | st.floats(0, 1, width=16) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=15,
)


class Dumper(yaml.SafeDumper):
    """Writes YAML in whatever style is asked for."""


@given(
    st.dictionaries(words, values, min_size=1, max_size=4),
    st.sampled_from([None, True, False]),
    st.integers(2, 6),
    st.sampled_from([None, '"', "'"]),
    st.sampled_from([20, 1000]),
    st.lists(st.integers(0, 40), max_size=4),
)
def test_formatting_keeps_the_meaning_and_settles(
    data: dict[str, Any], flow: bool | None, indent: int, style: str | None, width: int, places: list[int]
) -> None:
    text = yaml.dump(
        data, Dumper=Dumper, default_flow_style=flow, indent=indent, default_style=None, width=width, allow_unicode=True
    )
    lines = text.split("\n")
    if flow is False and '"' not in text and "'" not in text and "|" not in text:
        for place in places:
            lines.insert(place % len(lines), " " * (place % 7) + "# comment" if place % 3 else "")
    try:
        formatted = format_text("\n".join(lines))
    except ArchdslError:
        # YAML 1.1, which the dumper writes, leaves unquoted some of what is a number in 1.2.
        return
    assert format_text(formatted) == formatted
    assert formatted.count("# comment") == "\n".join(lines).count("# comment")


@given(st.dictionaries(words, values, min_size=1, max_size=4))
def test_formatted_json_is_json_and_settles(data: dict[str, Any]) -> None:
    formatted = format_text(json.dumps(data), json=True) if "" not in data else "{}\n"
    assert format_text(formatted, json=True) == formatted
    if "" not in data:
        assert json.loads(formatted) == data
