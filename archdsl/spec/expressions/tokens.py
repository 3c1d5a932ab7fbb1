"""Cheap checks on the text of an expression before Python's parser sees it.

They bound what the parser is given (length, nesting), and turn what comes from other languages into words that help:
`&&`, `||`, `!`, `? :`, a single `=`, quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from archdsl.spec.expressions.errors import ExpressionError

LENGTH_LIMIT: Final = 10_000
NESTING_LIMIT: Final = 60

_TOKEN: Final = re.compile(
    r"""(?P<space>[ ]+)
      | (?P<number>(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)
      | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
      | (?P<operator>===|!==|\*\*=|//=|\*\*|//|==|!=|<=|>=|<>|&&|\|\||:=|->|=>|\+\+|--|\?\?|[-+*/%]=
                     |[-+*/%<>=(){}\[\],:.])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)

_HOLE = re.compile(r"\{\s*(?:choose|take)\s*:")
_REFUSED: Final = {
    "===": ("`===` is written `==`", "=="),
    "!==": ("`!==` is written `!=`", "!="),
    "<>": ("`<>` is written `!=`", "!="),
    "&&": ("`&&` is written `and`", "and"),
    "||": ("`||` is written `or`", "or"),
    "??": ("`??` is not part of the language", "a if condition else b"),
    "=": ("`=` gives a value; to compare, write `==`", "=="),
    ":=": ("`:=` is not part of the language", "give the value a name in `params`"),
    "=>": ("`=>` is written `>=`", ">="),
    "->": ("`->` is not part of the language", ""),
    "!": ("`!` is written `not`", "not"),
    "&": ("`&` is not part of the language", "write `and`"),
    "|": ("`|` is not part of the language", "write `or`"),
    "^": ("`^` is not part of the language", "a power is written `**`"),
    "~": ("`~` is not part of the language", "write `not`"),
    "@": ("`@` is not part of the language", "the operator `matmul` is a step of its own"),
    "?": ("`a ? b : c` is written `b if a else c`", "b if a else c"),
    ";": ("`;` is not part of the language", "one value only"),
    "#": ("`#` begins no comment inside an expression", "put the comment behind the value"),
    "\\": ("`\\` is not part of the language", ""),
    "`": ("a backtick is not part of the language", "names are written plainly"),
    "$": ("`$` is not part of the language", "names are written plainly"),
    "\u00d7": ("`\u00d7` is written `*`", "*"),
    "\u00f7": ("`\u00f7` is written `/` or `//`", "//"),
    "\u2212": ("this minus sign is written `-`", "-"),
    "\u2013": ("this dash is written `-`", "-"),
    "\u2264": ("`\u2264` is written `<=`", "<="),
    "\u2265": ("`\u2265` is written `>=`", ">="),
    "\u2260": ("`\u2260` is written `!=`", "!="),
}
_ASSIGNMENTS: Final = frozenset(("+=", "-=", "*=", "/=", "%=", "**=", "//="))
_QUOTES: Final = "'\"\u201c\u201d\u2018\u2019"
_CLOSING: Final = {")": "(", "]": "[", "}": "{"}


class Token(NamedTuple):
    """A piece of the text that is not space; `kind` is `number`, `name` or `operator`."""

    kind: str
    text: str
    offset: int


def tokenize(text: str) -> list[Token]:
    """The tokens of an expression.

    Raises:
        ExpressionError: E0401 for characters that no expression has and for brackets that don't match, E0402 for
            quotes and braces, E0605 for a hole, E0906 for a text too long or brackets nested too deeply.
    """
    if len(text) > LENGTH_LIMIT:
        raise ExpressionError("E0906", "the expression is too long", f"at most {LENGTH_LIMIT:,} characters", 0, 1)
    tokens = list(_scan(text))
    if not tokens:
        raise ExpressionError("E0401", "an expression is missing", "", 0, 1)
    _check_brackets(tokens)
    return tokens


def _scan(text: str) -> Iterator[Token]:
    previous_end = -1
    previous = Token("", "", 0)
    for match in _TOKEN.finditer(text):
        kind, word, offset = str(match.lastgroup), match.group(), match.start()
        if kind == "space":
            continue
        token = Token(kind, word, offset)
        if kind == "other" or word in _REFUSED or word in "{}":
            raise _hole(text, offset) if _HOLE.match(text, offset) else _refusal(token)
        if previous.kind == "number" and previous_end == offset and kind in ("name", "number"):
            length = offset + len(word) - previous.offset
            raise ExpressionError("E0401", f"`{previous.text}{word}` is no number", "", previous.offset, length)
        if word in _ASSIGNMENTS:
            message = f"`{word}` is not part of the language"
            raise ExpressionError("E0401", message, "values are never changed", offset, len(word))
        yield from _single(token)
        previous, previous_end = token, match.end()


def _single(token: Token) -> Iterator[Token]:
    """`++` and `--` are two signs each."""
    if token.text in ("++", "--"):
        yield Token("operator", token.text[0], token.offset)
        yield Token("operator", token.text[0], token.offset + 1)
    else:
        yield token


def _hole(text: str, offset: int) -> ExpressionError:
    alone = text.strip().startswith("{") and text.strip().endswith("}")
    hint = "take the quotes off" if alone else "choose the operand first, as a parameter, and compute with that"
    return ExpressionError("E0605", "a hole is a whole value, never part of an expression", hint, offset, 1)


def _refusal(token: Token) -> ExpressionError:
    word, offset = token.text, token.offset
    if word in _QUOTES:
        hint = "write the word without quotes"
        return ExpressionError("E0402", "an expression has no texts in quotes", hint, offset, 1)
    if word in "{}":
        return ExpressionError("E0402", f"`{word}` cannot stand in an expression", "lists have [ ]", offset, 1)
    message, hint = _REFUSED.get(word, (f"{word!r} cannot stand in an expression", "names are of ASCII letters"))
    return ExpressionError("E0401", message, "" if f"`{hint}`" in message else hint, offset, len(word))


def _check_brackets(tokens: list[Token]) -> None:
    open_brackets: list[Token] = []
    for token in tokens:
        if token.text in ("(", "["):
            open_brackets.append(token)
            if len(open_brackets) > NESTING_LIMIT:
                raise ExpressionError(
                    "E0906", "brackets are nested too deeply", f"at most {NESTING_LIMIT} levels", token.offset, 1
                )
        elif token.text in (")", "]"):
            if not open_brackets:
                raise ExpressionError("E0401", f"`{token.text}` closes nothing", "", token.offset, 1)
            opened = open_brackets.pop()
            if opened.text != _CLOSING[token.text]:
                message = f"`{opened.text}` is closed by `{token.text}`"
                raise ExpressionError("E0401", message, "", token.offset, 1)
    if open_brackets:
        opened = open_brackets[-1]
        raise ExpressionError("E0401", f"`{opened.text}` is not closed", "", opened.offset, 1)


def syntax_error(tokens: list[Token], offset: int) -> ExpressionError:
    """What to say where Python's parser gave up: `offset` is its place, or negative for the end of the text."""
    at = next((t for t in tokens if t.offset + len(t.text) > offset), None) if offset >= 0 else None
    words = [t.text for t in tokens]
    if "if" in words and "else" not in words[words.index("if") :] and "for" not in words:
        culprit = tokens[words.index("if")]
        return ExpressionError("E0401", "`if` needs an `else`", "a if condition else b", culprit.offset, 2)
    if at is None or tokens[-1].text in _NEEDS_MORE:
        last = tokens[-1]
        return ExpressionError("E0401", f"nothing follows `{last.text}`", "", last.offset, len(last.text))
    before = next((t for t in reversed(tokens) if t.offset < at.offset), None)
    if before is not None and before.kind in ("name", "number") and at.kind in ("name", "number"):
        message = f"something is missing between `{before.text}` and `{at.text}`"
        return ExpressionError("E0401", message, "an operator or a comma", at.offset, len(at.text))
    return ExpressionError("E0401", f"`{at.text}` cannot stand here", "", at.offset, len(at.text))


_DANGLING_SIGNS: Final = ("+", "-", "*", "/", "//", "%", "**", "<", ">", "<=", ">=", "==", "!=", ".", ":")
_DANGLING_WORDS: Final = ("and", "or", "not", "in", "if", "else", "for", "is")
_NEEDS_MORE: Final = frozenset((*_DANGLING_SIGNS, *_DANGLING_WORDS))
