"""A report as Markdown: short enough for a pull request. Two networks are before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from archdsl.report.changes import Change, changes
from archdsl.report.data import FIGURES, Figure, NetworkData, ReportData
from archdsl.report.parts import Part, share
from archdsl.report.text_width import shortened
from archdsl.report.units import human, human_bytes, human_seconds, human_shape

if TYPE_CHECKING:
    from archdsl.analysis.report import CostReport, LayerCost

_MOST_CHANGES = 20
_MOST_FINDINGS = 30
_LONGEST = 100
_LONGEST_PROSE = 400


def to_markdown(data: ReportData) -> str:
    """The report as Markdown, with a newline at the end.

    One network: totals and where they sit. Two: before, after and difference, and the layers that changed. More: one
    table with ratios to the first.
    """
    match len(data.networks):
        case 1:
            lines = _one(data)
        case 2:
            lines = _two(data)
        case _:
            lines = _several(data)
    return "\n".join([*lines, *_findings(data)]).rstrip() + "\n"


def _one(data: ReportData) -> Iterator[str]:
    (network,) = data.networks
    yield f"### {code(network.label)}{_batch(network.cost)}"
    yield ""
    yield f"{_shapes(network.cost.inputs)} → {_shapes(network.cost.outputs)}"
    yield ""
    rows = [[_name(f), shown(f, network.figure(f.key)), f"{network.figure(f.key):,}"] for f in FIGURES]
    rows += [["Arithmetic intensity", f"{network.cost.arithmetic_intensity:.2f}", "operations per byte"]]
    rows += _bounds(data)
    yield from _table(["", "", "exact"], rows)
    yield ""
    yield from _parts(network)


def _bounds(data: ReportData) -> list[list[str]]:
    if data.device is None:
        return []
    cells = [human_seconds(network.seconds) for network in data.networks]
    if len(data.networks) == 1 and (latency := data.networks[0].latency) is not None:
        cells.append(f"{human_seconds(latency.low)} to {human_seconds(latency.high)}")
    return [[f"{data.time_label} ({prose(data.device.name)})", *cells]]


def _parts(network: NetworkData) -> Iterator[str]:
    heads = ["part", "layers", "params", "mult-adds", "memory access"]
    yield from _table(heads, [_part_row(part, network.cost) for part in network.parts])


def _part_row(part: Part, report: CostReport) -> list[str]:
    keys = ("params", "mult_adds", "memory_access")
    figures = [f"{human(getattr(part, key))} ({share(part, report, key):.0%})" for key in keys]
    return [code(part.name), str(part.layers), *figures]


def _two(data: ReportData) -> Iterator[str]:
    before, after = data.networks
    yield f"### {code(before.label)} → {code(after.label)}{_batch(after.cost)}"
    yield ""
    rows = []
    for figure in FIGURES:
        old, new = before.figure(figure.key), after.figure(figure.key)
        rows.append(
            [_name(figure), shown(figure, old), shown(figure, new), signed(figure, new - old), percent(old, new)]
        )
    if data.device is not None:
        (name, *times), change = _bounds(data)[0], percent(before.seconds, after.seconds)
        rows.append([name, *times, "", change])
    yield from _table(["", "before", "after", "difference", ""], rows)
    yield ""
    yield from _changes(changes(before, after))


def _changes(found: Sequence[Change]) -> Iterator[str]:
    if not found:
        yield "No layer has changed."
        return
    counts = [f"{n} {kind}" for kind in ("changed", "added", "removed") if (n := sum(c.kind == kind for c in found))]
    yield f"<details><summary>Layers: {', '.join(counts)}</summary>"
    yield ""
    yield from _table(["layer", "", "output", "params", "mult-adds"], map(_change_row, found[:_MOST_CHANGES]))
    if len(found) > _MOST_CHANGES:
        yield ""
        yield f"And {len(found) - _MOST_CHANGES} more."
    yield ""
    yield "</details>"


def _change_row(change: Change) -> list[str]:
    shapes = [_outputs(row) for row in (change.before, change.after) if row]
    what = dict.fromkeys(row.op for row in (change.before, change.after) if row)
    deltas = [f"{change.delta(key):+,}" if change.delta(key) else "" for key in ("params", "mult_adds")]
    kind = f"{change.kind}: {' → '.join(map(code, what))}"
    return [code(change.path), kind, " → ".join(dict.fromkeys(shapes)), *deltas]


def _outputs(row: LayerCost) -> str:
    return ", ".join(human_shape(shape) for shape in row.output_shapes)


def _several(data: ReportData) -> Iterator[str]:
    yield f"### {len(data.networks)} networks compared{_batch(data.networks[0].cost)}"
    yield ""
    rows = []
    for number, network in enumerate(data.networks):
        cells = [f"{shown(f, network.figure(f.key))}{_ratio(data, number, f)}" for f in FIGURES]
        bound = [human_seconds(network.seconds)] if data.device else []
        rows.append([code(network.label) + (" ★" if number in data.front else ""), *cells, *bound])
    heads = ["network", *map(_name, FIGURES), *([_bounds(data)[0][0]] if data.device else [])]
    yield from _table(heads, rows)
    yield ""
    yield "★ beaten by none: no other network here is as small in parameters, multiply-adds and memory access."


def _ratio(data: ReportData, number: int, figure: Figure) -> str:
    ratio = data.ratio(number, figure.key)
    return "" if number == 0 or ratio is None else f" (×{ratio:.3g})"


def _findings(data: ReportData) -> Iterator[str]:
    for network in data.networks:
        if not network.findings:
            continue
        yield ""
        yield f"**Findings in {code(network.label)}**"
        yield ""
        for found in network.findings[:_MOST_FINDINGS]:
            text = f"- {prose(found.code)} {code(found.path)}: {prose(found.message)}"
            text += f" *{prose(found.edit)}*" if found.edit else ""
            yield text + (f" ({prose(found.gain)})" if found.gain else "")
        if len(network.findings) > _MOST_FINDINGS:
            yield f"- and {len(network.findings) - _MOST_FINDINGS} more"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "| --- |" + " ---: |" * (len(heads) - 1)
    for row in rows:
        yield f"| {' | '.join([*row, *[''] * (len(heads) - len(row))])} |"


def _name(figure: Figure) -> str:
    return f"{figure.label} ({'bytes' if figure.unit == 'B' else figure.unit})" if figure.unit else figure.label


def _batch(report: CostReport) -> str:
    return f", batch of {report.batch_size}" if report.batch_size > 1 else ""


def _shapes(values: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{code(name)} {human_shape(shape)}" for name, shape in values.items())


def shown(figure: Figure, number: int) -> str:
    """A total with its unit."""
    return human_bytes(number) if figure.unit == "B" else human(number)


def signed(figure: Figure, number: int) -> str:
    """A difference with its sign."""
    return shown(figure, number) if number < 0 else f"+{shown(figure, number)}" if number else "0"


def percent(before: float, after: float) -> str:
    """How much larger: `+12.5 %`; empty where there is nothing to compare with."""
    return f"{100 * (after - before) / before:+.1f} %" if before else ""


def code(text: str) -> str:
    """A name as a code span, on one line, not too long."""
    return f"`{_line(text, _LONGEST).translate(_SPAN)}`" if text else ""


def prose(text: str) -> str:
    """Text that Markdown and the HTML in it take for nothing but text, on one line, not too long."""
    return "".join(_ENTITIES.get(c, c) for c in _line(text, _LONGEST_PROSE))


def _line(text: str, most: int) -> str:
    return "".join(c if c.isprintable() else "�" for c in shortened(" ".join(text.split()), most))


# Nothing can be escaped in a code span, and a bar ends a table's cell even there.
_SPAN = str.maketrans({"`": "'", "|": "¦"})
_ENTITIES = {c: f"&#{ord(c)};" for c in "&<>|`*[]\\~#@!"} | {"_": "\\_"}
