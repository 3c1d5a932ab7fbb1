"""The report as Markdown for a pull request, and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from archdsl_search.results.report.data import ReportData
from archdsl_search.results.report.page import table
from archdsl_search.results.report.scale import number_text, seconds_text

if TYPE_CHECKING:
    from archdsl_search.journal.records import Result

SCHEMA_VERSION = 1
_SHOWN_OPTIONS = 4


def to_json(data: ReportData) -> str:
    """Everything, as JSON."""
    plain = asdict(data)
    for key in ("top", "front_results"):
        plain[key] = [_plain(result) for result in getattr(data, key)]
    return json.dumps({"schema_version": SCHEMA_VERSION, **plain}, indent=2) + "\n"


def _plain(result: Result) -> dict[str, Any]:
    return {
        "trial": result.trial,
        "objective": list(result.objective or ()),
        "metrics": dict(result.metrics),
        "decisions": dict(result.decisions),
        "seconds": result.seconds,
    }


def to_markdown(data: ReportData) -> str:
    """Figures, the best candidates, the front and what the best have in common."""
    sweep = data.sweep
    states = ", ".join(f"{count} {state}" for state, count in data.states.items() if count)
    lines = [
        f"# {_text(data.name)}",
        "",
        (
            f"Space `{_text(sweep['space']['file'])}`, searcher `{sweep['searcher']['name']}`, evaluator "
            f"`{sweep['evaluator']['name']}`, seed {sweep['seed']}. {data.evaluations} evaluations in "
            f"{seconds_text(data.elapsed)} ({seconds_text(data.seconds)} of evaluating): {states or 'none'}."
        ),
    ]
    if data.warning:
        lines += ["", _text(data.warning)]
    if data.top:
        lines += ["", "## Best candidates", "", *_table(data, data.top)]
    if data.front is not None and len(data.front.points) > 1:
        x, y = data.front.axes
        lines += ["", f"## Pareto front: {_text(y)}, {_text(x)}", "", *_table(data, data.front_results)]
    if data.groups:
        lines += ["", f"## Chosen by the best {data.top_share}", "", "| decisions | options, with all in brackets |"]
        lines += ["| --- | --- |"]
        for group in data.groups:
            options = ", ".join(f"{_text(o.text)} {o.top:.0%} ({o.all:.0%})" for o in group.options[:_SHOWN_OPTIONS])
            lines.append(f"| {_text(group.name)} | {options} |")
    if data.errors:
        lines += ["", "## What went wrong", "", *(f"- {count} × {_text(message)}" for message, count in data.errors)]
    return "\n".join(lines) + "\n"


def _table(data: ReportData, results: Sequence[Result]) -> list[str]:
    shown = table(data, results)
    head = ["trial", *data.labels, *shown.columns]
    rows = [
        [str(r.trial), *map(number_text, r.objective or ()), *(number_text(r.metrics[c]) for c in shown.columns)]
        for r in shown.rows
    ]
    return [f"| {' | '.join(map(_text, row))} |" for row in (head, ["---:"] * len(head), *rows)]


def _text(text: str) -> str:
    """Without what Markdown or a table would take for its own."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
