"""`best`, `transfer`, `remeasure` and `report`, as scripts call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl
from tests.search.results.conftest import candidates, run, space, write_run  # noqa: F401  fixtures

from .conftest import Said

Call = Callable[..., Said]


def test_best_as_data(call: Call, run: Path) -> None:  # noqa: F811
    said = json.loads(call("best", run, "--top", 3, "--format", "json").out)
    assert (said["trial"], said["objective"], said["metrics"]["params"]) == (4, 0.9, 40.0)
    assert [network["trial"] for network in said["networks"]] == [4, 2, 6]
    assert next(iter(said["decisions"])).startswith("normal/block[0]")
    front = json.loads(call("best", run, "--pareto", "--format", "json").out)
    assert [network["trial"] for network in front["networks"]] == [4, 2, 8]
    named = json.loads(call("best", run, "--axes", "accuracy, -params", "--format", "json").out)
    assert [network["trial"] for network in named["networks"]] == [4, 2, 1, 0]


def test_best_as_files(call: Call, run: Path, tmp_path: Path) -> None:  # noqa: F811
    said = call("best", run, "-o", tmp_path / "found", "-t", "source", "-t", "weights")
    assert said.status == 0
    assert "They agree: outputs differ by at most" in said.out
    assert {path.name for path in (tmp_path / "found").iterdir()} == {
        "nasnet_space_trial4.yaml", "nasnet_space_trial4.py", "nasnet_space_trial4.safetensors", "networks.json"
    }  # fmt: skip


def test_best_says_what_is_missing(call: Call, run: Path, tmp_path: Path) -> None:  # noqa: F811
    empty = write_run(tmp_path / "empty", [])
    for arguments, words in (
        ((empty,), "no trial has finished yet"),
        ((run, "--remeasured"), "nothing was measured again"),
        ((tmp_path / "nowhere",), "there is no run here"),
        ((run, "--axes", "accuracy,-latency"), "`latency` was not measured"),
    ):
        said = call("best", *arguments)
        assert (said.status, said.out) == (2, "")
        assert words in said.err


def test_transfer(call: Call, run: Path, tmp_path: Path) -> None:  # noqa: F811
    wanted = ("--set", "repeats=2", "--set", "filters=8", "--input", "image=3x16x16", "-o", tmp_path, "--name", "large")
    said = json.loads(call("transfer", run, *wanted, "--format", "json").out)
    assert said["trial"] == 4
    assert said["after"]["params"] > said["before"]["params"]
    made = archdsl.load(said["files"]["spec"])
    assert (made.params["repeats"], made.params["filters"]) == (2, 8)
    assert archdsl.cost(made).params == said["after"]["params"]
    text = call("transfer", run, *wanted).out
    assert f"params: {said['before']['params']:,} -> {said['after']['params']:,}" in text


def test_transfer_says_what_does_not_carry_over(call: Call, run: Path, tmp_path: Path) -> None:  # noqa: F811
    said = call("transfer", run, "--set", "blocks=3", "-o", tmp_path)
    assert said.status == 2
    assert "decisions that the search never made" in said.err
    assert call("transfer", run, "--set", "block=3", "-o", tmp_path).status == 1
    assert "NAME=SIZES" in call("transfer", run, "--input", "image=3,4", "-o", tmp_path).err
    assert "trial 3 has no result" in call("transfer", run, "--trial", 3, "-o", tmp_path).err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", ".", "..", ""])
def test_transfer_writes_nowhere_else(call: Call, run: Path, tmp_path: Path, name: str) -> None:  # noqa: F811
    said = call("transfer", run, "-o", tmp_path / "out", "--name", name)
    assert (said.status, "the name of a file is needed" in said.err) == (2, True)
    assert not list(tmp_path.iterdir())


def test_remeasure_in_a_journal_of_its_own(call: Call, folder: Path) -> None:
    assert call("run", folder / "sweep.yaml", "--out", folder / "run", "-q").status == 0
    said = json.loads(call("remeasure", folder / "run", "--top", 2, "--repeats", 2, "--format", "json").out)
    assert said["done"] is True
    assert [network["repeats"] for network in said["networks"]] == [2, 2]
    assert all(n["mean"] == n["objective"] and n["deviation"] == 0 for n in said["networks"])  # a table has no noise
    best = json.loads(call("best", folder / "run", "--remeasured", "--format", "json").out)
    assert best["remeasured"]["repeats"] == 2
    assert "measured again 2 times" in call("best", folder / "run").out
    assert call("remeasure", folder / "run", "--set", "seed=1").status == 2


def test_remeasure_refuses_addresses_as_run_does(call: Call, folder: Path) -> None:
    run = folder / "run"  # noqa: F811
    assert call("run", folder / "sweep.yaml", "--out", run, "-q").status == 0
    here = call("remeasure", run, "--address", "127.0.0.1:1")
    assert (here.status, "--address is for `--engine ray`" in here.err) == (2, True)
    there = call(
        "remeasure", run, "--engine", "ray", "--address", "127.0.0.1:1", "--set", "evaluator.column=val_acc_e11"
    )
    assert there.status == 2
    assert "127.0.0.1:1" in there.err
    # Neither has left anything that stands in the way of others.
    assert call("remeasure", run, "--top", 1, "--repeats", 1, "-q").status == 0


@pytest.mark.parametrize(
    ("name", "begins"), [("a.html", "<!DOCTYPE html>"), ("a.md", "# cells for digits"), ("a.json", "{")]
)
def test_report(call: Call, run: Path, tmp_path: Path, name: str, begins: str) -> None:  # noqa: F811
    assert call("report", run, "-o", tmp_path / name).out == f"{tmp_path / name}\n"
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


def test_report_printed_and_refused(call: Call, run: Path, tmp_path: Path) -> None:  # noqa: F811
    assert call("report", run).out.startswith("# cells for digits")
    assert call("report", run, "--format", "json").out.startswith("{")
    said = call("report", run, "-o", tmp_path / "a.pdf")
    assert (said.status, "end it in .html" in said.err) == (2, True)
    assert call("report", tmp_path).status == 2
