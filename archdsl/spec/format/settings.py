"""Writes values of root parameters and shapes of inputs into the text of a spec, where its own values stand."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Mapping_

from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.spec.format.quoting import needs_quotes
from archdsl.spec.source import Mapping, parse_text
from archdsl.spec.source.lines import Lines
from archdsl.spec.source.tree import Tree
from archdsl.spec.syntax.model import Choice, Constant, Listing, StepCall, Text, Written


def with_settings(
    text: str, params: Mapping_[str, Written], shapes: Mapping_[str, Sequence[int]], json: bool = False
) -> str:
    """The text with these values as defaults of its root parameters and these shapes of its inputs.

    Args:
        text: the content of a spec file that is valid in form and declares all of them.
        params: a value for each parameter that gets another one.
        shapes: a shape of one sample for each input that gets another one.
        json: whether the text is JSON.

    Raises:
        ArchdslError: the text is not valid in form.
    """
    tree, found = parse_text(text, "<text>", json)
    if tree is None or found:
        raise ArchdslError(found)
    places = Lines(text, "")
    edits = []
    for value, written in _replacements(tree, params, shapes, json):
        start = places.offset(value.span.line - 1, value.span.column - 1)
        end = places.offset(value.span.end_line - 1, value.span.end_column - 1)
        edits.append((start, end, written))
    for start, end, written in sorted(edits, reverse=True):
        text = text[:start] + written + text[end:]
    return text


def _replacements(
    tree: Mapping, params: Mapping_[str, Written], shapes: Mapping_[str, Sequence[int]], json: bool
) -> Iterator[tuple[Tree, str]]:
    """Values that stand in the text, each with what takes its place."""
    declared = tree.get("params")
    if isinstance(declared, Mapping):
        for entry in declared.entries:
            if entry.key.text in params:
                yield entry.value, written_text(params[entry.key.text], json)
    inputs = tree.get("inputs")
    if isinstance(inputs, Mapping):
        for entry in inputs.entries:
            if entry.key.text in shapes:
                value = entry.value.get("shape") if isinstance(entry.value, Mapping) else entry.value
                if value is not None:
                    yield value, json_module.dumps(list(shapes[entry.key.text]))


def written_text(value: Written, json: bool = False) -> str:
    """A value as a file writes it, in one line."""
    if isinstance(value, Constant):
        return json_module.dumps(value.value)
    if isinstance(value, Text):
        return json_module.dumps(value.text) if json or needs_quotes(value.text, flow=True) else value.text
    if isinstance(value, Listing):
        return f"[{', '.join(written_text(item, json) for item in value.items)}]"
    if isinstance(value, StepCall):
        attributes = ", ".join(f"{_key(a.name, json)}: {written_text(a.value, json)}" for a in value.attributes)
        return f"{{{_key(value.name, json)}: {{{attributes}}}}}"
    if isinstance(value, Choice):
        take = f", {_key('take', json)}: {written_text(value.take, json)}" if value.take is not None else ""
        return f"{{{_key('choose', json)}: {_options(value, json)}{take}}}"
    raise TypeError(f"{type(value).__name__} was never read")


def _options(choice: Choice, json: bool) -> str:
    if isinstance(choice.options, tuple):
        pairs = (f"{_key(label.text, json)}: {written_text(option, json)}" for label, option in choice.options)
        return f"{{{', '.join(pairs)}}}"
    return written_text(choice.options, json)


def _key(name: str, json: bool) -> str:
    return json_module.dumps(name) if json or needs_quotes(name, flow=True) else name
