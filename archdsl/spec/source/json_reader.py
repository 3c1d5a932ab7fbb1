"""JSON text to tree: a strict reader of RFC 8259 that knows the place of everything, without recursion."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.span import Span
from archdsl.spec.source.limits import DEEPEST, MOST_FINDINGS
from archdsl.spec.source.lines import Lines
from archdsl.spec.source.scalars import TooLargeError, resolve
from archdsl.spec.source.tree import Entry, Mapping, Scalar, Sequence, Tree

_SPACE = re.compile(r"[ \t\n]*")
_STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"')
_STRING_BODY = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)")
_WORD = re.compile(r"[-+.\w]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_SINGLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ENDS = ("]", "}")


class _JsonError(Exception):
    """The text is not JSON, or too deep; the reader stops here."""

    def __init__(self, message: str, start: int, end: int, label: str = "", code: str = "E0103"):
        super().__init__(message)
        self.place = (start, end)
        self.diagnostic = (code, message, label)


class _EnoughError(Exception):
    """More findings than anyone reads."""


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    mapping: bool
    start: int
    place: tuple[int, int]
    items: list[Tree] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    seen: dict[str, Span] = field(default_factory=dict)
    key: Scalar | None = None
    refused: bool = False
    comma: int = -1

    @property
    def empty(self) -> bool:
        return not self.seen if self.mapping else not self.items


def parse_json(text: str, display: str) -> tuple[Tree | None, list[Diagnostic]]:
    """The tree of a JSON text, and what is wrong with it: every duplicate key, and the first other mistake."""
    reader = _Reader(text, display)
    try:
        tree = reader.run()
    except _EnoughError:
        return None, reader.findings
    except _JsonError as error:
        code, message, label = error.diagnostic
        return None, [*reader.findings, Diagnostic(code, message, reader.lines.span(*error.place), label)]
    return tree, reader.findings


class _Reader:
    def __init__(self, text: str, display: str):
        self.lines = Lines(text, display)
        self.findings: list[Diagnostic] = []
        self._text = text
        self._at = 0
        self._line = 1
        self._line_start = 0
        self._stack: list[_Open] = []
        self._root: Tree | None = None

    def run(self) -> Tree | None:
        self._skip()
        self._value()
        while self._stack:
            self._skip()
            self._next(self._stack[-1])
        self._skip()
        if self._at < len(self._text):
            raise self._wrong("nothing may follow the last bracket", label="remove this")
        return self._root

    def _next(self, top: _Open) -> None:
        """One member of the innermost list or mapping, or its end."""
        char = self._char()
        if char in _ENDS and char == ("}" if top.mapping else "]"):
            if top.comma >= 0:
                raise _JsonError("a comma behind the last member", top.comma, top.comma + 1, "remove it")
            self._at += 1
            self._close(self._stack.pop())
            return
        if top.comma < 0 and not top.empty:
            if char != ",":
                raise self._not_separated(top, char)
            top.comma = self._at
            self._at += 1
            return
        if char == "":
            raise self._unclosed(top)
        top.comma = -1
        if top.mapping:
            self._key(top)
        self._value()

    def _key(self, top: _Open) -> None:
        if self._char() != '"':
            raise self._wrong("a key in double quotes is expected", label="keys of JSON stand in double quotes")
        key = self._string()
        first = top.seen.setdefault(key.text, key.span)
        top.key, top.refused = key, first is not key.span
        if top.refused:
            message, note = f"the key `{key.text}` is given twice", f"first given at {first}"
            self._report(Diagnostic("E0105", message, key.span, "given again here", (note,)))
        if not key.text or "\n" in key.text:
            top.refused = True
            self._report(Diagnostic("E0116", "a key must be a word or a number", key.span))
        self._skip()
        if self._char() != ":":
            raise self._wrong("a colon is missing behind the key", label='write `"key": value`')
        self._at += 1
        self._skip()

    def _value(self) -> None:
        char = self._char()
        if char and char in "[{":
            if len(self._stack) >= DEEPEST:
                message = f"nested deeper than {DEEPEST} levels"
                raise _JsonError(message, self._at, self._at + 1, code="E0902")
            self._stack.append(_Open(char == "{", self._at, (self._line, self._at - self._line_start + 1)))
            self._at += 1
        elif char == '"':
            self._add(self._string())
        else:
            self._add(self._literal())

    def _add(self, node: Tree) -> None:
        if not self._stack:
            self._root = node
            return
        top = self._stack[-1]
        if not top.mapping:
            top.items.append(node)
        elif top.key is not None and not top.refused:
            top.entries.append(Entry(top.key, node))

    def _close(self, closed: _Open) -> None:
        span = Span(self.lines.display, *closed.place, self._line, self._at - self._line_start + 1)
        self._add(Mapping(tuple(closed.entries), span) if closed.mapping else Sequence(tuple(closed.items), span))

    def _literal(self) -> Scalar:
        match = _WORD.match(self._text, self._at)
        if match is None:
            raise self._wrong("a value is expected")
        word, span = match.group(), self._span(*match.span())
        if word not in _CONSTANTS and not _NUMBER.fullmatch(word):
            raise self._not_a_value(word, *match.span())
        self._at = match.end()
        value: bool | int | float | str | None
        try:
            value = _CONSTANTS[word] if word in _CONSTANTS else resolve(word)
        except TooLargeError:
            shown = word if len(word) <= 40 else f"{word[:37]}..."
            self._report(Diagnostic("E0905", f"{shown} is too large", span, "integers stay below 2^53"))
            value = 1
        return Scalar(value, word, span, False, span)

    def _string(self) -> Scalar:
        start = self._at
        match = _STRING.match(self._text, start)
        if match is None:
            raise self._broken_string(start)
        self._at = match.end()
        span, body = self._span(start, match.end()), match.group(1)
        if "\\" not in body:
            return Scalar(body, body, span, True, self._span(start + 1, match.end() - 1) if body else span)
        value = _ESCAPE.sub(_unescape, body)
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise _JsonError("half of a surrogate pair is no character", start, match.end())
        return Scalar(value, value, span, True, span)

    def _report(self, found: Diagnostic) -> None:
        self.findings.append(found)
        if len(self.findings) >= MOST_FINDINGS:
            raise _EnoughError

    # What can be wrong, in a reader's terms.

    def _broken_string(self, start: int) -> _JsonError:
        body = _STRING_BODY.match(self._text, start)
        stop = body.end() if body else start + 1
        if self._text[stop : stop + 1] == "\\":
            return _JsonError("no valid escape", stop, stop + 2, "write a backslash as `\\\\`")
        if self._text[stop : stop + 1] in ("\n", ""):
            return _JsonError("this quote is never closed", start, start + 1, "a text ends on its line")
        return _JsonError("a control character in a text", stop, stop + 1, "write a tab as `\\t`")

    def _not_a_value(self, word: str, start: int, end: int) -> _JsonError:
        lowered = word.lower()
        if lowered in ("true", "false", "null", "none"):
            right = "null" if lowered == "none" else lowered
            return _JsonError(f"`{word}` is not JSON", start, end, f"write `{right}`")
        if lowered.lstrip("+-") in ("nan", "infinity", "inf"):
            return _JsonError(f"{word} is no number here", start, end, "only finite numbers count")
        if word[0] in "+-." or word[0].isdigit():
            return _JsonError(f"`{word}` is not a number in JSON", start, end)
        return _JsonError(f"`{word}` stands without quotes", start, end, f'write `"{word}"`')

    def _not_separated(self, top: _Open, char: str) -> _JsonError:
        if char == "":
            return self._unclosed(top)
        if char in _ENDS:
            opened = "{" if top.mapping else "["
            return self._wrong(f"`{char}` does not close `{opened}`", label="a bracket of the other kind is open")
        return self._wrong("a comma is missing", label="in front of this")

    def _unclosed(self, top: _Open) -> _JsonError:
        bracket = "{" if top.mapping else "["
        return _JsonError(f"this `{bracket}` is never closed", top.start, top.start + 1)

    def _wrong(self, message: str, label: str = "") -> _JsonError:
        rest = self._text[self._at : self._at + 2]
        if rest.startswith(("//", "#", "/*")):
            return _JsonError("JSON has no comments", self._at, self._at + 1, "write the file as YAML to keep comments")
        if rest.startswith("'"):
            return _JsonError("single quotes are not JSON", self._at, self._at + 1, "use double quotes")
        if not rest and self._stack:
            return self._unclosed(self._stack[-1])
        return _JsonError(message, self._at, self._at + 1, label)

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._at)
        if match is None or match.end() == self._at:
            return
        newline = self._text.rfind("\n", self._at, match.end())
        if newline >= 0:
            self._line += self._text.count("\n", self._at, newline + 1)
            self._line_start = newline + 1
        self._at = match.end()

    def _span(self, start: int, end: int) -> Span:
        """A span on the current line, which no value but a list or mapping leaves."""
        before = self._line_start - 1
        return Span(self.lines.display, self._line, start - before, self._line, end - before)

    def _char(self) -> str:
        return self._text[self._at : self._at + 1]


def _unescape(match: re.Match[str]) -> str:
    escape = match.group()[1:]
    if escape[0] != "u":
        return _SINGLE.get(escape, escape)
    high = int(escape[1:5], 16)
    if len(escape) == 5:
        return chr(high)
    return chr(0x10000 + ((high - 0xD800) << 10) + (int(escape[7:], 16) - 0xDC00))
