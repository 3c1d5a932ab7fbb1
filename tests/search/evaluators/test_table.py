"""The table: look-ups where decisions are fixed, what it is known to measure."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

import archdsl
import archdsl_search
from archdsl_search.evaluators.table import TableEvaluator, TableSettings
from archdsl_search.results.run import Run
from archdsl_search.sweep.loading import sweep_of
from archdsl_search.sweep.parts import put_together

OPS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
FIRST, THIRD = "cell/node1/op", "cell/branches[1]/edge/op"

# `k` is decided only where `act` is `conv`, which is not the first option.
CONDITIONAL = """archdsl: 1
name: conditional
inputs: {x: [4, 8, 8]}
graph:
  - choose:
      nothing: []
      conv:
        - conv2d: {out_channels: 4, kernel_size: {choose: [1, 3]}, padding: half}
          name: k
    name: act
"""


def arch(ops: tuple[str, ...]) -> str:
    a, b, c, d, e, f = ops
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


@pytest.fixture
def sweep(tmp_path: Path) -> dict[str, Any]:
    """NAS-Bench-201; the score is the number of the row."""
    rows = [f"{arch(ops)},{i}" for i, ops in enumerate(product(OPS, repeat=6))]
    (tmp_path / "table.csv").write_text("\n".join(["arch,score", *rows]) + "\n")
    return {
        "space": {"file": "nasbench201", "decisions": {FIRST: "skip_connect", THIRD: "none"}},
        "searcher": "random",
        "evaluator": {"name": "table", "table": str(tmp_path / "table.csv"), "column": "score"},
        "budget": {"trials": 40},
    }


@pytest.mark.parametrize("identity", ["string", "none"])
def test_fixed_decisions_are_part_of_the_look_up(sweep: dict[str, Any], identity: str, tmp_path: Path) -> None:
    archdsl_search.run({**sweep, "identity": identity}, out=tmp_path / "run")
    run = Run(tmp_path / "run")
    rows = {ops: i for i, ops in enumerate(product(OPS, repeat=6))}
    assert run.finished
    for result in run.finished:
        ops = list(result.decisions.values())
        assert len(ops) == 4
        expected = ("skip_connect", ops[0], "none", *ops[1:])
        assert result.metrics["score"] == rows[expected]


def test_strings_name_what_the_table_has(sweep: dict[str, Any]) -> None:
    """The same candidate has one name, whether a decision is fixed or searched."""
    fixed = put_together(sweep_of({**sweep, "identity": "string"})).space
    free = put_together(sweep_of({**sweep, "identity": "string", "space": "nasbench201"})).space
    everything = dict.fromkeys(free.space.decisions(), "skip_connect") | {THIRD: "none"}
    searched = {name: label for name, label in everything.items() if name not in (FIRST, THIRD)}
    assert fixed.candidate(searched).identity == free.candidate(everything).identity


def test_a_fixed_decision_that_the_first_candidate_does_not_reach(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(CONDITIONAL)
    free = archdsl.load_space(tmp_path / "space.yaml")
    (name,) = set(free.decisions({"act": "conv"})) - {"act"}
    (tmp_path / "table.csv").write_text(f"decisions:act,decisions:{name},score\nnothing,,1\nconv,1,2\nconv,3,3\n")
    sweep = {
        "space": {"file": str(tmp_path / "space.yaml"), "decisions": {name: 3}},
        "searcher": "grid",
        "evaluator": {"name": "table", "table": str(tmp_path / "table.csv"), "column": "score"},
        "budget": {"trials": 5},
    }
    archdsl_search.run(sweep, out=tmp_path / "run")
    run = Run(tmp_path / "run")
    assert [(r.decisions["act"], r.metrics["score"]) for r in run.finished] == [("nothing", 1.0), ("conv", 3.0)]


def test_the_columns_are_what_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("arch,acc_e3,late,train_seconds_per_epoch,valid_seconds_per_epoch\n")
    settings = TableSettings(table=path, column="acc_e3")
    assert TableEvaluator.measured(settings) == ("acc_e3",)  # no rows: refused later
    rows = (f"{arch(('none',) * 6)},1,,2,3", f"{arch(('skip_connect',) * 6)},1,5,2,3")
    path.write_text("\n".join(["arch,acc_e3,late,train_seconds_per_epoch,valid_seconds_per_epoch", *rows]) + "\n")
    seconds = ("train_seconds_per_epoch", "valid_seconds_per_epoch")
    assert set(TableEvaluator.measured(settings)) == {"acc_e3", "late", *seconds, "simulated_seconds"}
    assert TableEvaluator.measured(settings)[0] == "acc_e3"


TWO = """archdsl: 1
name: two
inputs: {x: [4, 8, 8]}
graph:
  - choose: [relu, tanh]
    name: act
  - conv2d: {out_channels: {choose: [4, 8]}, kernel_size: 1}
    name: conv
"""
WIDTH = "conv/out_channels"


@pytest.mark.parametrize(
    ("rows", "objection"),
    [
        ([f"decisions:act,decisions:{WIDTH},score", "relu,4,1"], ""),  # not every candidate need be there
        (["decisions:act,score", "relu,1"], f"has no column `decisions:{WIDTH}`"),
        ([f"decisions:act,decisions:{WIDTH},score", "relu,16,1", "tanh,32,1"], "has 16 and others, none of 4, 8"),
        (["arch,score", f"{arch(('none',) * 6)},1"], "have 6 operations, the space has 2 decisions"),
    ],
)
def test_a_table_of_another_space_is_refused(tmp_path: Path, rows: list[str], objection: str) -> None:
    (tmp_path / "space.yaml").write_text(TWO)
    (tmp_path / "table.csv").write_text("\n".join(rows) + "\n")
    space = archdsl.load_space(tmp_path / "space.yaml")
    settings = TableSettings(table=tmp_path / "table.csv", column="score")
    if objection:
        with pytest.raises(ValueError, match="is no table of the space two") as said:
            TableEvaluator(space, settings)
        assert objection in str(said.value)
    else:
        TableEvaluator(space, settings)


def test_a_run_goes_on_only_with_the_table_that_it_began_with(sweep: dict[str, Any], tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    text = table.read_text()
    archdsl_search.run({**sweep, "budget": {"trials": 3}}, out=tmp_path / "run")
    table.write_text(text.replace(",5\n", ",6\n"))
    with pytest.raises(archdsl_search.SearchError, match=r"table\.csv has changed since the run began"):
        archdsl_search.resume(tmp_path / "run", overrides={"budget.trials": 5})
    table.write_text(text)
    assert archdsl_search.resume(tmp_path / "run", overrides={"budget.trials": 5}).trials == 5
