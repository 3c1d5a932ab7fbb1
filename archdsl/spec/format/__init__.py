"""One way to lay out a spec: what `archdsl fmt` does. Comments, order and block or flow style stay as they are."""

from __future__ import annotations

from pathlib import PurePath

from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.spec.source import Mapping, Scalar, Sequence, Tree, parse_text

__all__ = ["format_text"]


def format_text(text: str, display: str = "<text>", json: bool | None = None) -> str:
    """The text with two spaces of indentation, lists indented, no needless quotes or spaces, and a final newline.

    Formatting twice changes nothing more, and the formatted text says the same as before; both are checked or tested.

    Args:
        text: the content of a spec file.
        display: how findings name the file.
        json: whether it is JSON; by default what the ending of `display` says.

    Raises:
        ArchdslError: the text is not a spec in form; it is not formatted.
    """
    json = PurePath(display).suffix.lower() == ".json" if json is None else json
    tree, found = parse_text(text, display, json)
    if tree is None or found:
        raise ArchdslError(found)
    if json:
        from archdsl.spec.format.json_layout import laid_out_json

        result = laid_out_json(tree)
    else:
        from archdsl.spec.format.layout import laid_out

        result = laid_out(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    again, wrong = parse_text(result, display, json)
    if again is None or wrong or _meaning(again) != _meaning(tree):
        raise AssertionError(f"formatting would change the meaning of {display}; it is left as it is")
    return result


def _meaning(tree: Tree) -> object:
    """The tree without places and quotes; order counts."""
    if isinstance(tree, Scalar):
        return type(tree.value), tree.value
    if isinstance(tree, Sequence):
        return [_meaning(item) for item in tree.items]
    assert isinstance(tree, Mapping)
    return tuple((entry.key.text, _meaning(entry.value)) for entry in tree.entries)
