"""The commands, as scripts call them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Said

Call = Callable[..., Said]


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "journal.jsonl").read_text(encoding="utf-8").splitlines()]


def without_time(run: Path) -> list[str]:
    return [json.dumps({key: value for key, value in line.items() if key != "time"}) for line in lines(run)]


def test_a_search_from_beginning_to_end(call: Call, folder: Path) -> None:
    run = folder / "runs" / "one"
    said = call("run", folder / "sweep.yaml", "--out", run)
    assert said.status == 0
    assert "completed: the budget of 12 trials is used up" in said.out
    status = json.loads(call("status", run, "--format", "json").out)
    assert (status["trials"], status["finished"], status["failed"], status["running"]) == (12, 12, 0, 0)
    best = json.loads(call("best", run, "--format", "json").out)
    assert {name: best[name] for name in status["best"]} == status["best"]
    results = [line for line in lines(run) if line["kind"] == "result"]
    first = max(results, key=lambda line: line["objective"])
    assert {name: first[name] for name in ("trial", "objective", "decisions", "metrics")} == status["best"]
    assert best["metrics"]["val_acc_e10"] == best["objective"]
    assert best["metrics"]["simulated_seconds"] == 30.0
    assert call("status", run).out.startswith(f"{run}: completed")


def test_the_same_sweep_gives_the_same_journal(call: Call, folder: Path) -> None:
    for name in ("one", "two"):
        assert call("run", folder / "sweep.yaml", "--out", folder / name, "--set", "seed=5").status == 0
    assert without_time(folder / "one") == without_time(folder / "two")
    call("run", folder / "sweep.yaml", "--out", folder / "three", "--set", "seed=6")
    assert without_time(folder / "one") != without_time(folder / "three")


def test_a_run_is_resumed_with_a_larger_budget(call: Call, folder: Path) -> None:
    call("run", folder / "sweep.yaml", "--out", folder / "whole", "--set", "budget.trials=20")
    call("run", folder / "sweep.yaml", "--out", folder / "parts", "--set", "budget.trials=7")
    said = call("resume", folder / "parts", "--set", "budget.trials=20", "--format", "json")
    assert said.status == 0
    assert json.loads(said.out)["trials"] == 20
    of_trials = [[line for line in lines(folder / name) if "trial" in line] for name in ("whole", "parts")]
    for line in (*of_trials[0], *of_trials[1]):
        del line["time"]
    assert of_trials[0] == of_trials[1]


def test_a_cut_journal_is_resumed_with_one_warning(call: Call, folder: Path) -> None:
    run = folder / "one"
    call("run", folder / "sweep.yaml", "--out", run)
    whole = without_time(run)
    content = (run / "journal.jsonl").read_bytes()
    (run / "journal.jsonl").write_bytes(content[: len(content) // 2])
    status = call("status", run, "--format", "json")
    assert status.err.count("warning") == 1
    assert json.loads(status.out)["state"] == "stopped"
    said = call("resume", run, "--quiet")
    assert said.err.count("warning") == 1
    assert [line for line in without_time(run) if '"resumed"' not in line] == whole


@pytest.mark.parametrize("identity", ["graph", "none"])
def test_rules_of_identity(call: Call, folder: Path, identity: str) -> None:
    run = folder / identity
    call("run", folder / "sweep.yaml", "--out", run, "--set", f"identity={identity}", "--set", "budget.trials=30")
    results = [line for line in lines(run) if line["kind"] == "result"]
    paid = [line["identity"] for line in results if line["replayed"] is None]
    assert len(paid) == 30
    assert (len(set(paid)) == 30) == (identity == "graph")


def test_an_existing_run_is_refused(call: Call, folder: Path) -> None:
    run = folder / "one"
    call("run", folder / "sweep.yaml", "--out", run)
    before = (run / "journal.jsonl").read_bytes()
    said = call("run", folder / "sweep.yaml", "--out", run)
    assert said.status == 2
    assert "archdsl search resume" in said.err
    assert (run / "journal.jsonl").read_bytes() == before


def test_what_a_resumed_run_may_not_change(call: Call, folder: Path) -> None:
    run = folder / "one"
    call("run", folder / "sweep.yaml", "--out", run)
    said = call("resume", run, "--set", "searcher.name=grid")
    assert (said.status, "only budget and resources" in said.err) == (2, True)
    space = folder / "spaces" / "small.yaml"
    space.write_text(space.read_text().replace("[4, 8]", "[4, 16]"))
    for command in (("resume", run), ("best", run, "-o", folder / "b"), ("transfer", run, "-o", folder / "t")):
        said = call(*command)
        assert (said.status, "has changed since the run began" in said.err) == (2, True)
    assert not [*folder.glob("b/*"), *folder.glob("t/*")]
    assert call("report", run, "-o", folder / "report.html").status == 0
    assert "Not drawn: " in (folder / "report.html").read_text(encoding="utf-8")


def test_a_run_whose_first_line_is_damaged_is_refused_and_kept(call: Call, folder: Path) -> None:
    run = folder / "one"
    call("run", folder / "sweep.yaml", "--out", run)
    journal = run / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"seed":0', b'"seed":1', 1))
    before = journal.read_bytes()
    for command in (("status", run), ("best", run), ("resume", run), ("status", folder / "sweep.yaml")):
        said = call(*command)
        assert (said.status, "is damaged, or this is no journal" in said.err) == (2, True), said
    assert journal.read_bytes() == before


def test_a_file_that_the_space_imports_is_part_of_it(call: Call, folder: Path) -> None:
    run, space, cells = folder / "one", folder / "spaces" / "small.yaml", folder / "spaces" / "mine.yaml"
    cells.write_text("archdsl: 1\ncells:\n  last:\n    graph:\n      - relu\n", encoding="utf-8")
    text = space.read_text(encoding="utf-8").replace("graph:\n", "import: {./mine: [last]}\ngraph:\n", 1)
    space.write_text(text + "  - last\n", encoding="utf-8")
    assert call("run", folder / "sweep.yaml", "--out", run).status == 0
    assert call("resume", run, "--set", "budget.trials=14").status == 0
    cells.write_text(cells.read_text(encoding="utf-8").replace("relu", "tanh"), encoding="utf-8")
    for command in (("resume", run, "--set", "budget.trials=16"), ("best", run, "-o", folder / "b")):
        said = call(*command)
        assert (said.status, "has changed since the run began" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("setting", "said_of_it"),
    [
        ("space.params.widht=8", "there is no parameter `widht`"),
        ("space.inputs={imag: [1, 8, 8]}", "imag"),
    ],
)
def test_a_run_that_cannot_begin_leaves_nothing_and_says_why(
    call: Call, folder: Path, setting: str, said_of_it: str
) -> None:
    said = call("run", folder / "sweep.yaml", "--out", folder / "one", "--set", setting)
    assert (said.status, said_of_it in said.err) == (2, True), said.err
    assert not (folder / "one").exists()


def test_no_run_no_trial_no_file(call: Call, folder: Path) -> None:
    for command in ("status", "best", "resume"):
        said = call(command, folder / "nothing")
        assert (said.status, "there is no run here" in said.err) == (2, True)
    assert call("run", folder / "nothing.yaml", "--out", folder / "x").status == 1
    assert not (folder / "x").exists()


@pytest.mark.parametrize(
    ("sets", "code", "message"),
    [
        (["budgt.trials=4"], "E1301", "did you mean `budget`?"),
        (["budget.trails=4"], "E1301", "did you mean `trials`?"),
        (["searcher.distnct=true"], "E1301", "did you mean `distinct`?"),
        (["evaluator.tabel=x.csv"], "E1301", "did you mean `table`?"),
        (["searcher.name=randm"], "E1302", "did you mean `random`?"),
        (["evaluator.name=tabel"], "E1302", "did you mean `table`?"),
        (["objective.name=maximise"], "E1302", "did you mean `maximize`?"),
        (["budget.trials=many"], "E1302", "valid integer"),
        (["budget.trials=0"], "E1302", "greater than or equal to 1"),
        (["identity=graphs"], "E1302", "'graph', 'string' or 'none'"),
        (["resources.memory=4Q"], "E1302", "500M, 4G"),
        (["evaluator.name=table", "searcher.name=random"], "", ""),
        (["objective.name=maximize", "objective.metric=test_acc_e10"], "E1304", "kept for the report"),
        (["identity=string", "evaluator.name=cost"], "E1304", "no rule for strings"),
        (["searcher.name=local_search", "objective.name=several", "objective.maximize=[a]", "objective.minimize=[b]"],
         "E1304", "follows one value"),
    ],
)  # fmt: skip
def test_mistakes_are_named(call: Call, folder: Path, sets: list[str], code: str, message: str) -> None:
    options = [option for text in sets for option in ("--set", text)]
    said = call("run", folder / "sweep.yaml", "--out", folder / "run", *options)
    if not code:
        assert said.status == 0
        return
    assert said.status == 1
    assert f"error[{code}]" in said.err
    assert message in said.err
    assert not (folder / "run").exists()


def test_mistakes_in_a_file_are_shown_where_they_are(call: Call, folder: Path) -> None:
    path = folder / "sweep.yaml"
    path.write_text(path.read_text().replace("distinct: false", "distnct: false").replace("trials: 12", "trials: -1"))
    said = call("run", path, "--out", folder / "run")
    assert said.status == 1
    assert f"{path}:4:27" in said.err or f"{path}:6:10" in said.err
    missing = folder / "missing.yaml"
    missing.write_text("sweep: 1\nspace: nasbench201\n")
    said = call("run", missing, "--out", folder / "run")
    assert "`evaluator` is missing" in said.err
    assert "`budget` is missing" in said.err


def test_a_table_of_another_space(call: Call, folder: Path) -> None:
    said = call("run", folder / "sweep.yaml", "--out", folder / "run", "--set", "space=nasbench201")
    assert said.status == 2
    assert "table.csv.gz is no table of the space nasbench201: it has no column `decisions:" in said.err
    assert not (folder / "run").exists()
    missing = call("run", folder / "sweep.yaml", "--out", folder / "run2", "--set", "evaluator.table=no.csv")
    assert missing.status == 2
    assert "no.csv" in missing.err
    assert not (folder / "run2").exists()  # it can be mended and called again
    column = call("run", folder / "sweep.yaml", "--out", folder / "run3", "--set", "evaluator.column=acc")
    assert (column.status, "has no column `acc`" in column.err) == (2, True)


def test_spaces_are_described(call: Call, folder: Path) -> None:
    found = json.loads(call("space", folder / "spaces" / "small.yaml", "--format", "json", "--samples", "20").out)
    assert found["size"] == 3 * (4 + 16)
    assert [d["when"] for d in found["decisions"]].count("always") == 4
    assert found["cost"]["params"]["least"] <= found["cost"]["params"]["most"]
    text = call("space", folder / "spaces" / "small.yaml", "--samples", "5").out
    assert "small: 60 architectures by decisions" in text
    assert json.loads(call("space", "nasbench201", "--samples", "3", "--format", "json").out)["size"] == 15625


def test_the_schema_of_sweeps(call: Call) -> None:
    schema = json.loads(call("schema").out)
    assert set(schema["required"]) == {"space", "evaluator", "budget"}


def test_helps_and_misspelt_commands(call: Call) -> None:
    assert "resume" in call("--help").out
    said = call("stauts")
    assert (said.status, "did you mean `status`" in said.err) == (2, True)


def test_a_run_can_be_moved(call: Call, folder: Path) -> None:
    call("run", folder / "sweep.yaml", "--out", folder / "one")
    shutil.move(folder / "one", folder / "two")
    assert call("resume", folder / "two", "--set", "budget.trials=13").status == 0
