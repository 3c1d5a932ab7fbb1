"""The generated pages that are committed are those that the code gives now."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).parents[2] / "docs"


@cache
def generator() -> ModuleType:
    specification = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_committed_pages_are_fresh() -> None:
    pages: dict[Path, str] = generator().pages()
    outdated = [
        str(path.relative_to(DOCS))
        for path, text in pages.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    assert outdated == [], "run `make docs`"


def test_no_page_is_left_of_what_is_gone() -> None:
    assert generator().stale(generator().pages()) == []


def test_every_operator_has_its_section() -> None:
    from archdsl.ops.registry import operators

    text = "\n".join(generator().operator_pages().values())
    for name, operator in operators().items():
        if operator.__module__.startswith("archdsl.ops."):
            assert f"\n## {name}\n" in text
