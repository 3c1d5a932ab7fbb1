"""YAML and JSON files that are no specs, read as specs are: with places, and mistakes of form as diagnostics.

For packages beside archdsl that have files of their own.
"""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.diagnostics.span import Span
from archdsl.diagnostics.suggest import nearest
from archdsl.spec.source.reader import parse_text, read
from archdsl.spec.source.tree import Mapping, Scalar, Sequence, Tree


@dataclass(frozen=True)
class Document:
    """What a file says, as plain data, and where it says it.

    Attributes:
        path: the file.
        data: mappings, lists, texts, numbers, truth values and None.
    """

    path: Path
    data: dict[str, Any]
    _tree: Mapping

    def finding(self, code: str, message: str, place: SequenceOf[str | int] = (), hint: str = "") -> Diagnostic:
        """A diagnostic that points at what stands at `place`: keys and positions from the root.

        Where the file has nothing at this place, it points at the innermost part around it that is there.
        """
        return Diagnostic(code, message, self._span(place), hint)

    def _span(self, place: SequenceOf[str | int]) -> Span:
        tree: Tree = self._tree
        span = tree.span
        for key in place:
            if isinstance(tree, Mapping):
                entry = next((e for e in tree.entries if e.key.text == str(key)), None)
                if entry is None:
                    break
                tree, span = entry.value, entry.key.span
            elif isinstance(tree, Sequence) and isinstance(key, int) and key < len(tree.items):
                tree = tree.items[key]
                span = tree.span
            else:
                break
        return span


def read_document(path: str | PathLike[str]) -> Document:
    """Read a `.json` file, or any other as YAML 1.2 without anchors, aliases and tags.

    Raises:
        ArchdslError: with every mistake of form, each with its place.
    """
    display = fspath(path)
    tree, found = read(Path(display), display)
    if tree is None or found:
        raise ArchdslError(found)
    data = _plain(tree)
    assert isinstance(data, dict)
    return Document(Path(display), data, tree)


def read_value(text: str) -> Any:
    """What a file would say with this text behind a key: a number, a truth value, a text, a list, a mapping.

    Raises:
        ArchdslError: if it is no value.
    """
    tree, found = parse_text(f"value: {text}\n", "<value>", json=False)
    if tree is None or found:
        raise ArchdslError(found)
    return _plain(tree)["value"]


def nearest_word(word: str, known: SequenceOf[str]) -> str:
    """The known word that a misspelt one was probably meant to be; empty if none is near."""
    return nearest(word, known)


def _plain(tree: Tree) -> Any:
    if isinstance(tree, Mapping):
        return {entry.key.text: _plain(entry.value) for entry in tree.entries}
    if isinstance(tree, Sequence):
        return [_plain(item) for item in tree.items]
    assert isinstance(tree, Scalar)
    return tree.value
