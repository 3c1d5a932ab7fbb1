"""YAML text to tree: parses, and where YAML stops or cuts an expression apart, reads on as the text was meant."""

from __future__ import annotations

import ast
import re

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.span import Span
from archdsl.spec.source.lines import Lines
from archdsl.spec.source.tree import Tree
from archdsl.spec.source.unquoted import Kind, Mistake, find_mistakes
from archdsl.spec.source.yaml_builder import TreeBuilder
from archdsl.spec.source.yaml_errors import translate

_HOLE = re.compile(r"\{\s*(?:choose|take)\s*:")
_SHOWN = 60
_OTHERS: dict[Kind, tuple[str, str, str]] = {
    "comma": ("E0102", "a comma is missing", "between two attributes stands a comma"),
    "alias": (
        "E0106",
        "an expression can't begin with `*`, which YAML reads as an alias",
        "a factor is missing before `*`",
    ),
    "hole": ("E0109", "a mapping can't be part of an expression", "nothing may follow the closing bracket"),
}


def parse_yaml(text: str, display: str) -> tuple[Tree | None, list[Diagnostic]]:
    """The tree of a text with newlines as line ends, and what is wrong with it, in order of place."""
    built = TreeBuilder(text, display, {}).build()
    if built.error is None and not built.suspicious:
        return built.tree, _sorted(built.findings)
    lines = Lines(text, display)
    mistakes = find_mistakes(text)
    if mistakes:
        mended = _mend(text, mistakes)
        built = TreeBuilder(mended, display, _restored(text, mistakes)).build()
    found = built.findings
    if built.error is not None:
        diagnostic, offset = translate(built.error, built.last, lines)
        # Behind the place where YAML lost its way, nothing can be told for sure.
        mistakes = [m for m in mistakes if m.start < offset]
        if not (mistakes and _touches(mistakes[-1], offset)):
            found = [*found, diagnostic]
    return built.tree, _sorted([*found, *(_describe(m, lines) for m in mistakes)])


def _mend(text: str, mistakes: list[Mistake]) -> str:
    pieces, position = [], 0
    for mistake in mistakes:
        pieces += [text[position : mistake.start], mistake.replacement]
        position = mistake.end
    return "".join([*pieces, text[position:]])


def _restored(text: str, mistakes: list[Mistake]) -> dict[int, str]:
    return {m.start: text[m.start : m.end] for m in mistakes if m.kind not in ("comma", "closing")}


def _touches(mistake: Mistake, offset: int) -> bool:
    return mistake.start <= offset <= mistake.end


def _describe(mistake: Mistake, lines: Lines) -> Diagnostic:
    text = lines.text[mistake.start : mistake.end]
    shown = " ".join(text.split())
    shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."
    span = lines.span(mistake.start, mistake.end)
    if mistake.kind == "expression" and text[0] in "\"'":
        code, message, label = "E0114", "text behind a closing quote", "the quotes belong around the whole value"
    elif mistake.kind == "expression" and _HOLE.search(text):
        code, message = "E0605", "a hole is a whole value, never part of an expression"
        label = "choose the operand first, as a parameter, and compute with that"
    elif mistake.kind == "expression" and text.startswith("`"):
        code, message, label = "E0114", "a value can't begin with a backtick", "names are written plainly, without it"
    elif mistake.kind == "key":
        code, message = "E0114", "a key with brackets in it needs quotes"
        label = f"quote the key: {_quoted(shown)}: ..."
    elif mistake.kind == "expression" and (written := _as_list(text)):
        code, message, label = "E0114", "a list stands in square brackets", f"write {written}"
    elif mistake.kind == "expression":
        code, message, label = (
            "E0114",
            "an expression like this needs quotes",
            f"quote this expression: {_quoted(shown)}",
        )
    elif mistake.kind in ("text", "pair"):
        return _colon(" ".join(text.split()), shown, span)
    elif mistake.kind == "colon":
        code, message, label = "E0102", f"a colon is missing after `{shown}`", f"write `{shown}:`"
    elif mistake.kind == "closing":
        code, message, label = "E0102", f"`{shown}` closes nothing", "one closing bracket too many"
    elif mistake.kind == "hole" and _HOLE.match(text):
        code, message, label = "E0605", "a hole is a whole value, never part of an expression", "nothing may follow it"
    elif mistake.kind == "unbalanced":
        code, message, label = "E0401", f"the brackets of `{shown}` do not match", "each one opens and closes once"
    else:
        code, message, label = _OTHERS[mistake.kind]
    return Diagnostic(code, message, span, label)


def _colon(text: str, shown: str, span: Span) -> Diagnostic:
    key, rest = (part.strip() for part in text.split(":", 1))
    notes: tuple[str, ...] = ()
    if re.fullmatch(r"[A-Za-z_]\w*", key) and len(text) <= _SHOWN:
        notes = (f"for a mapping, write `{{{key}: {rest or '...'}}}` or put `{key}:` on a line of its own",)
    message, label = "a text with a colon and a space in it needs quotes", f"quote this: {_quoted(shown)}"
    return Diagnostic("E0114", message, span, label, notes)


def _as_list(text: str) -> str:
    """The list that a tuple in parentheses was meant to be, as a file has it; empty for all else."""
    if not text.startswith("(") or len(text) > _SHOWN:
        return ""
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return ""
    if not isinstance(node, ast.Tuple):
        return ""
    if any(isinstance(inner, ast.Tuple | ast.Starred) for item in node.elts for inner in ast.walk(item)):
        return ""  # no expression, in whatever brackets it stands
    items = [ast.get_source_segment(text, item) or "" for item in node.elts]
    written = f"[{', '.join(items)}]"
    return _quoted(written) if any(c in ",[]{}" for item in items for c in item) else f"`{written}`"


def _quoted(shown: str) -> str:
    return f'"{shown}"' if '"' not in shown else f"'{shown}'"


def _sorted(found: list[Diagnostic]) -> list[Diagnostic]:
    return sorted(found, key=lambda d: (d.span.line, d.span.column) if d.span else (0, 0))
