"""The page: one file, no script, nothing loaded; the style named to the browser by its hash."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import archdsl
from archdsl_search.results.report.data import ReportData
from archdsl_search.results.report.drawings import Drawn
from archdsl_search.results.report.frequencies import label_text
from archdsl_search.results.report.plots import front_plot, progress
from archdsl_search.results.report.scale import number_text, seconds_text

if TYPE_CHECKING:
    from jinja2 import Environment

    from archdsl_search.journal.records import Result

_LONGEST = 120
_MOST_COLUMNS = 7


@dataclass(frozen=True)
class Table:
    """Trials in rows: metrics that all of them have in columns."""

    columns: tuple[str, ...]
    rows: tuple[Result, ...]


def to_html(data: ReportData, drawings: Sequence[Drawn], no_drawings: str = "") -> str:
    """The report as one HTML file. The same report gives the same text.

    Args:
        data: what is said.
        drawings: of the best candidates.
        no_drawings: why there are none.
    """
    from markupsafe import Markup

    style = archdsl.report_style() + files(__package__).joinpath("assets", "search.css").read_text(encoding="utf-8")
    plots = [plot for plot in (progress(data, by_time=False), progress(data, by_time=True)) if plot]
    return (
        _environment()
        .get_template("search.html.j2")
        .render(
            data=data,
            plots=plots,
            front=front_plot(data.front) if data.front and len(data.front.points) > 1 else None,
            top=table(data, data.top),
            front_table=table(data, data.front_results),
            drawings=drawings,
            no_drawings=no_drawings,
            settings=flattened(data.sweep),
            style=Markup(style),
            policy=_policy(style),
        )
    )


def table(data: ReportData, results: Sequence[Result]) -> Table:
    """The trials with the metrics that all of them have, but for those that are objectives."""
    ordered = dict.fromkeys(name for result in results for name in result.metrics)
    common = [name for name in ordered if all(name in result.metrics for result in results)]
    common = [name for name in common if not {name, f"-{name}"} & set(data.labels)]
    return Table(tuple(common[:_MOST_COLUMNS]), tuple(results))


def flattened(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested settings as `evaluator.epochs`, `20`."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            found.extend(flattened(value, f"{prefix}{name}."))
        elif value is not None and value != "" and value != {}:
            found.append((f"{prefix}{name}", label_text(value)))
    return found


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader(__package__ or ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        number=number_text,
        seconds=seconds_text,
        percent=lambda share: f"{share:.0%}".replace("%", " %"),
        name=_name,
        label=label_text,
    )
    return made


def _policy(style: str) -> str:
    """A content security policy under which only this style does anything, and nothing is loaded."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _name(text: str) -> str:
    """One line of bounded length, without what a browser can't show or what turns the direction of text."""
    line = "".join(c if c.isprintable() else "�" for c in " ".join(str(text).split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
