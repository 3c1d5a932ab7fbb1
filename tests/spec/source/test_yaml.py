"""YAML to tree: values by the core schema, and exact places."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.spec.source import Mapping, Scalar, Sequence, Tree, parse_text, read


def parsed(text: str) -> Mapping:
    tree, found = parse_text(text, "net.yaml", json=False)
    assert tree is not None
    assert found == []
    return tree


def scalar(text: str) -> Scalar:
    value = parsed(f"key: {text}\n").get("key")
    assert isinstance(value, Scalar)
    return value


def plain(tree: Tree) -> Any:
    if isinstance(tree, Scalar):
        return tree.value
    if isinstance(tree, Sequence):
        return [plain(item) for item in tree.items]
    return {entry.key.value: plain(entry.value) for entry in tree.entries}


def test_core_schema() -> None:
    expected = {
        "no": "no",
        "yes": "yes",
        "true": True,
        "False": False,
        "~": None,
        "null": None,
        "": None,
        "1e-5": 1e-5,
        "1.0e-5": 1e-5,
        ".5": 0.5,
        "5.": 5.0,
        "-3": -3,
        "+3": 3,
        "0x1F": 31,
        "0o17": 15,
        "0777": 777,
        "1_000": "1_000",
        "12:30": "12:30",
        "2001-01-01": "2001-01-01",
        "=": "=",
        "'3'": "3",
        '"true"': "true",
        "9007199254740991": 2**53 - 1,
    }
    for text, value in expected.items():
        got = scalar(text).value
        assert (type(got), got) == (type(value), value), text


def test_places_count_characters_from_one() -> None:
    text = "näme: \"日本\"  # c\nlist:\n  - x + 1\n  - {a: [1, 2],  b: 'q'}\n"
    tree = parsed(text)
    assert tree.span == ("net.yaml", 1, 1, 4, 25)
    first, second = tree.entries
    assert first.key.span == ("net.yaml", 1, 1, 1, 5)
    assert isinstance(first.value, Scalar)
    assert first.value.quoted
    assert first.value.span == ("net.yaml", 1, 7, 1, 11)
    assert first.value.content == ("net.yaml", 1, 8, 1, 10)
    assert isinstance(second.value, Sequence)
    expression, mapping = second.value.items
    assert expression.span == ("net.yaml", 3, 5, 3, 10)
    assert mapping.span == ("net.yaml", 4, 5, 4, 25)
    assert isinstance(mapping, Mapping)
    assert mapping.entries[0].value.span == ("net.yaml", 4, 9, 4, 15)


def test_line_ends_of_windows_do_not_shift_places() -> None:
    assert parsed("a: 1\r\nb: [x,\r\n  y]\r\n") == parsed("a: 1\nb: [x,\n  y]\n")


def test_texts_over_several_lines_end_where_they_end() -> None:
    tree = parsed("a: >-\n  one\n  two\n\n\nb: |\n  three\nc: four\n  five\n")
    assert [plain(entry.value) for entry in tree.entries] == ["one two", "three\n", "four five"]
    assert [entry.value.span[1:] for entry in tree.entries] == [(1, 4, 3, 6), (6, 4, 7, 8), (8, 4, 9, 7)]


def test_escapes_leave_no_place_within_the_text() -> None:
    value = scalar(r'"a\tb"')
    assert value.text == "a\tb"
    assert value.content == value.span


def test_a_file_is_read_to_the_tree_that_was_meant() -> None:
    text = "a: {k: min(3, n), l: x[0] * 2}\nb: [x] + made  # both\nc: {i: 3 j: 4}\nd: 1}\n"
    tree, found = parse_text(text, "net.yaml", json=False)
    assert tree is not None
    assert plain(tree) == {
        "a": {"k": "min(3, n)", "l": "x[0] * 2"},
        "b": "[x] + made",
        "c": {"i": 3, "j": 4},
        "d": "1}",
    }
    assert [d.code for d in found] == ["E0114", "E0114", "E0114", "E0102"]
    assert [d.span and d.span.column for d in found] == [8, 22, 4, 9]


def test_duplicates_keep_the_first_and_name_its_place() -> None:
    tree, found = parse_text("a: 1\nb: 2\na: 3\n", "net.yaml", json=False)
    assert tree is not None
    assert plain(tree) == {"a": 1, "b": 2}
    assert found[0].notes == ("first given at net.yaml:1:1",)


def test_quotes_are_suggested_for_the_whole_expression() -> None:
    _, found = parse_text("a: {k: features[2].channels}\n", "net.yaml", json=False)
    assert found[0].label == 'quote this expression: "features[2].channels"'
    assert found[0].span == ("net.yaml", 1, 8, 1, 28)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("(3, 3)", "write `[3, 3]`"),
        ("(3, n + 1)", "write `[3, n + 1]`"),
        ("(min(3, n), 3)", 'write "[min(3, n), 3]"'),
        ("(3, 3)[0]", 'quote this expression: "(3, 3)[0]"'),
        ("((3, 3), 3)", 'quote this expression: "((3, 3), 3)"'),
        ("(*sizes, 3)", 'quote this expression: "(*sizes, 3)"'),
    ],
)
def test_lists_in_parentheses_are_suggested_as_lists(value: str, hint: str) -> None:
    _, found = parse_text(f"a: {{k: {value}, l: 1}}\n", "net.yaml", json=False)
    assert [(d.code, d.label) for d in found] == [("E0114", hint)]


def test_an_alias_of_a_list_leaves_no_tree() -> None:
    tree, found = parse_text("a: &a [1]\nb: *a\nc: &c 3\nd: *c\n", "net.yaml", json=False)
    assert tree is None
    assert [d.code for d in found] == ["E0106"] * 4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xef\xbb\xbfa: 1\n", "byte-order mark"),
        (b"\xff\xfea\0", "UTF-16"),
        (b"a: 1\nb: caf\xe9\n", "0xe9 is not UTF-8"),
        (b"a: 1\nb: \x00\n", "U+0000"),
        (b"a: 1\nb: \x1b[31m\n", "U+001B"),
        (b"a: \xe2\x80\xa8 1\n", "U+2028"),
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"# nothing\n", "only comments"),
    ],
)
def test_what_is_no_text(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes(content)
    found = only(read(path, "net.yaml")[1])
    assert found.code == "E0101"
    assert words in found.message


def test_the_place_of_a_wrong_byte(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes("ä: 1\r\nb: ü".encode() + b"\xe9\n")
    assert only(read(path, "net.yaml")[1]).span == ("net.yaml", 2, 5, 2, 6)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert "no such file" in only(read(tmp_path / "none.yaml", "none.yaml")[1]).message
    assert "folder" in only(read(tmp_path, "folder")[1]).message
    assert "not valid" in only(read(Path("a\0b"), "name")[1]).message


def only(found: list[Diagnostic]) -> Diagnostic:
    assert len(found) == 1
    return found[0]


words = st.text("abcxyz_", min_size=1, max_size=6).map(lambda word: f"w{word}")
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    words | numbers | st.booleans() | st.none() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(words, values, min_size=1, max_size=5), st.booleans())
def test_json_text_means_the_same_to_both_readers(data: dict[str, Any], indented: bool) -> None:
    import json

    text = json.dumps(data, indent=2 if indented else None)
    from_json, found = parse_text(text, "net.json", json=True)
    assert found == []
    assert from_json is not None
    assert same(plain(from_json), data)
    # YAML has no surrogate pairs among its escapes.
    if "\\ud" not in text:
        from_yaml, found = parse_text(text, "net.json", json=False)
        assert found == []
        assert from_yaml is not None
        assert same(plain(from_yaml), data)
        assert [e.key.span for e in from_yaml.entries] == [e.key.span for e in from_json.entries]
        assert [e.value.span for e in from_yaml.entries] == [e.value.span for e in from_json.entries]


def same(got: Any, expected: Any) -> bool:
    if isinstance(expected, list):
        return len(got) == len(expected) and all(map(same, got, expected))
    if isinstance(expected, dict):
        return list(got) == list(expected) and all(same(got[key], expected[key]) for key in expected)
    if isinstance(expected, float):
        return isinstance(got, (int, float)) and (got == expected or math.isclose(got, expected))
    return type(got) is type(expected) and bool(got == expected)


@given(st.text(st.sampled_from("ab1 \n\t:-,[]{}()'\"#&*!|>%@`?\\"), max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    tree, found = parse_text(text, "net.yaml", json=False)
    assert tree is not None or found
    for diagnostic in found:
        assert diagnostic.span is not None
        assert diagnostic.span.line <= text.count("\n") + 2
    parse_text(text, "net.json", json=True)
