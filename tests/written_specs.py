"""Small specs, written in the tests: what is not said is filled in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.ir.graph import Graph

HEADER = "archdsl: 1\nname: net\n"
INPUTS = "inputs: {x: [8, 16, 16]}\n"


def complete(text: str) -> str:
    """The text with version, name and an input of [8, 16, 16], as far as it lacks them."""
    lines = text.splitlines()
    header = "" if text.startswith("archdsl:") else HEADER
    library = not any(line.startswith("graph:") for line in lines)
    inputs = "" if library or any(line.startswith("inputs:") for line in lines) else INPUTS
    return header + inputs + text


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a spec; gives its path."""

    def write_spec(text: str, name: str = "net.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(complete(text), encoding="utf-8")
        return path

    return write_spec


@pytest.fixture
def graph(write: Callable[[str], Path]) -> Callable[..., Graph]:
    """Builds a spec; gives its graph."""

    def build(text: str, training: bool = False, **given: Any) -> Graph:
        return archdsl.load(write(text), **given).graph(training)

    return build


@pytest.fixture
def codes(write: Callable[[str], Path]) -> Callable[[str], list[str]]:
    """Checks a spec; gives `line:code` of each finding, lines counted in the text as it stands in the test."""

    def check(text: str) -> list[str]:
        path = write(text)
        added = complete(text).count("\n") - text.count("\n")
        return [f"{found.span.line - added if found.span else ''}:{found.code}" for found in archdsl.check(path)]

    return check


@pytest.fixture
def space(write: Callable[[str], Path]) -> Callable[..., archdsl.Space]:
    """Loads a search space."""

    def load(text: str, **given: Any) -> archdsl.Space:
        return archdsl.load_space(write(text), **given)

    return load
