"""The page: templates filled, style and script put in, both named to the browser by their hashes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from archdsl.report.data import FIGURES, Figure, Finding, NetworkData, ReportData
from archdsl.report.html.drawings import STEPS, Drawing, drawings
from archdsl.report.html.plots.pareto import paretos
from archdsl.report.html.plots.roofline import Roofline, roofline
from archdsl.report.html.rows import MOST_ROWS, packed, script_safe
from archdsl.report.palette import KINDS
from archdsl.report.parts import SHARES, TIME, Part, share
from archdsl.report.svg import night_rules
from archdsl.report.text_width import shortened
from archdsl.report.units import human, human_bytes, human_seconds, human_shape

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_STYLES = ("base.css", "tables.css", "drawing.css")
_SCRIPTS = ("numbers.js", "tree.js", "table.js", "drawing.js", "page.js")
_MOST_FINDINGS = 200
_LONGEST_NAME = 120
_SHARE_NAMES = {"params": "parameters", "mult_adds": "multiply-adds", "memory_access": "memory access", TIME: "time"}


@dataclass
class Section:
    """What the template of a network reads.

    Attributes:
        number: place of the network in the report, from 0.
        shares: keys of the figures whose shares are drawn as bars.
        findings: at most as many as a page can have; `more_findings` is how many there are besides.
    """

    number: int
    network: NetworkData
    drawings: list[Drawing]
    roofline: Roofline | None
    charts: list[Chart]
    shares: tuple[str, ...]
    findings: Sequence[Finding]
    more_findings: int
    folded: int


@dataclass
class Chart:
    """Parts with a bar for each figure."""

    title: str
    head: str
    rows: list[ChartRow]


@dataclass
class ChartRow:
    """One part; for each figure the share of the whole, and the bar's length as a share of the longest one."""

    part: Part
    cells: list[tuple[str, float, float]]


def to_html(data: ReportData) -> str:
    """The report as one HTML file. The same report gives the same text."""
    sheet = style()
    script = '"use strict";\n' + "".join(map(_asset, _SCRIPTS))
    most = MOST_ROWS // len(data.networks)
    rows = [packed(network, most) for network in data.networks]
    sections = [
        _section(number, network, data, sum(rest[1] for rest in rows[number]["rest"]))
        for number, network in enumerate(data.networks)
    ]
    from markupsafe import Markup

    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            data=data,
            sections=sections,
            paretos=paretos(data),
            figures=FIGURES,
            share_names=_SHARE_NAMES,
            heat_steps=STEPS,
            style=Markup(sheet),
            script=Markup(script),
            rows=Markup(script_safe(rows)),
            policy=_policy(sheet, script),
        )
    )


def style() -> str:
    """The style sheet of the page."""
    return "".join([*map(_asset, _STYLES), _kind_rules(), night_rules(list(KINDS))])


def _environment() -> Environment:
    """Templates that escape everything; a name they don't know is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("archdsl.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        human=human,
        bytes=human_bytes,
        seconds=human_seconds,
        shape=human_shape,
        percent=percent,
        name=lambda text: shortened(_printable(text), _LONGEST_NAME),
        total=_total,
        ticks=_ticks,
    )
    return made


def _asset(name: str) -> str:
    return files("archdsl.report.html").joinpath("assets", name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """A content security policy under which only this style and this script do anything, and nothing is loaded."""
    hashes = [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (style, script)]
    return f"default-src 'none'; style-src {hashes[0]}; script-src {hashes[1]}; base-uri 'none'; form-action 'none'"


def _kind_rules() -> str:
    """Colours of the kinds of operators in plots."""
    light = "".join(f".k-{kind}{{fill:{KINDS[kind].light.line}}}" for kind in KINDS)
    dark = "".join(f".k-{kind}{{fill:{KINDS[kind].dark.line}}}" for kind in KINDS)
    return f"{light}@media (prefers-color-scheme: dark){{{dark}}}"


def _section(number: int, network: NetworkData, data: ReportData, folded: int) -> Section:
    findings = network.findings or ()
    return Section(
        number,
        network,
        drawings(network, f"d{number}"),
        roofline(network, data.device),
        [
            _chart("By part of the network", "part", network.parts, network),
            _chart("By operator", "operator", network.operators, network),
        ],
        _shares(network),
        findings[:_MOST_FINDINGS],
        max(0, len(findings) - _MOST_FINDINGS),
        folded,
    )


def _chart(title: str, head: str, parts: Sequence[Part], network: NetworkData) -> Chart:
    keys = _shares(network)
    shares = [[_share(part, network, key) for key in keys] for part in parts]
    longest = [max(column, default=0.0) or 1.0 for column in zip(*shares, strict=True)]
    rows = []
    for part, own in zip(parts, shares, strict=True):
        bars = [(key, s, round(100 * s / most, 2)) for key, s, most in zip(keys, own, longest, strict=True)]
        rows.append(ChartRow(part, bars))
    return Chart(title, head, rows)


def _shares(network: NetworkData) -> tuple[str, ...]:
    return (*SHARES, TIME) if network.times else SHARES


def _share(part: Part, network: NetworkData, key: str) -> float:
    if key == TIME:
        return part.seconds / network.seconds if network.seconds else 0.0
    return share(part, network.cost, key)


def percent(share: float) -> str:
    """`0.123` as `12 %`; what is there but small as `<0.1 %`."""
    if share <= 0:
        return "0"
    if share < 0.001:
        return "<0.1 %"
    return f"{share:.1%}".replace("%", " %") if share < 0.0995 else f"{share:.0%}".replace("%", " %")


def _total(figure: Figure, number: int) -> str:
    return human_bytes(number) if figure.unit == "B" else human(number)


def _ticks(text: str) -> Markup:
    """Text in which `names` stand between backticks."""
    from markupsafe import Markup, escape

    parts = [
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts) if len(parts) % 2 else escape(text)


def _printable(text: str) -> str:
    """Without what a browser can't show or what turns the direction of text."""
    return "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))
