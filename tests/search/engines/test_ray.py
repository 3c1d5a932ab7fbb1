"""The engine on Ray: whatever an evaluation does, it has an ending; light ones are packed; the search is the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from archdsl_search.engines.leftovers import VARIABLE, end_leftovers, is_alive, leftovers
from archdsl_search.engines.needs import Needs
from archdsl_search.engines.ray.engine import RayEngine
from archdsl_search.engines.ray.lease import LeasePlan
from archdsl_search.engines.worker import BrokenEvaluatorError, Limits
from archdsl_search.outcome import State
from tests.search.engines.evaluators import broken, finish, job, maker
from tests.search.small_runs import SPACE, lines

ROOT = Path(__file__).resolve().parents[3]
LIMITS = Limits(threads=1, memory=4 << 30, deadline=20)


@pytest.fixture(scope="module")
def engine():
    made = RayEngine(LeasePlan(maker(), LIMITS), Needs(2, 0.5, custom={"scratch": 0.25}))
    yield made
    made.close(20.0)


def test_jobs_end_with_their_metrics_on_several_workers(engine, tmp_path):
    endings = finish(engine, [job(trial, tmp_path) for trial in range(8)])
    assert {trial: ending.metrics["score"] for trial, ending in endings.items()} == {n: float(n) for n in range(8)}
    assert {ending.state for ending in endings.values()} == {State.FINISHED}
    assert len({ending.metrics["pid"] for ending in endings.values()}) <= 2


def test_errors_states_and_logs_are_those_of_the_local_engine(engine, tmp_path):
    wanted = ["fail", "refuse", "exhaust", "allocate", "print", "score"]
    endings = finish(engine, [job(trial, tmp_path, do) for trial, do in enumerate(wanted)])
    states = [endings[trial].state for trial in range(len(wanted))]
    assert states == [State.FAILED, *[State.INFEASIBLE] * 3, State.FINISHED, State.FINISHED]
    assert endings[0].error == "ValueError: of no use in two lines"
    assert "raise ValueError" in (tmp_path / "trial0" / "log.txt").read_text()
    assert "hello from below" in (tmp_path / "trial4" / "log.txt").read_text()


def test_an_evaluation_that_kills_its_process_is_lost_and_the_worker_goes_on(engine, tmp_path):
    endings = finish(engine, [job(0, tmp_path, "die"), job(1, tmp_path), job(2, tmp_path)])
    assert endings[0].lost
    assert endings[1].state is endings[2].state is State.FINISHED


def test_a_lease_that_is_killed_gives_back_what_it_held_and_is_replaced(engine, tmp_path):
    actors: set[int] = set()
    until = time.monotonic() + 60
    while len(actors) < 2:  # the second one may still be starting
        assert time.monotonic() < until
        first = finish(engine, [job(0, tmp_path, "sleep 0.3"), job(1, tmp_path, "sleep 0.3")])
        actors |= {parent_of(int(ending.metrics["pid"])) for ending in first.values()}
    engine.submit([job(2, tmp_path, "sleep 100"), job(3, tmp_path, "sleep 100")])
    time.sleep(1.0)
    for actor in actors:
        os.kill(actor, signal.SIGKILL)
    lost = [ending for ending in collect(engine, 2) if ending.lost]
    assert {ending.trial for ending in lost} == {2, 3}
    assert {ending.error for ending in lost} == {"the worker or its machine was lost"}
    assert finish(engine, [job(4, tmp_path), job(5, tmp_path)])[5].state is State.FINISHED


def test_an_evaluator_that_cannot_be_made_ends_the_engine(tmp_path):
    engine = RayEngine(LeasePlan(partial(broken), LIMITS), Needs(1, 0.1))
    with pytest.raises(BrokenEvaluatorError, match="there is no such table"):
        finish(engine, [job(0, tmp_path)])
    engine.close(20.0)


def test_other_tuners_of_the_process_find_their_environment_as_it_was(engine, tmp_path):
    before = {name: value for name, value in os.environ.items() if name.startswith("TUNE")}
    other = RayEngine(LeasePlan(maker(), LIMITS), Needs(1, 0.5))
    try:
        assert os.environ["TUNE_MAX_PENDING_TRIALS_PG"] == "1"
        assert finish(other, [job(0, tmp_path)])[0].state is State.FINISHED
    finally:
        other.close(20.0)
    assert {name: value for name, value in os.environ.items() if name.startswith("TUNE")} == before


def test_light_evaluations_are_packed(tmp_path):
    engine = RayEngine(LeasePlan(maker(), LIMITS, light=True), Needs(1, 0.1), batch=500)
    assert engine.slots == 500
    endings = finish(engine, [job(trial, tmp_path, "fail" if trial == 7 else "score") for trial in range(500)])
    engine.close(20.0)
    assert [trial for trial, ending in endings.items() if ending.state is not State.FINISHED] == [7]


DRIVER = """
import sys, time
from pathlib import Path
from tests.search.engines.evaluators import finish, job, maker
from archdsl_search.engines.leftovers import VARIABLE, end_leftovers, is_alive, leftovers
from archdsl_search.engines.needs import Needs
from archdsl_search.engines.ray.engine import RayEngine
from archdsl_search.engines.ray.lease import LeasePlan
from archdsl_search.engines.worker import Limits
engine = RayEngine(LeasePlan(maker(), Limits()), Needs(2))
found = finish(engine, [job(0, Path(sys.argv[1])), job(1, Path(sys.argv[1]))])
engine.submit([job(2, Path(sys.argv[1]), "sleep 100"), job(3, Path(sys.argv[1]), "sleep 100")])
print(*{int(ending.metrics["pid"]) for ending in found.values()}, flush=True)
time.sleep(100)
"""


def test_no_process_outlives_a_driver_that_is_killed(tmp_path):
    path = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'search')!r}]\n"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'search'}", VARIABLE: str(tmp_path)}
    driver = subprocess.Popen(
        [sys.executable, "-c", path + DRIVER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert driver.stdout is not None
    pids = [int(pid) for pid in driver.stdout.readline().split()]
    assert pids
    assert all(is_alive(pid) for pid in pids)
    driver.kill()
    driver.wait()
    driver.stdout.close()
    until = time.monotonic() + 60
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.1)
    # Ray's own processes may stay a while; they are found, and ended.
    end_leftovers(tmp_path)
    assert leftovers(tmp_path) == []


def test_the_same_sweep_gives_the_same_search_on_both_engines(tmp_path):
    (tmp_path / "space.yaml").write_text(SPACE)
    sweep = {
        "space": "space.yaml",
        "searcher": "regularized_evolution",
        "evaluator": {"name": "cost"},
        "objective": {"name": "minimize", "metric": "mult_adds"},
        "budget": {"trials": 15},
        "seed": 3,
    }
    (tmp_path / "sweep.yaml").write_text(json.dumps(sweep))
    for engine in ("local", "ray"):
        command = ["-m", "archdsl", "search", "run", str(tmp_path / "sweep.yaml"), "--out", str(tmp_path / engine)]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'search'}"}
        subprocess.run([sys.executable, *command, "--engine", engine, "--quiet"], check=True, env=environment)
    assert lines(tmp_path / "local") == lines(tmp_path / "ray")
    assert len(lines(tmp_path / "ray")) > 30


def collect(engine: RayEngine, count: int) -> list[Any]:
    found: list[Any] = []
    until = time.monotonic() + 60
    while len(found) < count:
        assert time.monotonic() < until
        found += engine.wait(1.0)
    return found


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
