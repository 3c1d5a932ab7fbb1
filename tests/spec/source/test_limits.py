"""Hostile files are refused with a code, and soon."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.spec.source import parse_text, read
from tests.timing import within

STEP = "  - conv: {out_channels: 64, kernel_size: 3}\n    name: n\n"
HOSTILE = {
    "brackets": ("a: " + "[" * 3000 + "]" * 3000, "E0902"),
    "open brackets": ("a: " + "[" * 300_000, "E0902"),
    "braces": ("a: " + "{a: " * 3000 + "}" * 3000, "E0902"),
    "blocks": ("".join(" " * i + "a:\n" for i in range(1000)), "E0902"),
    "dashes": ("- " * 3000 + "x\n", "E0902"),
    "question marks": ("? " * 300_000, "E0902"),
    "anchors": ("".join(f"k{i}: &a {i}\n" for i in range(50_000)), "E0106"),
    "aliases": ("a: &a [x]\n" + "".join(f"k{i}: [*a, *a, *a]\n" for i in range(20_000)), "E0106"),
    "duplicates": ("a: 1\n" * 100_000, "E0105"),
    "unquoted": ("a:\n" + "  - {k: x[0]}\n" * 50_000, "E0114"),
    "colons": ("a: " + "b: " * 300_000, "E0114"),
    "parentheses": ("a: {k: " + "(" * 500_000 + "}", "E0401"),
    "quotes": ("a: '\n" + STEP * 10_000, "E0102"),
    "spaces": ("a: b\n" + " " * 1_000_000 + "c: d", "E0102"),
    "digits": ("a: " + "9" * 1_000_000, "E0905"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml(name: str) -> None:
    text, code = HOSTILE[name]
    _, found = within(2, lambda: parse_text(text, "net.yaml", json=False))
    assert code in {diagnostic.code for diagnostic in found}
    assert len(found) <= 201


@pytest.mark.parametrize(
    ("text", "code"), [("[" * 3000, "E0902"), ('{"a": ' * 3000, "E0902"), ('{"a": ' + "9" * 100_000 + "}", "E0905")]
)
def test_hostile_json(text: str, code: str) -> None:
    _, found = parse_text(text, "net.json", json=True)
    assert [diagnostic.code for diagnostic in found] == [code]


def test_sixty_four_levels_are_allowed() -> None:
    for depth, codes in ((63, []), (64, ["E0902"])):
        for json in (True, False):
            _, found = parse_text('{"a": ' + "[" * depth + "]" * depth + "}", "net", json)
            assert [diagnostic.code for diagnostic in found] == codes


def test_a_file_of_ten_megabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(STEP * 200_000)
    _, found = within(0.2, lambda: read(path, "net.yaml"))
    assert [diagnostic.code for diagnostic in found] == ["E0901"]


def test_a_file_of_a_megabyte_takes_less_than_two_seconds() -> None:
    text = "graph:\n" + STEP * 17_000
    tree, found = within(2, lambda: parse_text(text, "net.yaml", json=False))
    assert tree is not None
    assert found == []
