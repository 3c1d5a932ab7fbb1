"""Every code is explained, its snippets are what they claim to be, and the pages are fresh."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archdsl.diagnostics import explain
from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.render import pages
from archdsl.spec.source import parse_text

ROOT = Path(__file__).parents[2]
# What the reader of files alone can see in the wrong snippets.
FORM = ["E0102", "E0105", "E0106", "E0114", "E0116", "E0117", "E0605"]


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained(code: str) -> None:
    known = CODES[code]
    assert re.fullmatch(r"[EWGD]\d{4}", code)
    assert known.title
    assert not known.title.endswith(".")
    assert known.explanation.endswith(".")
    assert bool(known.wrong) == bool(known.right)
    assert explain(code).startswith(f"{code}: {known.title}\n")


@pytest.mark.parametrize("code", [code for code in CODES if CODES[code].right])
def test_right_snippets_are_well_formed(code: str) -> None:
    assert codes_of(CODES[code].right) == []


@pytest.mark.parametrize("code", FORM)
def test_wrong_snippets_have_the_mistake(code: str) -> None:
    assert set(codes_of(CODES[code].wrong)) == {code}


def codes_of(snippet: str) -> list[str]:
    text = f"graph:\n{snippet}" if snippet.startswith("-") else snippet
    return [diagnostic.code for diagnostic in parse_text(text, "snippet", json=False)[1]]


def test_every_code_in_the_program_is_known() -> None:
    used = set()
    for path in (ROOT / "archdsl").rglob("*.py"):
        used |= set(re.findall(r'"([EWGD]\d{4})"', path.read_text(encoding="utf-8")))
    assert used <= set(CODES)


def test_unknown_codes_have_no_explanation() -> None:
    with pytest.raises(KeyError):
        explain("E9999")


def test_the_pages_are_fresh() -> None:
    folder = ROOT / "docs" / "reference" / "diagnostics"
    expected = pages()
    assert {path.name for path in folder.glob("*.md")} - {"formats.md"} == set(expected)
    assert all(f"[{code}]({code}.md)" in expected["index.md"] for code in CODES)
    for name, text in expected.items():
        assert (folder / name).read_text(encoding="utf-8") == text, f"{name} is stale; run `make docs`"
