"""Finds what a person meant as one expression or text and YAML reads as something else, or not at all.

YAML cuts a plain scalar at `, [ ] { }` inside brackets, and lets nothing follow a closing bracket or quote. Here the
text is read the way it was meant: brackets are balanced as in an expression, and what YAML would cut is a `Mistake`.
Each mistake carries text of its own length that YAML reads as one scalar, so that the rest of the file can be read.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Literal, NamedTuple

from archdsl.spec.source.limits import MOST_FINDINGS

Kind = Literal["expression", "text", "pair", "comma", "closing", "hole", "alias", "unbalanced", "colon", "key"]


class Mistake(NamedTuple):
    """A place in the text: offsets `start` up to `end`, and what may stand there instead so that YAML can read on."""

    start: int
    end: int
    kind: Kind
    replacement: str


class UnclosedError(Exception):
    """A bracket or quote, which stands at `offset`, is not closed: what follows can't be told apart."""

    def __init__(self, offset: int):
        super().__init__(offset)
        self.offset = offset


class _EnoughError(Exception):
    """More mistakes than anyone reads."""


_KEY = re.compile(
    r"""(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|[^\s\[\]{}#&*!|>'"%@`:,?-][^\n#:]*?|-[^\s:][^\n#:]*?)"""
    r"[ \t]*:(?=[ \t\n]|\Z)"
)
_FLOW_KEY = re.compile(
    r"""(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*')[ \t]*:|[^\s\[\]{}#&*!|>'"%@`:,][^\n#:,\[\]{}]*?:(?=[\s,\]}]|\Z)"""
)
# The id of a decision in a mapping: `{level[0]/op: relu}`.
_BRACKETED_KEY = re.compile(r"[A-Za-z_][^\s,:{}\[\]'\"#]*\[[^\s,:{}'\"#]*(?=:\s)")
_DASHES = re.compile(r"(?:-[ \t]+)*(?:-(?=\n|\Z))?")
_BLOCK_HEADER = re.compile(r"[|>][-+0-9]{0,2}[ \t]*(?:#.*)?(?=\n|\Z)")
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""", re.DOTALL)
_COMMENT = re.compile(r"[ \t]+#|\A#")
_COLON = re.compile(r":(?=[ \t]|\Z)")
_SPACE = re.compile(r"(?:\s|(?<=\s)#[^\n]*)*")
_COMMA_MISSING = re.compile(r"""(?:[^\s,:\[\]{}]+|"[^"\n]*")([ \t]+)[A-Za-z_]\w*:[ \t]""")
_COMPREHENSION = re.compile(r".* for \w+(?:, *\w+)* in .*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_]\w+")
_NEXT_LINE = re.compile(r"(?:\n[ ]*(?:#[^\n]*)?(?=\n))*\n([ ]*)(?=[^ \n])")
_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 80


def find_mistakes(text: str) -> list[Mistake]:
    """The mistakes of a text whose lines end with newlines, in order; none behind a bracket that is never closed."""
    scanner = _Scanner(text)
    with suppress(UnclosedError, _EnoughError):
        scanner.run()
    return sorted(scanner.found)


def unclosed_bracket(text: str) -> int | None:
    """Where the first list or mapping opens that never closes, read as meant."""
    scanner = _Scanner(text)
    try:
        scanner.run()
    except UnclosedError as error:
        return error.offset if text[error.offset] in "[{" else None
    except _EnoughError:
        pass
    return None


class _Scanner:
    def __init__(self, text: str):
        self.text = text
        self.found: list[Mistake] = []
        self._at = 0

    def run(self) -> None:
        while self._at < len(self.text):
            self._line()

    # Block style: one value at most on each line.

    def _line(self) -> None:
        text, start = self.text, self._at
        end = self._end_of_line(start)
        self._at = end + 1
        first = start + len(text[start:end]) - len(text[start:end].lstrip(" "))
        if first == end or text[first] in "#\t" or text.startswith(("---", "...", "%"), start):
            return
        body = _match_end(_DASHES, text, first)
        parent = first
        if key := _KEY.match(text, body):
            parent, body = body, key.end()
        value = body + len(text[body:end]) - len(text[body:end].lstrip(" \t"))
        if value >= end or text[value] == "#":
            return
        if key is None and self._key_without_colon(value, start, dash=body > first):
            return
        self._block_value(value, parent - start if key or body > first else -1)

    def _key_without_colon(self, value: int, start: int, dash: bool) -> bool:
        """Whether the line holds only a word that was meant as a key, as what follows it shows."""
        end = self._value_end(value)
        word = _WORD.fullmatch(self.text, value, end)
        following = _NEXT_LINE.match(self.text, self._end_of_line(value))
        if word is None or following is None:
            return False
        depth, column = len(following.group(1)), value - start
        keyed = _KEY.match(self.text, following.end()) is not None
        listed = self.text.startswith("- ", following.end())
        if not (depth == column and keyed) and not (depth > column and (keyed or listed) and not dash):
            return False
        # The last letter makes room for the colon; the whole word is given back to the tree.
        self.found.append(Mistake(value, end, "colon", f"{word.group()[:-1]}:"))
        return True

    def _block_value(self, value: int, indent: int) -> None:
        first = self.text[value]
        if first in "\"'":
            self._after_node(value, self._quote(value), "expression")
        elif first in "[{":
            end, comprehension = self.flow(value, 0)
            self._at = self._end_of_line(end) + 1
            if comprehension:
                self._add(value, self._value_end(value), "expression")
            else:
                self._after_node(value, end, "expression" if first == "[" else "hole")
        elif _BLOCK_HEADER.match(self.text, value):
            self._skip_deeper(indent)
        else:
            self._plain(value, indent)

    def _plain(self, value: int, indent: int) -> None:
        end = self._value_end(value)
        region = self.text[value:end]
        if region[0] in "%@`|>":
            self._add(value, end, "expression")
        elif region[0] == "*" and len(region.split()) > 1:
            self._add(value, end, "alias")
        elif region[0] not in "&!?:,]}" and not region.startswith("- ") and _COLON.search(region):
            self._add(value, end, "text")
        else:
            self._skip_deeper(indent, plain=True)

    def _after_node(self, value: int, end: int, kind: Kind) -> None:
        """What follows a quoted text, a list or a mapping on its last line, which should be nothing."""
        self._at = self._end_of_line(end) + 1
        stop = self._value_end(end)
        rest = self.text[end:stop].strip()
        if not rest or rest.startswith(("#", ":")):
            return
        if set(rest) <= set("]}, "):
            start = end + len(self.text[end:stop]) - len(self.text[end:stop].lstrip())
            self.found.append(Mistake(start, stop, "closing", " " * (stop - start)))
        elif "\n" in self.text[value:end]:
            raise UnclosedError(value)
        else:
            self._add(value, stop, kind)

    def _skip_deeper(self, indent: int, plain: bool = False) -> None:
        """Passes over the lines that belong to a block scalar, or to a plain one that goes on."""
        while self._at < len(self.text):
            end = self._end_of_line(self._at)
            line = self.text[self._at : end]
            depth = len(line) - len(line.lstrip(" "))
            if line.strip() and (depth <= indent or (plain and self._looks_like_structure(line.lstrip(" ")))):
                return
            self._at = end + 1

    def _looks_like_structure(self, line: str) -> bool:
        return line.startswith(("- ", "#")) or _KEY.match(line) is not None

    def _value_end(self, start: int) -> int:
        """Where the value of this line ends: before its comment and the blanks in front of that."""
        end = self._end_of_line(start)
        if comment := _COMMENT.search(self.text, start, end):
            end = comment.start()
        return start + len(self.text[start:end].rstrip())

    # Flow style: inside [ ] and { }.

    def flow(self, start: int, depth: int) -> tuple[int, bool]:
        """Passes over a list or mapping; where it ends, and whether it is a comprehension.

        Raises:
            UnclosedError: it is not closed.
        """
        if depth > _DEEPEST:
            raise UnclosedError(start)
        closing = _CLOSERS[self.text[start]]
        position, comprehension = start + 1, False
        while True:
            position = _match_end(_SPACE, self.text, position)
            char = self._char(position)
            if char == closing:
                return position + 1, comprehension
            if char == ",":
                position += 1
                continue
            if char in ("", "]", "}"):
                raise UnclosedError(start)
            if key := _FLOW_KEY.match(self.text, position):
                position = _match_end(_SPACE, self.text, key.end())
                if self._char(position) in (",", closing):
                    continue
                if self._char(position) in ("", "]", "}"):
                    raise UnclosedError(start)
            elif closing == "}" and (key := _BRACKETED_KEY.match(self.text, position)):
                self._add(position, key.end(), "key")
                position = _match_end(_SPACE, self.text, key.end() + 1)
            item = position
            position = self._item(position, depth)
            comprehension |= closing == "]" and _COMPREHENSION.fullmatch(self.text, item, position) is not None

    def _item(self, start: int, depth: int) -> int:
        """Passes over one value; where it ends."""
        char, position, comprehension = self._char(start), start, False
        if char in "\"'":
            position = self._quote(start)
        elif char in "[{":
            position, comprehension = self.flow(start, depth + 1)
        after = _match_end(_SPACE, self.text, position)
        if position > start and not comprehension and self._char(after) in ("", ",", "]", "}"):
            return position
        end, balanced = self._expression_end(position)
        region = self.text[start:end]
        if not balanced:
            self._add(start, end, "unbalanced")
        elif match := _COMMA_MISSING.match(region):
            cut = start + match.start(1)
            self.found.append(Mistake(cut, cut + 1, "comma", ","))
            return cut + 1
        elif position > start or region[0] in "%@`|>?:" or any(c in ",[]{}" for c in region):
            self._add(start, end, "hole" if char == "{" else "expression")
        elif region[0] not in "&*!" and _COLON.search(region):
            self._add(start, end, "pair")
        return end

    def _expression_end(self, position: int) -> tuple[int, bool]:
        """Where an expression ends that is not quoted: at a comma or bracket of the list or mapping around it."""
        open_brackets: list[str] = []
        begin, balanced = position, True
        while position < len(self.text):
            char = self.text[position]
            if char in _CLOSERS:
                open_brackets.append(_CLOSERS[char])
            elif char in ")]}":
                if open_brackets and open_brackets[-1] == char:
                    open_brackets.pop()
                elif char == ")":
                    balanced = False
                else:
                    break
            elif (char == "," and not open_brackets) or self._breaks(position):
                break
            position += 1
        return self._trimmed(begin, position), balanced and not open_brackets

    def _breaks(self, position: int) -> bool:
        """Whether a comment begins here, or a line ends that nothing continues."""
        if self.text[position] == "#":
            return self.text[position - 1] in " \t\n"
        if self.text[position] != "\n":
            return False
        line = self.text[position + 1 : self._end_of_line(position + 1)].lstrip(" ")
        return not line or line[0] in "]}#" or self._looks_like_structure(line)

    def _trimmed(self, begin: int, end: int) -> int:
        return begin + len(self.text[begin:end].rstrip())

    def _quote(self, start: int) -> int:
        match = _QUOTED.match(self.text, start)
        if match is None:
            raise UnclosedError(start)
        return match.end()

    def _add(self, start: int, end: int, kind: Kind) -> None:
        # Mistakes within are part of this one.
        while self.found and self.found[-1].start >= start:
            self.found.pop()
        if len(self.found) >= MOST_FINDINGS:
            raise _EnoughError
        replacement = "".join(c if c == "\n" else "x" for c in self.text[start:end])
        self.found.append(Mistake(start, end, kind, replacement))

    def _char(self, position: int) -> str:
        return self.text[position : position + 1]

    def _end_of_line(self, position: int) -> int:
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end


def _match_end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position
