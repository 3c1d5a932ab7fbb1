"""The YAML parser's errors, said in the terms of a person who writes a spec."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import yaml

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.spec.source.lines import Lines
from archdsl.spec.source.tree import Scalar
from archdsl.spec.source.unquoted import unclosed_bracket

# `-linear:`: a dash without a space in front of a key.
_GLUED_DASH = re.compile(r"[ ]*-([A-Za-z_]\w*:.*)")
_GLUED = re.compile(r"[ ]*(?:- +)*([A-Za-z_]\w*):(?=[^\s:])")
_NO_COLON = re.compile(r"[ ]*(?:- +)*([A-Za-z_]\w*)(?: +\S.*)?$")
_HAS_KEY = re.compile(r"""[ ]*(?:- +)*(?:[^\s#'"\[{][^#:]*|"[^"]*"|'[^']*'):(?:\s|$)""")

_PROSE = re.compile(r"[ ]*(?:- +)*(?:description|reason):\s+[^\s|>\"']")


class _Problem(NamedTuple):
    """The parser's words with the offsets it names; `opened` is where the construct at fault begins, -1 if unknown."""

    text: str
    context: str
    offset: int
    opened: int
    lines: Lines
    last: Scalar | None

    def found(self, message: str, label: str = "", at: int | None = None, width: int = 1) -> tuple[Diagnostic, int]:
        start = self.offset if at is None else at
        span = self.lines.span(start, start + width)
        return Diagnostic("E0102", message, span, label), start

    @property
    def line(self) -> str:
        return self.lines.line(self.lines.place(self.offset)[0])

    @property
    def character(self) -> str:
        return self.lines.text[self.offset : self.offset + 1]


def translate(error: yaml.MarkedYAMLError, last: Scalar | None, lines: Lines) -> tuple[Diagnostic, int]:
    """The diagnostic for an error of the parser, and the offset from which on the text can't be trusted.

    Args:
        error: the parser's error.
        last: the last scalar that it read.
        lines: the text as the file has it.
    """
    mark, opened = error.problem_mark, error.context_mark
    offset = lines.offset(mark.line, mark.column) if mark else 0
    start = lines.offset(opened.line, opened.column) if opened else -1
    problem = _Problem(error.problem or "", error.context or "", offset, start, lines, last)
    for rule in _RULES:
        if (found := rule(problem)) is not None:
            return found
    label = "the file stops being YAML here"
    return problem.found("the structure of the file is broken", label)


def _depth(problem: _Problem) -> tuple[Diagnostic, int] | None:
    if "depth" not in problem.text and "nesting" not in problem.text:
        return None
    span = problem.lines.span(problem.offset, problem.offset + 1)
    return Diagnostic("E0902", "nested deeper than 64 levels", span), problem.offset


def _quote_unclosed(problem: _Problem) -> tuple[Diagnostic, int] | None:
    message, label = "this quote is never closed", "a closing quote is missing on this line"
    if "quoted scalar" in problem.context and ("end of stream" in problem.text or "document ind" in problem.text):
        return problem.found(message, label, problem.opened)
    last = problem.last
    # A lost quote pairs up with the next one in the file, lines later.
    if last is None or not last.quoted or last.span.line == last.span.end_line:
        return None
    start = problem.lines.offset(last.span.line - 1, last.span.column - 1)
    end = problem.lines.offset(last.span.end_line - 1, last.span.end_column - 1)
    if problem.lines.text[start] in "\"'" and start <= problem.offset <= end + 1:
        return problem.found(message, label, start)
    return None


def _escape(problem: _Problem) -> tuple[Diagnostic, int] | None:
    if "quoted scalar" not in problem.context:
        return None
    if "escape" in problem.text or "hexdecimal" in problem.text or "Unicode" in problem.text:
        label = "single quotes take a backslash as it is; in double quotes write `\\\\`"
        return problem.found("no valid escape in double quotes", label)
    return None


def _tab(problem: _Problem) -> tuple[Diagnostic, int] | None:
    line, column = problem.lines.place(problem.offset)
    text = problem.lines.line(line)
    blank = len(text) - len(text.lstrip(" \t-"))
    tab = text.find("\t", 0, max(blank, column))
    if tab < 0 or ("tab" not in problem.text and problem.character != "\t" and tab >= blank):
        return None
    return problem.found("a tab can't indent", "use spaces", problem.lines.offset(line - 1, tab))


def _bracket_unclosed(problem: _Problem) -> tuple[Diagnostic, int] | None:
    opened = unclosed_bracket(problem.lines.text) if "flow" in problem.context else None
    if opened is None or opened > problem.offset:
        return None
    bracket, closer = ("[", "]") if problem.lines.text[opened] == "[" else ("{", "}")
    return problem.found(f"this `{bracket}` is never closed", f"a `{closer}` is missing", opened)


def _flow(problem: _Problem) -> tuple[Diagnostic, int] | None:
    if problem.character and problem.character in "]}" and "node content" in problem.text:
        return problem.found(f"`{problem.character}` closes nothing", "no bracket of this kind is open here")
    if problem.character == "," and "node content" in problem.text:
        return problem.found("a value is missing in front of the comma", "remove the comma, or give the value")
    if problem.character == "-" and "flow" in problem.context:
        return problem.found("a list in brackets has no dashes", "part its members by commas")
    if "','" in problem.text:
        return problem.found("a comma or a closing bracket is missing", "values in brackets are parted by commas")
    return None


def _start_character(problem: _Problem) -> tuple[Diagnostic, int] | None:
    """Characters that no plain text may begin with, and markers of YAML that nothing valid follows."""
    scanning = "anchor" in problem.context or "alias" in problem.context or "tag" in problem.context
    start = problem.opened if scanning or "block scalar" in problem.context else problem.offset
    words = ("cannot start any token", "mapping keys")
    if not (scanning or "block scalar" in problem.context or any(word in problem.text for word in words)):
        return None
    character = problem.lines.text[start : start + 1]
    line, column = problem.lines.place(start)
    rest = problem.lines.line(line)[column - 1 :].split(" #")[0].rstrip()
    span = problem.lines.span(start, start + len(rest))
    if scanning:
        message = f"YAML reads `{character}` as the beginning of an anchor, an alias or a tag"
        return Diagnostic("E0106", message, span, "these are not part of the language"), start
    message = f"a value that begins with `{character}` needs quotes"
    return Diagnostic("E0114", message, span, f'quote this: "{rest}"'), start


def _colon_glued(problem: _Problem) -> tuple[Diagnostic, int] | None:
    """`name:value`: YAML wants a space behind the colon; the error comes on this line or the next."""
    number = problem.lines.place(problem.offset)[0]
    first = problem.lines.place(problem.opened)[0] if problem.opened >= 0 else number - 1
    for line in sorted({first, number - 1, number}):
        if match := _GLUED.match(problem.lines.line(line)):
            at = problem.lines.offset(line - 1, match.end() - 1)
            if not problem.lines.line(line)[match.end() :].startswith("//"):
                return problem.found("a space is missing after the colon", f"write `{match.group(1)}: ...`", at)
    return None


def _colon_missing(problem: _Problem) -> tuple[Diagnostic, int] | None:
    """A line that is only a word where its neighbours are keys."""
    number = problem.lines.place(problem.offset)[0]
    first = problem.lines.place(problem.opened)[0] if "simple key" in problem.context else number
    if not any(words in problem.text for words in ("expected ':'", "mapping values", "expected key")):
        return None
    candidates = {first, number, number - 1} if "mapping values" in problem.text else {first, number}
    indents = len(problem.line) - len(problem.line.lstrip(" "))
    for line in sorted(candidates):
        text = problem.lines.line(line)
        if "expected key" in problem.text and text.lstrip(" ").startswith("-"):
            continue
        if line not in (first, number) and len(text) - len(text.lstrip(" -")) != indents:
            continue
        if text.strip() and not _HAS_KEY.match(text) and (match := _NO_COLON.match(text)):
            at = problem.lines.offset(line - 1, match.start(1))
            label = f"write `{match.group(1)}: ...`"
            return problem.found(f"a colon is missing after `{match.group(1)}`", label, at, len(match.group(1)))
    return None


def _indentation(problem: _Problem) -> tuple[Diagnostic, int] | None:
    number = problem.lines.place(problem.offset)[0]
    text = problem.lines.line(number)
    start = problem.lines.offset(number - 1, len(text) - len(text.lstrip(" ")))
    known = ("expected key", "':'", "'-' indicator", "mapping values", "block sequence", "block end", "document start")
    if text.startswith("%"):
        return problem.found("no line can begin with `%`", "", start, len(text))
    if not any(words in problem.text for words in known):
        return None
    width = len(text.lstrip(" ").split(":")[0].rstrip()) or 1
    before = problem.lines.line(number - 1)
    if "block sequence" in problem.text and problem.offset > start:
        return problem.found("a list can't begin here", "put each `- ` on a line of its own")
    if text.lstrip(" ").startswith("-") and "expected key" in problem.text:
        label = "indent the list under its key, all `- ` in one column"
        return problem.found("a list item where a key is expected", label, start)
    if text.lstrip(" -").startswith(":"):
        return problem.found("a key is missing in front of the colon", "write `key: value`", start)
    if "mapping values" in problem.text and _PROSE.match(before):
        span = problem.lines.span(start, start + len(text.strip()))
        message = "a text with a colon and a space in it needs quotes"
        return Diagnostic("E0114", message, span, "quote the text, or begin it with `>-` on a line of its own"), start
    if "'-' indicator" in problem.text:
        if glued := _GLUED_DASH.match(text):
            return problem.found("a space is missing after the dash", f"write `- {glued[1]}`", start)
        label = f"indent it like its list, or begin it with `- `; the line before reads `{before.strip()[:40]}`"
        return problem.found("a key where a list item is expected", label, start, width)
    return problem.found("this line's indentation fits no line above", "indent it like its neighbours", start, width)


_RULES: tuple[Callable[[_Problem], tuple[Diagnostic, int] | None], ...] = (
    _depth,
    _quote_unclosed,
    _escape,
    _tab,
    _bracket_unclosed,
    _flow,
    _start_character,
    _colon_glued,
    _colon_missing,
    _indentation,
)
