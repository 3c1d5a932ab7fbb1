"""Journals of real runs: the same sweep and seed give the same bytes, times aside, for every searcher."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import archdsl_search
from archdsl_search.journal.lines import decode
from archdsl_search.searchers.registry import names, searcher_type
from archdsl_search.space import identity as rules

TRIALS = 30


def sweep(space: Path, name: str) -> dict[str, Any]:
    objective: dict[str, Any] = {"name": "minimize", "metric": "params"}
    if searcher_type(name).multi_objective:
        objective = {"name": "several", "maximize": ["params"], "minimize": ["mult_adds"]}
    searcher = {"name": name, **({"population": 8, "sample": 4} if name == "regularized_evolution" else {})}
    plan = {"searcher": searcher, "evaluator": "cost", "objective": objective}
    return {"space": str(space), **plan, "budget": {"trials": TRIALS}, "seed": 5}


def lines(run: Path, *kinds: str) -> list[str]:
    """What a journal says of these kinds, as text, times aside."""
    found = [decode(line)[0] for line in (run / "journal.jsonl").read_bytes().splitlines()]
    return [json.dumps(fields) for fields in found if fields["kind"] in kinds]


# `enas` goes with an evaluator of its own: see tests/search/test_weight_sharing.py.
@pytest.mark.parametrize("name", [name for name in names() if name != "enas"])
def test_a_journal_is_the_same_again_and_after_a_stop(space_file: Path, tmp_path: Path, name: str) -> None:
    wanted = sweep(space_file, name)
    one, again, stopped = tmp_path / "one", tmp_path / "again", tmp_path / "stopped"
    archdsl_search.run(wanted, out=one)
    archdsl_search.run(wanted, out=again)
    assert lines(one, "header", "asked", "result") == lines(again, "header", "asked", "result")
    archdsl_search.run(wanted, out=stopped, overrides={"budget.trials": 7})
    assert 0 < len(lines(stopped, "result")) < len(lines(one, "result"))
    archdsl_search.resume(stopped, overrides={"budget.trials": TRIALS})
    assert lines(stopped, "asked", "result") == lines(one, "asked", "result")


def test_a_journal_that_names_hashes_goes_on_with_hashes(
    space_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As runs do that were begun before there were shorter names."""
    run, whole = tmp_path / "run", tmp_path / "whole"
    with monkeypatch.context() as patch:
        patch.setattr("archdsl_search.sweep.parts.by_graph", rules.by_hash)
        archdsl_search.run(sweep(space_file, "local_search"), out=whole)
        archdsl_search.run(sweep(space_file, "local_search"), out=run, overrides={"budget.trials": 7})
    archdsl_search.resume(run, overrides={"budget.trials": TRIALS})
    assert lines(run, "asked", "result") == lines(whole, "asked", "result")
    assert {len(json.loads(line)["identity"]) for line in lines(run, "result")} == {64}
