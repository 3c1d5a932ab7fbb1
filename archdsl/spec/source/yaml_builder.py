"""From the events of the YAML parser to the tree, without recursion, refusing what the language leaves out of YAML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.span import Span
from archdsl.spec.source.limits import DEEPEST, MOST_FINDINGS
from archdsl.spec.source.scalars import NotANumberError, TooLargeError, resolve
from archdsl.spec.source.tree import Entry, Mapping, Scalar, Sequence, Tree

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]*)+")
_COMPREHENSION = re.compile(r".* for \w+(?:, *\w+)* in .*", re.DOTALL)
_COLON_GLUED = re.compile(r"([A-Za-z_]\w*):(\S.*)", re.DOTALL)


class Built(NamedTuple):
    """What came of one run of the parser.

    Attributes:
        tree: None where the parser or a limit stopped the run, or where a part is not known.
        findings: in the order in which they were met.
        error: the parser's own error, not yet translated.
        last: the last scalar before the error.
        suspicious: whether a scalar looks like a piece of an expression that YAML has cut apart.
    """

    tree: Tree | None
    findings: list[Diagnostic]
    error: yaml.MarkedYAMLError | None
    last: Scalar | None
    suspicious: bool


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet; `key` waits for its value, `refused` drops that value."""

    mapping: bool
    flow: bool
    mark: Any
    items: list[Tree] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    key: Scalar | None = None
    refused: bool = False
    seen: dict[str, Span] = field(default_factory=dict)


class _StopError(Exception):
    """Nothing more can be said about the file."""


class TreeBuilder:
    """Builds the tree of one text; `restored` gives what stands at an offset where the text has a placeholder."""

    def __init__(self, text: str, display: str, restored: dict[int, str]):
        self._text = text
        self._display = display
        self._restored = restored
        self._stack: list[_Open] = []
        self._root: Tree | None = None
        self._findings: list[Diagnostic] = []
        self._anchored: dict[str, Scalar] = {}
        self._last: Scalar | None = None
        self._documents = 0
        self._lost = False
        self._suspicious = False

    def build(self) -> Built:
        """Runs the parser to its end, or to its error."""
        error: yaml.MarkedYAMLError | None = None
        try:
            for event in yaml.parse(self._text, Loader=LOADER):
                self._event(event)
        except yaml.MarkedYAMLError as raised:
            error = raised
        except _StopError:
            self._lost = True
        lost = self._lost or error is not None
        return Built(None if lost else self._root, self._findings, error, self._last, self._suspicious)

    def _event(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._add(self._scalar(event))
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._start(event, kind is yaml.MappingStartEvent)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._end(event)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._document(event)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            span = self._span(event.start_mark, event.end_mark)
            self._report("E0117", "a file holds one document", span, "put what follows into a file of its own")
            raise _StopError

    def _start(self, event: Any, mapping: bool) -> None:
        if event.anchor is not None or event.tag is not None:
            self._properties(event)
        if len(self._stack) >= DEEPEST:
            message = f"nested deeper than {DEEPEST} levels"
            mark = event.start_mark
            self._report("E0902", message, self._span(mark, mark))
            raise _StopError
        self._stack.append(_Open(mapping, event.flow_style, event.start_mark))

    def _end(self, event: Any) -> None:
        top = self._stack.pop()
        node: Mapping | Sequence
        if top.flow:
            span = self._span(top.mark, event.end_mark)
        else:
            last: Tree | None = top.entries[-1].value if top.entries else top.items[-1] if top.items else None
            line, column = top.mark.line + 1, top.mark.column + 1
            end = (last.span.end_line, last.span.end_column) if last else (line, column + 1)
            span = Span(self._display, line, column, *end)
        node = Mapping(tuple(top.entries), span) if top.mapping else Sequence(tuple(top.items), span)
        self._add(node)

    def _add(self, node: Tree) -> None:
        if not self._stack:
            self._root = node
            return
        top = self._stack[-1]
        if not top.mapping:
            top.items.append(node)
        elif top.key is None:
            self._key(top, node)
        else:
            if not top.refused:
                top.entries.append(self._entry(top, node))
            top.key = None
            top.refused = False

    def _key(self, top: _Open, node: Tree) -> None:
        if not isinstance(node, Scalar) or node.span.line != node.span.end_line or not node.text:
            label = "an expression that begins with { needs quotes" if isinstance(node, Mapping) else ""
            self._report("E0116", "a key must be a word or a number", node.span, label)
            top.key, top.refused = Scalar("", "", node.span, True, node.span), True
            return
        top.key = node
        if node.text == "<<" and not node.quoted:
            top.refused = True
            self._report("E0106", "merge keys are not part of the language", node.span)
        elif (first := top.seen.setdefault(node.text, node.span)) is not node.span:
            top.refused = True
            note = f"first given at {first}"
            message = f"the key `{node.text}` is given twice"
            self._report("E0105", message, node.span, "given again here", (note,))

    def _entry(self, top: _Open, value: Tree) -> Entry:
        key = top.key
        assert key is not None
        glued = top.flow and not key.quoted and isinstance(value, Scalar) and not value.text and not value.quoted
        if glued and (match := _COLON_GLUED.fullmatch(key.text)):
            span = key.span.part(match.start(2) - 1, 1)
            name, rest = match.groups()
            label = f"write `{name}: {rest}`"
            self._report("E0102", "a space is missing after the colon", span, label)
            place = key.span.part(0, len(name))
            value_place = key.span.part(match.start(2), len(rest))
            key = Scalar(name, name, place, False, place)
            value = Scalar(self._resolved(rest, value_place), rest, value_place, False, value_place)
        return Entry(key, value)

    def _scalar(self, event: Any) -> Scalar:
        start, end, style = event.start_mark, event.end_mark, event.style
        if event.anchor is not None or event.tag is not None:
            return self._with_properties(event)
        text: str = event.value
        line, column = start.line + 1, start.column + 1
        if self._restored and start.index in self._restored:
            text = self._restored[start.index]
            end_column = end.column + 1 if end.line > start.line else column + len(text)
            span = Span(self._display, line, column, end.line + 1, end_column)
            return Scalar(text, text, span, True, span)
        if style:
            scalar = self._quoted(text, style, start, end)
        else:
            span = Span(self._display, line, column, end.line + 1, end.column + 1 if text else column + 1)
            if "(" in text or ")" in text or " for " in text:
                self._suspect(text)
            scalar = Scalar(self._resolved(text, span), text, span, False, span)
        self._last = scalar
        return scalar

    def _quoted(self, text: str, style: str, start: Any, end: Any) -> Scalar:
        line, column, end_line, end_column = start.line + 1, start.column + 1, end.line + 1, end.column + 1
        if style in "|>":
            # The parser's end mark of a block is past the newlines behind it.
            body = self._text[start.index : end.index].rstrip()
            end_line = line + body.count("\n")
            end_column = len(body) - body.rfind("\n") if end_line > line else column + len(body)
        span = Span(self._display, line, column, end_line, end_column)
        content = span
        if line == end_line and self._text[start.index + 1 : end.index - 1] == text and text:
            content = Span(self._display, line, column + 1, line, end_column - 1)
        return Scalar(text, text, span, True, content)

    def _resolved(self, text: str, span: Span) -> bool | int | float | str | None:
        try:
            return resolve(text)
        except TooLargeError:
            shown = text if len(text) <= 40 else f"{text[:37]}..."
            self._report("E0905", f"{shown} is too large", span, "integers stay below 2^53")
            return 1
        except NotANumberError:
            self._report("E0109", f"{text} is no number here", span, "only finite numbers count")
            return 1.0

    def _suspect(self, text: str) -> None:
        if not self._stack or not self._stack[-1].flow:
            return
        cut = text.count("(") != text.count(")")
        self._suspicious |= cut or (not self._stack[-1].mapping and _COMPREHENSION.fullmatch(text) is not None)

    def _properties(self, event: Any) -> int:
        """Reports anchor and tag of a node; the offset behind them."""
        start = event.start_mark
        match = _PROPERTIES.match(self._text, start.index)
        shown = match.group().rstrip() if match else ""
        what, label = "a tag", "remove it" if shown.startswith("!!") else "to negate, write `not`"
        if event.anchor is not None:
            what, label = "an anchor", "leave it out, and write the value wherever it is used"
        line, column = start.line + 1, start.column + 1
        span = Span(self._display, line, column, line, column + max(1, len(shown)))
        self._report("E0106", f"YAML reads `{shown}` as {what}, which is not part of the language", span, label)
        return match.end() if match else int(start.index)

    def _with_properties(self, event: Any) -> Scalar:
        offset = self._properties(event)
        start, end = event.start_mark, event.end_mark
        column = start.column + 1 + (offset - start.index)
        on_one_line = start.line == end.line and column <= end.column + 1
        line = start.line + 1
        span = Span(self._display, line, column if on_one_line else start.column + 1, end.line + 1, end.column + 1)
        if not event.value:
            span = Span(self._display, line, start.column + 1, line, max(end.column + 1, start.column + 2))
        value = event.value if event.style else self._resolved(event.value, span)
        scalar = Scalar(value, event.value, span, bool(event.style), span)
        if event.anchor is not None:
            self._anchored[event.anchor] = scalar
        self._last = scalar
        return scalar

    def _alias(self, event: Any) -> None:
        span = self._span(event.start_mark, event.end_mark)
        top = self._stack[-1] if self._stack else None
        if top is None or not top.refused:
            message = f"YAML reads `*{event.anchor}` as an alias, which is not part of the language"
            self._report("E0106", message, span, "write the value itself")
        known = self._anchored.get(event.anchor)
        # What a list or mapping stands for is not copied: aliases of aliases grow without bound.
        self._lost |= known is None and not (top is not None and top.refused)
        value, text = (known.value, known.text) if known else (event.anchor, event.anchor)
        self._add(Scalar(value, text, span, False, span))

    def _span(self, start: Any, end: Any) -> Span:
        line, column = start.line + 1, start.column + 1
        last = (end.line + 1, end.column + 1)
        return Span(self._display, line, column, *(last if last > (line, column) else (line, column + 1)))

    def _report(self, code: str, message: str, span: Span, label: str = "", notes: tuple[str, ...] = ()) -> None:
        self._findings.append(Diagnostic(code, message, span, label, notes))
        if len(self._findings) >= MOST_FINDINGS:
            raise _StopError
