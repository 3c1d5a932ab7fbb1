"""How results are printed: tables in plain text, JSON, findings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from archdsl.diagnostics.diagnostic import Diagnostic


def print_json(value: Any) -> None:
    """Print plain data as indented JSON, keys in the order they have."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_findings(found: Sequence[Diagnostic]) -> None:
    """Print findings as text to standard error: for commands whose result is something else."""
    from archdsl.diagnostics.render import render

    print(render(found, "text", color=wants_color(sys.stderr)), file=sys.stderr)


def progress(message: str) -> None:
    """Say on standard error what happens; results stay alone on standard output."""
    print(message, file=sys.stderr, flush=True)


def wants_color(stream: Any) -> bool:
    """Whether a stream is a terminal that shows colours, and the user has not asked for none (no-color.org)."""
    import os

    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns under their heads; whole numbers get thousands separators and stand to the right; None is left empty.

    >>> print(table(["op", "params"], [["conv2d", 9408], ["relu", 0]]))
    op      params
    conv2d   9,408
    relu         0
    """
    rows = [list(row) for row in rows]
    numeric = [all(isinstance(row[i], int | None) for row in rows) for i in range(len(header))]
    cells = [list(header), *[[_cell(value) for value in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = []
    for row in cells:
        columns = zip(row, widths, numeric, strict=True)
        lines.append("  ".join(text.rjust(width) if right else text.ljust(width) for text, width, right in columns))
    return "\n".join(line.rstrip() for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)
