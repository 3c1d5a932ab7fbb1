"""Cells of other files: what is found, what is refused, and where findings in them stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl
from archdsl.ir.graph import Graph
from tests.spec.elaborate.wiring import weight_paths, wiring

Write = Callable[..., Path]
Build = Callable[..., Graph]
Codes = Callable[[str], list[str]]

LIBRARY = "archdsl: 1\nname: lib\ncells:\n  block: {graph: [relu]}\n  other: {graph: [block, tanh]}\n"


def test_cells_of_this_folder_and_below(write: Write, graph: Build) -> None:
    write(LIBRARY, "lib.yaml")
    write(LIBRARY, "deep/down/lib.yml")
    write(
        '{"archdsl": 1, "name": "j", "cells": {"in_json": {"graph": "silu"}}}'.replace('"archdsl"', ' "archdsl"'),
        "j.json",
    )
    text = "import: {./lib: [block], ./deep/down/lib: [other]}\ngraph: [block, other]\n"
    assert wiring(graph(text))[:3] == ["relu(x)", "relu2(relu)", "tanh(relu2)"]


def test_the_library_is_found_without_a_dot(graph: Build) -> None:
    text = "import: {cells/conv: [conv_bn]}\ngraph:\n  - conv_bn: {out_channels: 4}\n"
    assert weight_paths(graph(text)) == ["conv_bn/conv2d", "conv_bn/batch_norm2d"]


def test_json_imports_yaml_and_the_reverse(write: Write, graph: Build) -> None:
    (write(LIBRARY, "lib.yaml").parent / "j.json").write_text(
        '{"archdsl": 1, "name": "j", "import": {"./lib": ["other"]}, "cells": {"c": {"graph": ["other", "silu"]}}}'
    )
    assert wiring(graph("import: {./j: [c]}\ngraph: [c]\n"))[-1] == "output=silu"


def test_only_own_cells_can_be_imported(write: Write, codes: Codes) -> None:
    write(LIBRARY, "lib.yaml")
    write("archdsl: 1\nname: m\nimport: {./lib: [block]}\ncells: {mine: {graph: [block]}}\n", "m.yaml")
    assert codes("import: {./m: [mine]}\ngraph: [mine]\n") == []
    assert codes("import: {./m: [block]}\ngraph: [block]\n") == ["1:E0802"]


def test_circles(write: Write, codes: Codes) -> None:
    write("archdsl: 1\nname: a\nimport: {./b: [y]}\ncells: {x: {graph: [y]}}\n", "a.yaml")
    write("archdsl: 1\nname: b\nimport: {./a: [x]}\ncells: {y: {graph: [x]}}\n", "b.yaml")
    assert [code.split(":")[1] for code in codes("import: {./a: [x]}\ngraph: [x]\n")] == ["E0803"]


def test_two_ways_to_one_file_are_no_circle(write: Write, codes: Codes) -> None:
    write(LIBRARY, "lib.yaml")
    write("archdsl: 1\nname: m\nimport: {./lib: [block]}\ncells: {mine: {graph: [block]}}\n", "m.yaml")
    assert codes("import: {./lib: [block], ./m: [mine]}\ngraph: [block, mine]\n") == []


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("./missing", "E0801"),
        ("cells/cov", "E0801"),
        ("./lib.yaml", "E0801"),
        ("../lib", "E0804"),
        ("./../lib", "E0804"),
        ("./sub/../lib", "E0804"),
        ("/tmp/lib", "E0804"),
        ("file:///tmp/lib", "E0804"),
        ("https://example.org/lib", "E0804"),
        ("~/lib", "E0804"),
        (".//lib", "E0804"),
        ("C:\\lib", "E0804"),
        ("./", "E0804"),
    ],
)
def test_what_cannot_be_imported(write: Write, codes: Codes, target: str, code: str) -> None:
    write(LIBRARY, "lib.yaml")
    # The call of the cell that did not come in is not reported again.
    assert codes(f"import: {{'{target}': [block]}}\ngraph: [block]\n") == [f"1:{code}"]


def test_links_that_lead_out_are_refused(write: Write, codes: Codes, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}_outside"
    outside.mkdir()
    (outside / "lib.yaml").write_text(LIBRARY)
    write("graph: [relu]\n")
    (tmp_path / "link.yaml").symlink_to(outside / "lib.yaml")
    (tmp_path / "folder").symlink_to(outside)
    assert codes("import: {./link: [block]}\ngraph: [block]\n") == ["1:E0804"]
    assert codes("import: {./folder/lib: [block]}\ngraph: [block]\n") == ["1:E0804"]


def test_links_inside_are_fine(write: Write, codes: Codes, tmp_path: Path) -> None:
    write(LIBRARY, "sub/lib.yaml")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "sub" / "lib.yaml")
    assert codes("import: {./link: [block]}\ngraph: [block]\n") == []


def test_a_spec_that_is_itself_reached_by_a_link(write: Write, tmp_path: Path) -> None:
    write(LIBRARY, "real/lib.yaml")
    real = write("import: {./lib: [block]}\ngraph: [block]\n", "real/net.yaml")
    link = tmp_path / "net_link.yaml"
    link.symlink_to(real)
    assert archdsl.check(link) == []


def test_findings_in_imported_files_stand_there(write: Write, codes: Codes) -> None:
    path = write("archdsl: 1\nname: lib\ncells:\n  block: {graph: [reluu]}\n", "lib.yaml")
    main = write("import: {./lib: [block]}\ngraph: [block]\n")
    found = archdsl.check(main)
    assert [d.code for d in found] == ["E0202"]
    assert found[0].span is not None
    assert Path(found[0].span.file) == path
    assert found[0].span.line == 4


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("archdsl: 1\nname: lib\ncells: {block: {graph: [relu]}\n", "E0102"),
        ("", "E0101"),
        ("archdsl: 1\nname: lib\ncells: [block]\n", "E0109"),
        ("archdsl: 1\nname: lib\ncells: {block: 3}\n", "E0109"),
        ("archdsl: 1\nname: lib\ncells: {block: {graph: 3}}\n", "E0109"),
        ("archdsl: 1\nname: lib\nimport: {./gone: [a]}\ncells: {block: {graph: [a]}}\n", "E0801"),
    ],
)
def test_an_imported_file_that_is_broken(tmp_path: Path, write: Write, content: str, code: str) -> None:
    (tmp_path / "lib.yaml").write_text(content)
    main = write("import: {./lib: [block]}\ngraph: [block]\n")
    assert [d.code for d in archdsl.check(main)] == [code]
    with pytest.raises(archdsl.ArchdslError) as caught:
        archdsl.load(main)
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_the_broken_file_two_imports_away_is_found(tmp_path: Path, write: Write) -> None:
    (tmp_path / "far.yaml").write_text("archdsl: 1\nname: far\ncells:\n  a: {graph: [relu], colour: red}\n")
    write("archdsl: 1\nname: near\nimport: {./far: [a]}\ncells: {b: {graph: [a]}}\n", "near.yaml")
    main = write("import: {./near: [b]}\ngraph: [b]\n")
    assert [d.code for d in archdsl.check(main)] == ["E0104"]
    with pytest.raises(archdsl.ArchdslError):
        archdsl.load(main)


def test_duplicates(write: Write, codes: Codes) -> None:
    write(LIBRARY, "lib.yaml")
    assert codes("import: {./lib: [block, block]}\ngraph: [block]\n") == ["1:E0805"]
    assert codes("import: {./lib: [block]}\ncells: {block: {graph: [tanh]}}\ngraph: [block]\n") == ["1:E0805"]
    write(LIBRARY, "lib2.yaml")
    assert codes("import: {./lib: [block], ./lib2: [block]}\ngraph: [block]\n") == ["1:E0805"]


def test_a_library_has_nothing_to_build(write: Write) -> None:
    path = write(LIBRARY, "lib.yaml")
    assert archdsl.check(path) == []
    with pytest.raises(archdsl.ArchdslError, match="E0107"):
        archdsl.load(path)
