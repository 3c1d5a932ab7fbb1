"""`archdsl search space`: what a search space holds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archdsl_search.cli.arguments import Overrides, TextOrJson, overrides
from archdsl_search.cli.errors import reported
from archdsl_search.cli.output import number, print_json

if TYPE_CHECKING:
    from archdsl_search.space.overview import Overview


def command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, `file@variant`, or a name from the zoo.")],
    samples: Annotated[int, typer.Option("--samples", min=1, help="Candidates that are drawn to see costs.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Of what is drawn.")] = 0,
    settings: Overrides = None,
    format: TextOrJson = "text",
) -> None:
    """Say what a search space holds: its size, its decisions, what its candidates cost.

    `--set` gives root parameters other values: `--set repeats=2`.
    """
    import archdsl
    from archdsl_search.space.overview import look_at

    with reported():
        space = archdsl.load_space(file, overrides(settings))
        found = look_at(space, samples, seed, _progress if sys.stderr.isatty() else None)
    if format == "json":
        print_json(found.to_json())
    else:
        print(_text(found))


def _progress(message: str) -> None:
    print(f"\r\033[K{message}", end="", file=sys.stderr, flush=True)


def _text(found: Overview) -> str:
    lines = [f"{found.name}: {_size(found)}"]
    if found.valid < 1:
        lines.append(f"{found.valid:.0%} of those drawn are in the space")
    lines += ["", *_table(["cost", "least", "median", "most"], [_row(name, c) for name, c in found.cost.items()])]
    lines.append(f"of {found.samples} candidates drawn")
    if not found.decisions:
        return "\n".join(lines)
    rows = [[d.id, f"{d.outcomes:,}", _options(d.options), d.when] for d in found.decisions]
    lines += ["", f"{len(rows)} decisions", *_table(["decision", "outcomes", "options", "reached"], rows)]
    return "\n".join(lines)


def _size(found: Overview) -> str:
    if found.size is None:
        return f"size unknown ({found.why_unknown})"
    if not found.decisions:
        return "nothing is open: one architecture"
    exact = f"{found.size:,}" if found.size < 10**9 else f"{found.size:.3g}"
    return f"{exact} architectures by decisions"


def _row(name: str, cost: Any) -> list[str]:
    return [name, *(number(float(value)) for value in (cost.least, cost.median, cost.most))]


def _options(options: list[Any]) -> str:
    text = ", ".join(map(str, options))
    return text if len(text) <= 60 else f"{text[:57]}..."


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in [header, *rows]]
