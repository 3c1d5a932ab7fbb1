"""Broken files beside what is expected of them: `line:column code`, one finding on each line."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.diagnostics.codes import CODES
from archdsl.spec.source import read
from tests.timing import within

CORPUS = Path(__file__).parents[2] / "invalid" / "source"
FILES = sorted(path for path in CORPUS.iterdir() if path.suffix in (".yaml", ".json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_findings_are_exactly_those_expected(path: Path) -> None:
    _, found = within(0.5, lambda: read(path, path.name))
    assert all(diagnostic.span is not None and diagnostic.code in CODES for diagnostic in found)
    lines = [f"{d.span.line}:{d.span.column} {d.code}" for d in found if d.span]
    assert lines == path.with_name(f"{path.name}.expected").read_text(encoding="utf-8").splitlines()


def test_no_words_of_the_parser_reach_the_user() -> None:
    words = ("did not find", "while parsing", "while scanning", "token", "block", "flow", "node", "scalar")
    for path in FILES:
        _, found = read(path, path.name)
        for diagnostic in found:
            said = " ".join([diagnostic.message, diagnostic.label, *diagnostic.notes])
            assert not [word for word in words if word in said], (path.name, said)
