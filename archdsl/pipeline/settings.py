"""Values given from Python or the command line, as if a file had written them."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence as SequenceOf
from typing import Any

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.diagnostics.span import Span
from archdsl.spec.source import parse_text
from archdsl.spec.source.tree import Entry, Mapping, Scalar, Sequence, Tree
from archdsl.spec.syntax.model import Attribute, Label
from archdsl.spec.syntax.values import Reader


def attributes(params: MappingOf[str, Any]) -> dict[str, Attribute]:
    """Root parameters by name, each as written: numbers, texts (expressions, words, names of steps), lists, mappings.

    A text that begins with `{` or `[` is read as YAML: `{basic: {shortcut: zero_padding}}`.

    Raises:
        ArchdslError: if a value can't stand in a file.
    """
    reader = Reader()
    found: dict[str, Attribute] = {}
    for name, value in params.items():
        span = Span(f"<{name}>", 1, 1, 1, 2)
        written = reader.written(_tree(value, span), f"`{name}`")
        if written is not None:
            found[name] = Attribute(name, written, span)
    if reader.findings:
        raise ArchdslError(reader.findings)
    return found


def _tree(value: Any, span: Span) -> Tree:
    if isinstance(value, str):
        return _text(value, span)
    if isinstance(value, bool | int | float):
        return Scalar(value, str(value), span, False, span)
    if isinstance(value, MappingOf):
        entries = (Entry(Scalar(str(k), str(k), span, False, span), _tree(v, span)) for k, v in value.items())
        return Mapping(tuple(entries), span)
    if isinstance(value, SequenceOf):
        return Sequence(tuple(_tree(item, span) for item in value), span)
    message = f"{type(value).__name__} is no value of the language"
    raise ArchdslError(Diagnostic("E0109", message, span, "a number, text, list or mapping"))


def _text(text: str, span: Span) -> Tree:
    """A text as YAML reads it, so that `10` is a number here too; an expression stays the text it is."""
    tree, findings = parse_text(f"value: {text}\n", span.file, json=False)
    value = tree.get("value") if tree is not None else None
    if value is not None and not findings and not isinstance(value, Scalar):
        return value
    if isinstance(value, Scalar) and not findings and value.value is not None:
        return Scalar(value.value, value.text, span, value.quoted, span)
    return Scalar(text, text, span, False, span)


def labels(decisions: MappingOf[str, Any]) -> dict[str, Label]:
    """Decisions as labels: tuples become lists.

    Raises:
        ArchdslError: for a label of another kind.
    """
    return {name: _label(name, value) for name, value in decisions.items()}


def _label(name: str, value: Any) -> Label:
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, SequenceOf):
        return [_label(name, item) for item in value]
    message = f"{type(value).__name__} is no label of the decision `{name}`"
    raise ArchdslError(Diagnostic("E0606", message, None, "a word, a number or a list of them"))
