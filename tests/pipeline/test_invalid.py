"""Broken specs beside what is expected of them: `line:column code`, one finding on each line, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.diagnostics.codes import CODES
from tests.timing import within

CORPUS = Path(__file__).parents[1] / "invalid" / "language"
FILES = sorted(path for path in CORPUS.iterdir() if path.suffix in (".yaml", ".json"))
LONGEST = 3.0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_findings_are_exactly_those_expected(path: Path) -> None:
    found = within(LONGEST, lambda: archdsl.check(path))
    lines = [f"{d.span.line}:{d.span.column} {d.code}" if d.span else d.code for d in found]
    assert lines == path.with_name(f"{path.name}.expected").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_check_refuses_cannot_be_loaded(path: Path) -> None:
    codes = {d.code for d in archdsl.check(path)}
    with pytest.raises(archdsl.ArchdslError) as caught:
        archdsl.load(path)
    # `load` stops at what is found without building; it finds nothing that `check` does not. A file with holes is
    # no architecture, whatever else is wrong.
    assert {d.code for d in caught.value.diagnostics} <= codes | {"E0601"}


def test_messages_speak_the_language_of_the_file() -> None:
    for path in FILES:
        for found in archdsl.check(path):
            said = " ".join([found.message, found.label, *found.notes])
            assert not found.message.endswith("."), (path.name, said)
            for word in (
                "None",
                "True",
                "False",
                "NoneType",
                "<class",
                "Traceback",
                "pydantic",
                "tuple(",
                "Input should",
            ):
                assert word not in said, (path.name, said)


def test_every_code_of_the_language_has_a_file() -> None:
    expected = {
        line.split()[1] for path in CORPUS.glob("*.expected") for line in path.read_text(encoding="utf-8").splitlines()
    }
    # Of reading (tests/invalid/source), of targets, of what no file says alone.
    elsewhere = {"E0101", "E0102", "E0103", "E0105", "E0106", "E0114", "E0115", "E0116", "E0117", "E0901", "E0902"}
    by_arguments = {"E0409", "E0410", "E0601", "E0608", "E0310"}
    wanted = {code for code in CODES if code.startswith("E0")} - elsewhere - by_arguments
    assert wanted <= expected, sorted(wanted - expected)
