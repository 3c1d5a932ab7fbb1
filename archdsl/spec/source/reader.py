"""Reading a spec file into a tree with places; nothing here knows what the keys mean."""

from __future__ import annotations

import errno
import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.span import Span
from archdsl.spec.source.limits import LARGEST_FILE
from archdsl.spec.source.lines import Lines
from archdsl.spec.source.tree import Mapping, Tree

# What YAML calls not printable, and the line separators that editors do not show as ends of lines.
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read(path: Path, display: str) -> tuple[Mapping | None, list[Diagnostic]]:
    """The tree of a `.json` file, or of any other as YAML, and what is wrong with its form.

    Args:
        path: the file; only its first 1 MiB and a byte are ever read.
        display: how diagnostics name the file.

    Returns:
        The tree, None where nothing can be said about the rest of the file; and the findings, in order of place.
        A tree beside findings is the file as it was probably meant, so that its other mistakes can be reported too.
    """
    try:
        data = _content(path)
    except (OSError, ValueError) as error:
        return None, [Diagnostic("E0101", f"cannot read {display}: {_reason(error)}")]
    if len(data) > LARGEST_FILE:
        message = f"{display} is larger than 1 MiB"
        return None, [Diagnostic("E0901", message, Span.start_of(display), "split it into files of cells")]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return None, [_undecodable(data, error, display)]
    return parse_text(text, display, json=path.suffix.lower() == ".json")


def _content(path: Path) -> bytes:
    # A pipe or a device could block or never end.
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "it is not a regular file")
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def parse_text(text: str, display: str, json: bool) -> tuple[Mapping | None, list[Diagnostic]]:
    """The tree of a text; as `read`."""
    found: list[Diagnostic] = []
    if text.startswith("\ufeff"):
        message = "the file begins with a byte-order mark"
        found.append(Diagnostic("E0101", message, Span.start_of(display), "save it as UTF-8 without one"))
        text = text[1:]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > LARGEST_FILE:
        message = f"{display} is larger than 1 MiB"
        return None, [*found, Diagnostic("E0901", message, Span.start_of(display))]
    if bad := _UNREADABLE.search(text):
        return None, [*found, _unreadable(text, bad.start(), display)]
    if not text.strip():
        return None, [*found, Diagnostic("E0101", f"{display} is empty", Span.start_of(display))]
    with _collector_paused():
        tree, more = _parse(text, display, json)
    found += more
    if tree is None and not found:
        return None, [Diagnostic("E0101", f"{display} has only comments", Span.start_of(display))]
    if tree is not None and not isinstance(tree, Mapping):
        message = "a spec is a mapping of keys to values"
        found.append(Diagnostic("E0109", message, tree.span, "`archdsl: 1`, `name:` and so on belong here"))
        return None, found
    return tree, found


def _parse(text: str, display: str, json: bool) -> tuple[Tree | None, list[Diagnostic]]:
    # Imported on use: a run that reads only JSON, or no file at all, does not pay for the YAML parser.
    if json:
        from archdsl.spec.source.json_reader import parse_json

        return parse_json(text, display)
    from archdsl.spec.source.yaml_reader import parse_yaml

    return parse_yaml(text, display)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A tree has no cycles, but the garbage collector looks for them in every one; that takes half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):
        return "its name is not valid"
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, PermissionError):
        return "access is denied"
    return error.strerror or type(error).__name__


def _undecodable(data: bytes, error: UnicodeDecodeError, display: str) -> Diagnostic:
    if data.startswith(_UTF16_MARKS):
        return Diagnostic("E0101", "the file is UTF-16", Span.start_of(display), "save it as UTF-8")
    before = data[: error.start].decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    line, column = Lines(before, display).place(len(before))
    span = Span(display, line, column, line, column + 1)
    return Diagnostic("E0101", f"the byte 0x{data[error.start]:02x} is not UTF-8", span, "save the file as UTF-8")


def _unreadable(text: str, offset: int, display: str) -> Diagnostic:
    span = Lines(text, display).span(offset, offset + 1)
    return Diagnostic("E0101", f"the control character U+{ord(text[offset]):04X} stands in the file", span, "remove it")
