"""The name of a network becomes the stem of files and the name of a class."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl

SPEC = """\
archdsl: 1
{name}
inputs: {{image: [3, 8, 8]}}
graph: [relu]
"""


def written(folder: Path, name: str) -> Path:
    path = folder / "some_file.yaml"
    path.write_text(SPEC.format(name=name), encoding="utf-8")
    return path


def test_a_file_without_a_name_is_named_by_its_file(tmp_path: Path) -> None:
    path = written(tmp_path, "description: no name here")
    assert archdsl.check(path) == []
    assert archdsl.load(path).name == "some_file"


@pytest.mark.parametrize("name", ["../../outside", "a/b", "", "two words", ".hidden", "x" * 101, "a:b"])
def test_a_name_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    (found,) = archdsl.check(written(tmp_path, f'name: "{name}"'))
    assert found.code in ("E0109", "E0112")
    assert found.span is not None
    assert found.span.line == 2


@pytest.mark.parametrize("name", ["resnet-50", "v1.5", "7x7_net"])
def test_a_name_with_other_letters_gives_valid_source(tmp_path: Path, name: str) -> None:
    architecture = archdsl.load(written(tmp_path, f"name: {name}"))
    assert architecture.name == name
    compile(archdsl.to_source(architecture), "source", "exec")
