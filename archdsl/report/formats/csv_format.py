"""The layers of a report as CSV, one row each."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from archdsl.report.data import NetworkData, ReportData

_FIGURES = ("params", "mult_adds", "flops", "memory_access", "memory_access_bytes")
_COLUMNS = ("network", "path", "key", "operator", "output", *_FIGURES, "arithmetic_intensity")


def to_csv(data: ReportData) -> str:
    """A head line and a row for each layer of each network; with a device also `bound_seconds` and,
    where it predicts, `predicted_seconds`.

    Shapes are written as `64x56x56`, several joined by a blank. Lines end in a newline alone.
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    predicts = any(network.latency for network in data.networks)
    writer.writerow(
        [*_COLUMNS, *(["bound_seconds"] if data.device else []), *(["predicted_seconds"] if predicts else [])]
    )
    for network in data.networks:
        writer.writerows(_rows(network))
    return out.getvalue()


def _rows(network: NetworkData) -> Iterator[list[str | float]]:
    for number, row in enumerate(network.cost.layers):
        shapes = " ".join("x".join(map(str, shape)) for shape in row.output_shapes)
        intensity = row.flops / row.memory_access_bytes if row.memory_access_bytes else 0.0
        figures = [*(getattr(row, key) for key in _FIGURES), round(intensity, 4)]
        bound = [network.bound.layers[number]] if network.bound else []
        predicted = [network.latency.layers[number].seconds] if network.latency else []
        yield [*map(_plain, (network.label, row.path, row.key, row.op, shapes)), *figures, *bound, *predicted]


def _plain(text: str) -> str:
    # Spreadsheets take text that begins so for a formula.
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
