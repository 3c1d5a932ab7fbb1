"""The networks of the paper's tables are what the paper says they are."""

from __future__ import annotations

from itertools import groupby

import pytest

from archdsl.analysis.costing import cost_report
from archdsl.analysis.experiments.shufflenet_v2 import SIDE, Experiment, experiments
from archdsl.ir.verify import verify

ALL = list(experiments())


@pytest.mark.parametrize("given", ALL, ids=lambda e: f"{e.table}-{e.row}-x{e.factor}")
def test_graphs_are_valid(given: Experiment) -> None:
    verify(given.graph)
    (x,), (y,) = given.graph.inputs.values(), given.graph.outputs.values()
    assert x.type == y.type
    assert x.type.shape[1:] == (SIDE, SIDE)


def test_rows_of_a_table_take_the_same_multiply_adds() -> None:
    for _, group in groupby(ALL, lambda e: (e.table, e.factor)):
        work = [cost_report(e.graph).mult_adds for e in group]
        assert max(work) / min(work) < 1.09


def test_factors_multiply_channels() -> None:
    work = {(e.table, e.row, e.factor): cost_report(e.graph).mult_adds for e in ALL}
    for (table, row, factor), mult_adds in work.items():
        assert mult_adds == factor**2 * work[table, row, 1]


def test_memory_access_falls_short_of_no_table() -> None:
    """What each guideline says: the first row moves least, in Table 4 most."""
    for (table, _), group in groupby(ALL, lambda e: (e.table, e.factor)):
        moved = [cost_report(e.graph).memory_access for e in group]
        assert moved[0] == (max(moved) if table == "4" else min(moved))


def test_table_1_by_hand() -> None:
    first = next(e for e in ALL if (e.table, e.row, e.factor) == ("1", "1:12", 2))
    area, c1, c2 = 56 * 56, 72, 864
    assert cost_report(first.graph).memory_access == 20 * (area * (c1 + c2) + c1 * c2)
    assert cost_report(first.graph).mult_adds == 20 * area * c1 * c2
    assert (first.published, first.unit) == (392, "batches/s")
