"""Runs written as a driver writes them, without searching: every state, replays, two objectives, hostile names."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import torch

import archdsl
from archdsl_search.evaluators.keeping import keep_weights
from archdsl_search.journal.records import Asked, Header, Result, Session
from archdsl_search.journal.writer import JournalWriter
from archdsl_search.outcome import State

PARAMS = {"blocks": 2, "repeats": 1, "filters": 4}
INPUTS = {"image": [1, 8, 8]}


def sweep(**changes):
    """What a header has of a sweep."""
    return {
        "sweep": 1,
        "name": "cells for digits",
        "space": {"file": "nasnet_space", "params": PARAMS, "inputs": INPUTS, "decisions": {}},
        "identity": "graph",
        "searcher": {"name": "random"},
        "evaluator": {"name": "training", "epochs": 2},
        "objective": {"name": "accuracy", "metric": None},
        "constraints": {},
        "budget": {"trials": 10, "seconds": None},
        "resources": {"workers": 2},
        "seed": 0,
        **changes,
    }


def write_run(folder: Path, results, labels=("accuracy",), ended="the budget of 10 trials is used up", **changes):
    """A run's journal with these results, each asked for before it ended."""
    with JournalWriter(folder) as writer:
        header = Header(sweep(**changes), archdsl.load_space("nasnet_space").digest, archdsl.__version__, labels, {})
        ends = [line for result in results for line in (Asked(result.trial, result.identity), result)]
        writer.write([header, *ends, *([Session("completed", ended)] if ended else [])])
    return folder


def result(trial, decisions, values, state=State.FINISHED, replayed=None, error="", identity=None, **metrics):
    """The end of a trial, a second after the one before."""
    time = {"at": "2026-01-01T00:00:00Z", "seconds": 1.5, "elapsed": float(trial + 1), "worker": "here:1"}
    name = identity or f"id{trial}"
    return Result(trial, state, values, decisions, name, metrics, error, replayed, time)


@pytest.fixture(scope="session")
def space() -> archdsl.Space:
    """The space of the runs."""
    return archdsl.load_space("nasnet_space", PARAMS, inputs=INPUTS)


@pytest.fixture(scope="session")
def candidates(space):
    """Decisions of ten candidates."""
    rng = Random(0)
    return [space.sample(rng) for _ in range(10)]


@pytest.fixture(scope="session")
def run(tmp_path_factory, space, candidates) -> Path:
    """A run in which trial 4 is the best, 7 its replay, 2 smaller and nearly as good; weights of 4 were kept."""
    accuracies = [0.5, 0.6, 0.85, None, 0.9, None, 0.7, 0.9, 0.2, None]
    mult_adds = [500, 400, 300, 0, 800, 0, 900, 800, 200, 0]
    states = {3: State.FAILED, 5: State.INFEASIBLE, 9: State.REJECTED}
    results = []
    for trial, accuracy in enumerate(accuracies):
        if accuracy is None:
            results.append(result(trial, candidates[trial], None, states[trial], error=f"<b>trial</b> {trial} broke"))
            continue
        metrics = {"accuracy": accuracy, "mult_adds": float(mult_adds[trial]), "params": 10.0 * trial}
        same = {"replayed": 4, "identity": "id4"} if trial == 7 else {}
        decisions = candidates[4] if trial == 7 else candidates[trial]
        results.append(result(trial, decisions, (accuracy,), **metrics, **same))
    folder = write_run(tmp_path_factory.mktemp("runs") / "run", results)
    torch.manual_seed(1)
    module = archdsl.compile(space.resolve(candidates[4]))
    keep_weights(module, folder / "trials" / "000004")
    return folder
