"""The warm start: what is ranked, in which order it is proposed, and how a sweep fills in the score."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from pydantic import ValidationError

import archdsl_search
from archdsl_search.candidate import Candidate
from archdsl_search.searchers.warm_start import WarmStart, WarmStartSettings
from archdsl_search.testing.driving import drive, finished
from archdsl_search.testing.spaces import SPACES


def convolutions(candidate: Candidate) -> float:
    return sum(label == "conv3" for label in candidate.decisions.values())


def test_it_begins_with_the_best_of_the_pool_in_their_order() -> None:
    searcher = WarmStart(SPACES["flat"], WarmStartSettings(pool=200, start=10), Random(0))
    searcher.score = convolutions
    record = drive(searcher, 10, finished, slots=4)
    scores = [convolutions(record.candidates[trial]) for trial in range(10)]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= 3


def test_what_cannot_be_scored_comes_last() -> None:
    def score(candidate: Candidate) -> float:
        return float("nan") if candidate.decisions["edge[0]"] == "none" else 1.0

    searcher = WarmStart(SPACES["flat"], WarmStartSettings(pool=50, start=20), Random(0))
    searcher.score = score
    record = drive(searcher, 20, finished)
    assert all(candidate.decisions["edge[0]"] != "none" for candidate in record.candidates.values())


def test_an_unknown_searcher_within_is_refused() -> None:
    with pytest.raises(ValidationError, match="there is no searcher `nobody`"):
        WarmStartSettings(searcher={"name": "nobody"})
    with pytest.raises(ValidationError, match="there is no searcher `warm_start`"):
        WarmStartSettings(searcher={"name": "warm_start"})


def test_a_sweep_scores_the_pool_with_the_evaluator_it_names(tmp_path: Path) -> None:
    sweep = {
        "space": {"file": "nasbench201", "params": {"repeats": 1}},
        "searcher": {"name": "warm_start", "score": {"name": "cost"}, "pool": 12, "start": 3},
        "evaluator": {"name": "cost"},
        "budget": {"trials": 3},
    }
    archdsl_search.run(sweep, out=tmp_path / "run")
    lines = [json.loads(line) for line in (tmp_path / "run" / "journal.jsonl").read_text().splitlines()]
    metrics = [line["metrics"] for line in lines if line.get("state") == "finished"]
    values = [measured["params"] for measured in metrics]
    assert len(values) == 3
    assert values == sorted(values, reverse=True)
