"""The examples of reference and tutorial are what they say: valid files, or files with the findings they name."""

from __future__ import annotations

import re
from keyword import kwlist
from pathlib import Path

import pytest

import archdsl
from archdsl.ops.registry import operators
from archdsl.spec.expressions import FUNCTIONS, RESERVED

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGE = (REFERENCE / "language.md").read_text(encoding="utf-8")
TUTORIAL = (REFERENCE.parent / "tutorial.md").read_text(encoding="utf-8")
WHOLE_FILE = re.compile(r"```yaml file([^\n]*)\n(.*?)```", re.DOTALL)
FILES = [(found[2], found[1].split()) for found in WHOLE_FILE.finditer(PAGE + TUTORIAL)]


@pytest.mark.parametrize(
    ("text", "codes"), FILES, ids=lambda v: re.sub(r".*\nname: (\w+).*", r"\1", str(v), flags=re.S)
)
def test_whole_files_have_the_findings_that_they_name(text: str, codes: list[str], tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    assert sorted(found.code for found in archdsl.check(path)) == sorted(codes)


def section(title: str) -> str:
    """The text under a heading of the second level."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def words(text: str) -> set[str]:
    """All words in backticks."""
    return {word for found in re.findall(r"`([^`]*)`", text) for word in found.split()}


def test_every_operator_is_listed_and_every_listed_one_exists() -> None:
    rows = [line.split("|")[2] for line in section("Operators").splitlines() if line.startswith("| [")]
    assert words(" ".join(rows)) == {n for n, op in operators().items() if op.__module__.startswith("archdsl.ops.")}


def test_every_function_and_reserved_word_is_listed() -> None:
    listed = words(section("Expressions"))
    assert all(any(word.startswith(f"{name}(") or word == name for word in listed) for name in FUNCTIONS)
    named = words(section("Names"))
    python = {word for word in RESERVED if word not in named}
    assert python <= set(kwlist)


def test_links_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ")).lower().replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("#")
    }
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGE.replace("\n", " ")):
        if target.startswith("#"):
            assert target[1:] in headings, target
        elif not target.startswith("http"):
            assert (REFERENCE / target.partition("#")[0]).exists(), target
