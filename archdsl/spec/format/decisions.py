"""Writes decisions into the text of a spec, and changes nothing else: what `archdsl resolve` does."""

from __future__ import annotations

import json as json_module
import re
from collections.abc import Mapping as Mapping_
from typing import Any

from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.spec.format.quoting import needs_quotes
from archdsl.spec.source import Mapping, Scalar, parse_text
from archdsl.spec.source.lines import Lines

# Ids are paths with indices, which may stand unquoted outside of brackets.
_PLAIN_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_/.\[\]]*")


def with_decisions(text: str, decisions: Mapping_[str, Any], json: bool = False) -> str:
    """The text with the key `decisions` added behind the last key, or given this value where it stands already.

    Args:
        text: the content of a spec file that is valid in form.
        decisions: the label of each decision by its id: a word, a truth value, a number or a list of these.
        json: whether the text is JSON.

    Raises:
        ArchdslError: the text is not valid in form.
    """
    crlf = "\r\n" in text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    tree, found = parse_text(text, "<text>", json)
    if tree is None or found:
        raise ArchdslError(found)
    flow = json or text[_offset(text, tree.span.line, tree.span.column)] == "{"
    result = _replaced(text, tree, decisions, json, flow)
    return result.replace("\n", "\r\n") if crlf else result


def _replaced(text: str, tree: Mapping, decisions: Mapping_[str, Any], json: bool, flow: bool) -> str:
    written = _in_brackets(decisions, json) if flow else _in_block(decisions)
    for entry in tree.entries:
        if entry.key.text == "decisions":
            start = _offset(text, entry.key.span.line, entry.key.span.column)
            end = _offset(text, entry.value.span.end_line, entry.value.span.end_column)
            if isinstance(entry.value, Scalar) and not entry.value.text:
                end = text.index(":", _offset(text, entry.key.span.end_line, entry.key.span.end_column)) + 1
            return text[:start] + written + text[end:]
    if flow:
        end = _offset(text, tree.span.end_line, tree.span.end_column) - 1
        head = text[:end].rstrip()
        lines = "\n" in text[_offset(text, tree.span.line, tree.span.column) : end]
        # A comma behind the last member is allowed in YAML.
        separator = "" if head.endswith(",") or not tree.entries else ","
        return head + separator + (f"\n  {written}\n" if lines else f" {written}") + text[end:]
    end = text.find("\n", _offset(text, tree.span.end_line, tree.span.end_column))
    head = text if end < 0 else text[: end + 1]
    return f"{head}{'' if head.endswith(chr(10)) else chr(10)}{written}\n{text[len(head) :]}"


def _in_block(decisions: Mapping_[str, Any]) -> str:
    if not decisions:
        return "decisions: {}"
    lines = (f"  {_id(name)}: {_label(label, json=False)}" for name, label in decisions.items())
    return "\n".join(["decisions:", *lines])


def _in_brackets(decisions: Mapping_[str, Any], json: bool) -> str:
    pairs = (f"{json_module.dumps(name)}: {_label(label, json)}" for name, label in decisions.items())
    key = '"decisions"' if json else "decisions"
    return f"{key}: {{{', '.join(pairs)}}}"


def _id(name: str) -> str:
    return name if _PLAIN_ID.fullmatch(name) and not needs_quotes(name, flow=False) else json_module.dumps(name)


def _label(label: Any, json: bool) -> str:
    if isinstance(label, (list, tuple)):
        return f"[{', '.join(_label(item, json) for item in label)}]"
    if isinstance(label, str) and not json and not needs_quotes(label, flow=True):
        return label
    return json_module.dumps(label)


def _offset(text: str, line: int, column: int) -> int:
    return Lines(text, "").offset(line - 1, column - 1)
