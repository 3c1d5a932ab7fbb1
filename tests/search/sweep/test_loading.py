"""Sweeps as files and as data: amounts, overrides, and the Python functions that take them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

import archdsl
import archdsl_search
from archdsl_search.objectives.constraints import QUANTITIES
from archdsl_search.sweep.amounts import Bytes, Seconds
from archdsl_search.sweep.checking import OptionError, OptionsError
from archdsl_search.sweep.loading import load_sweep, overridden, parsed_overrides, sweep_of
from archdsl_search.sweep.model import Sweep
from archdsl_search.sweep.parts import put_together

SPACE = """archdsl: 1
name: two
inputs: {x: [4, 8, 8]}
graph:
  - choose: {none: [], relu: relu, tanh: tanh}
    name: act
"""
TABLE = "decisions:act,score,test_score\nnone,1,9\nrelu,3,8\ntanh,2,7\n"


@pytest.fixture
def sweep(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "two.yaml").write_text(SPACE, encoding="utf-8")
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    return {
        "space": str(tmp_path / "two.yaml"),
        "searcher": "grid",
        "evaluator": {"name": "table", "table": str(tmp_path / "table.csv"), "column": "score"},
        "budget": {"trials": 10},
    }


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(90, 90), ("90", 90), ("90s", 90), ("1.5 m", 90), ("20min", 1200), ("2h", 7200), ("1d", 86400)],
)
def test_seconds(text: Any, seconds: float) -> None:
    assert TypeAdapter(Seconds).validate_python(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"), [(10, 10), ("500M", 500 * 2**20), ("4G", 2**32), ("1.5GiB", 3 * 2**29), ("2kb", 2048)]
)
def test_bytes(text: Any, size: int) -> None:
    assert TypeAdapter(Bytes).validate_python(text) == size


@pytest.mark.parametrize("text", ["", "soon", "3 parsecs", "-1", 0, "h"])
def test_no_seconds(text: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Seconds).validate_python(text)


def test_overrides_reach_in_and_leave_the_data_alone() -> None:
    data = {"searcher": "random", "budget": {"trials": 1}}
    found = overridden(data, {"budget.trials": 5, "resources.workers": 2, "searcher.distinct": False})
    assert found["budget"] == {"trials": 5}
    assert found["resources"] == {"workers": 2}
    assert found["searcher"] == {"name": "random", "distinct": False}
    assert data == {"searcher": "random", "budget": {"trials": 1}}


def test_a_new_name_drops_the_options_of_the_old_one() -> None:
    data = {"searcher": {"name": "regularized_evolution", "population": 5}}
    assert overridden(data, {"searcher.distinct": True, "searcher.name": "random"})["searcher"] == {
        "name": "random",
        "distinct": True,
    }
    same = overridden(data, {"searcher.name": "regularized_evolution"})
    assert same["searcher"]["population"] == 5


def test_values_on_the_command_line_are_read_as_in_a_file() -> None:
    found = parsed_overrides(["a=1", "b=1e-3", "c=true", "d=[1, x]", "e={f: 2}", "g= text ", "h=a: b"])
    assert found == {"a": 1, "b": 1e-3, "c": True, "d": [1, "x"], "e": {"f": 2}, "g": "text", "h": "a: b"}
    for wrong in ("a", "=1", "a="):
        with pytest.raises(ValueError, match="KEY=VALUE"):
            parsed_overrides([wrong])


def test_every_mistake_of_a_file_is_found_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text("space: x\nevaluatr: table\nbudget: {trails: 3}\nresources: {workers: 0}\nseed: -1\n")
    with pytest.raises(archdsl.ArchdslError) as error:
        load_sweep(path)
    found = [(d.code, d.span.line) for d in error.value.diagnostics if d.span is not None]
    assert {("E1301", 2), ("E1301", 3), ("E1302", 4), ("E1302", 5)} <= set(found)
    assert "E1303" in {d.code for d in error.value.diagnostics}


def test_a_search_from_python(sweep: dict[str, Any], tmp_path: Path) -> None:
    found = archdsl_search.run(sweep)
    assert (found.trials, found.finished, found.state) == (3, 3, "completed")
    assert found.best is not None
    assert (found.best.decisions, found.best.objective) == ({"act": "relu"}, 3.0)
    assert found.best.metrics == {"score": 3.0, "test_score": 8.0}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["table.csv", "two.yaml"]  # nothing else is written

    kept = archdsl_search.run(Sweep.model_validate(sweep), out=tmp_path / "run", overrides={"budget.trials": 2})
    assert kept.trials == 2
    with pytest.raises(archdsl_search.SearchError, match="has a run already"):
        archdsl_search.run(sweep, out=tmp_path / "run")
    assert archdsl_search.resume(tmp_path / "run", overrides={"budget.trials": 3}).trials == 3


def test_mistakes_in_data_are_errors(sweep: dict[str, Any]) -> None:
    with pytest.raises(OptionsError, match="did you mean `budget`"):
        sweep_of({**sweep, "bugdet": {}})
    with pytest.raises(OptionError, match="kept for the report"):
        archdsl_search.run({**sweep, "objective": {"name": "maximize", "metric": "test_score"}})
    with pytest.raises(OptionError, match="a Python function"):
        archdsl_search.run({**sweep, "evaluator": "function"})


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"budget": {"trials": True}}, ("budget", "trials")),
        ({"budget": {"trials": 3, "seconds": False}}, ("budget", "seconds")),
        ({"seed": True}, ("seed",)),
        ({"constraints": {"score": {"at_most": True}}}, ("constraints", "score", "at_most")),
    ],
)
def test_a_truth_value_is_no_number(sweep: dict[str, Any], changes: dict[str, Any], place: tuple[str, ...]) -> None:
    with pytest.raises(OptionsError, match=r"a number is needed, not (true|false)") as said:
        sweep_of({**sweep, **changes})
    assert said.value.problems[0].place == place
    with pytest.raises(OptionsError, match="a number is needed, not true"):
        put_together(sweep_of({**sweep, "searcher": {"name": "regularized_evolution", "population": True}}))


COST, TRAINING = {"name": "cost"}, {"name": "training"}


@pytest.mark.parametrize(
    ("changes", "place", "hint"),
    [
        ({"constraints": {"scor": {"at_most": 1}}}, ("constraints", "scor"), "did you mean `score`?"),
        ({"constraints": {"paramz": {"at_most": 1}}, "evaluator": COST}, ("constraints", "paramz"), "`params`?"),
        ({"constraints": {"mult_add": {"at_most": 1}}}, ("constraints", "mult_add"), "`mult_adds`?"),  # of the graph
        ({"constraints": {"latency": {"at_most": 1}}, "evaluator": TRAINING}, ("constraints", "latency"), "known: "),
        ({"objective": {"metric": "acuracy"}, "evaluator": TRAINING}, ("objective", "metric"), "`accuracy`?"),
        ({"objective": {"name": "accuracy"}}, ("objective",), "known: score"),
        ({"objective": {"name": "mnasnet", "target": 1}}, ("objective", "cost"), "known: score"),
        (
            {"objective": {"name": "several", "maximize": ["score", "x"]}, "searcher": "random"},
            ("objective",),
            "known: score",
        ),
    ],
)
def test_metrics_that_nothing_measures_are_refused(
    sweep: dict[str, Any], changes: dict[str, Any], place: tuple[str, ...], hint: str
) -> None:
    with pytest.raises(OptionError, match="does not measure") as error:
        put_together(sweep_of({**sweep, **changes}))
    assert (error.value.code, error.value.place) == ("E1304", place)
    assert hint in error.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"constraints": {name: {"at_most": 1} for name in QUANTITIES}},
        {"constraints": {"test_score": {"at_most": 1}}},
        {"evaluator": {**TRAINING, "also": [{"name": "latency"}]}, "constraints": {"latency": {"at_most": 1}}},
    ],
)
def test_metrics_that_are_known(sweep: dict[str, Any], changes: dict[str, Any]) -> None:
    assert put_together(sweep_of({**sweep, **changes})).sweep.constraints


def test_what_a_function_measures_is_not_known_beforehand(sweep: dict[str, Any]) -> None:
    changes = {"constraints": {"x": {"at_most": 1}}, "objective": {"metric": "y"}}
    assert put_together(sweep_of({**sweep, **changes}), evaluate=lambda module: 0.0).sweep.constraints


def test_the_shipped_sweeps_are_valid() -> None:
    folder = Path(__file__).parents[3] / "search" / "sweeps"
    files = sorted(folder.glob("*.yaml"))
    assert {"digits_quick.yaml", "nasbench201_table.yaml"} <= {path.name for path in files}
    for path in files:
        if path.name == "nasbench201_table.yaml":
            load_sweep(path, {"evaluator.table": "x.csv"})
        else:
            load_sweep(path)
