"""Our searchers in somebody else's `tune.Tuner`: suggests, hears of every end, is saved as JSON."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler, HyperBandScheduler

import archdsl
import archdsl_search
from archdsl_search.engines.ray.tune_searcher import TuneSearcher

SPACE = """\
archdsl: 1
name: small
inputs: {image: [1, 8, 8]}
graph:
  - conv2d: {out_channels: {choose: [1, 2, 3, 4, 5, 6, 7, 8]}, kernel_size: {choose: [1, 3]}, padding: half}
  - choose: {none: [], also_none: identity, relu: relu}
  - global_avg_pool2d
  - linear: {out_features: 2}
"""
SEARCHERS = ["random", "regularized_evolution", "local_search", "grid", "reinforce", "nsga2"]


@pytest.fixture
def space(tmp_path: Path) -> Path:
    (tmp_path / "space.yaml").write_text(SPACE)
    return tmp_path / "space.yaml"


def searching(space: Path, searcher: str, metric: Any = "score", **more: Any) -> TuneSearcher:
    sweep = {"space": str(space), "searcher": {"name": searcher}, "seed": 1, **more}
    return archdsl_search.tune_searcher(sweep, metric)


def score(config: dict[str, Any]) -> float:
    return float(sum(len(str(label)) + index for index, label in enumerate(config["decisions"].values())))


def drive(made: TuneSearcher, trials: int, at_once: int = 3) -> list[dict[str, Any]]:
    """What a Tuner does: some are open at once; every third trial has no result worth the name."""
    suggested: list[dict[str, Any]] = []
    running: list[tuple[str, dict[str, Any]]] = []
    bad: list[tuple[dict[str, Any] | None, bool]] = [
        (None, True),
        ({"score": float("nan")}, False),
        ({"score": "0.9"}, False),
        ({"other": 1.0}, False),
    ]
    while len(suggested) < trials:
        found = made.suggest(f"trial{len(suggested)}") if len(running) < at_once else None
        if isinstance(found, str):
            break
        if found is not None:
            running.append((f"trial{len(suggested)}", found))
            suggested.append(found)
            continue
        name, config = running.pop(0)
        number = int(name.removeprefix("trial"))
        if number % 3 == 2:
            made.on_trial_complete(name, *bad[number % 4])
        else:
            made.on_trial_complete(name, {"score": score(config)})
    for name, config in running:
        made.on_trial_complete(name, {"score": score(config)})
    return suggested


@pytest.mark.parametrize("searcher", SEARCHERS)
def test_no_network_is_suggested_twice_and_bad_ends_disturb_nothing(searcher, space):
    made = searching(space, searcher)
    found = drive(made, 20)
    networks = [archdsl.load_space(space).resolve(config["decisions"]) for config in found]
    assert len({network.hash for network in networks}) == len(networks)
    assert len(networks) > 8


def test_a_searcher_that_has_nothing_more_ends_the_search(space):
    found = drive(searching(space, "grid"), 10_000)
    assert len(found) == 8 * 2 * 2  # two of the three activations are the same network


@pytest.mark.parametrize("searcher", SEARCHERS)
@pytest.mark.parametrize("way", ["file", "pickle"])
def test_a_restored_searcher_goes_on_as_the_first_one(searcher, way, space, tmp_path):
    first = searching(space, searcher)
    drive(first, 8)
    if way == "file":
        first.save(str(tmp_path / "state"))
        assert json.loads((tmp_path / "state").read_text())["calls"]
        again = searching(space, searcher)
        again.restore(str(tmp_path / "state"))
    else:
        again = pickle.loads(pickle.dumps(first))
    assert drive(first, 6) == drive(again, 6)


def test_files_that_hold_something_else_are_refused(space, tmp_path):
    (tmp_path / "state").write_text("[]")
    with pytest.raises(ValueError, match="no calls of a searcher"):
        searching(space, "random").restore(str(tmp_path / "state"))
    with pytest.raises(ValueError, match="mode is max or min"):
        archdsl_search.tune_searcher({"space": str(space), "searcher": "random"}, "score", "maximum")


def test_several_objectives(space):
    made = searching(space, "nsga2", ["score", "params"])
    for trial in range(12):
        config = made.suggest(str(trial))
        assert isinstance(config, dict)
        made.on_trial_complete(str(trial), {"score": score(config), "params": 1.0})


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUNE_WARN_THRESHOLD_S", "60")
        patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
        yield
        ray.shutdown()


def learn(module: object, architecture: archdsl.Architecture, job: archdsl_search.Job) -> dict[str, float]:
    """Gets better with every step, the more the wider it is."""
    width = float(next(iter(architecture.decisions.values())))  # type: ignore[arg-type]
    for step in range(1, 5):
        job.report(step, {"accuracy": width * step})
    return {"accuracy": width * 4}


@pytest.mark.parametrize("scheduler", [ASHAScheduler, HyperBandScheduler], ids=["asha", "hyperband"])
def test_a_tuner_with_a_scheduler_and_callbacks_carries_out_a_search(scheduler, space, tmp_path, cluster):
    from ray.air.integrations.mlflow import MLflowLoggerCallback

    sweep = {"space": str(space), "searcher": "regularized_evolution"}
    store = tmp_path / "mlruns"
    results = tune.Tuner(
        tune.with_resources(archdsl_search.tune_trainable(sweep, learn), {"CPU": 0.5}),
        tune_config=tune.TuneConfig(
            metric="accuracy",
            mode="max",
            search_alg=archdsl_search.tune_searcher(sweep),
            scheduler=scheduler(time_attr="step", max_t=4),
            num_samples=6,
            max_concurrent_trials=3,
        ),
        run_config=tune.RunConfig(
            storage_path=str(tmp_path / "tune"),
            verbose=0,
            callbacks=[MLflowLoggerCallback(tracking_uri=store.as_uri(), experiment_name="search")],
        ),
    ).fit()
    assert not results.errors
    assert len(results) == 6
    best = results.get_best_result()
    assert best.config is not None
    network = archdsl.load_space(space).resolve(best.config["decisions"])
    assert best.metrics is not None
    assert best.metrics["accuracy"] == 4 * float(next(iter(network.decisions.values())))  # type: ignore[arg-type]
    assert len(list(store.glob("*/*/metrics/accuracy"))) == 6
    assert list((tmp_path / "tune").glob("*/*/events.out.tfevents.*"))
