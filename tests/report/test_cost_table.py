"""Costs as text."""

from __future__ import annotations

import pytest

from archdsl.analysis.costing import cost_report
from archdsl.report import cost_table
from archdsl.report.units import human, human_bytes
from tests.report.golden import golden
from tests.report.networks import residual_network

REPORT = cost_report(residual_network(3))


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1000, "1.00 k"), (25_557_032, "25.56 M"), (4_089_184_256, "4.09 G"), (999_999, "1.00 M")],
)
def test_units(number: int, text: str) -> None:
    assert human(number) == text


def test_bytes() -> None:
    assert [human_bytes(n) for n in (12, 4096)] == ["12 B", "4.10 kB"]


def test_line() -> None:
    line = cost_table.cost_line(REPORT)
    assert line.startswith("small_resnet: 3.87 k params, 940.11 k mult-adds, ")
    assert "\n" not in line
    assert cost_table.cost_line(cost_report(residual_network(1), 8)).startswith("small_resnet (batch of 8): ")


def test_golden() -> None:
    tables = [
        cost_table.summary(REPORT),
        cost_table.layer_table(REPORT),
        cost_table.cell_table(REPORT, 1),
        cost_table.cell_table(REPORT, 2),
        cost_table.operator_table(REPORT),
    ]
    text = "\n\n".join(tables) + "\n"
    assert text == golden("small_resnet_cost.txt", text)


def test_columns_are_aligned() -> None:
    for table in (cost_table.layer_table(REPORT), cost_table.cell_table(REPORT), cost_table.operator_table(REPORT)):
        header, rule, *rows = table.splitlines()
        assert len(header) <= len(rule)
        assert all(len(row) <= len(rule) for row in rows)
        assert rows[-2] == rule
