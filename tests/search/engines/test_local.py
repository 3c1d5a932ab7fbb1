"""Worker processes: whatever an evaluation does, it has an ending, and nothing is left behind."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from archdsl_search.engines.leftovers import is_alive
from archdsl_search.engines.local import LocalEngine
from archdsl_search.engines.worker import BrokenEvaluatorError, Limits
from archdsl_search.outcome import State
from tests.search.engines.evaluators import Obedient, broken, finish, job, maker


@pytest.fixture
def engine():
    made = LocalEngine(maker(), 2, Limits(threads=1, memory=4 << 30, deadline=20))
    yield made
    made.close(1.0)
    assert made.pids == []


def test_jobs_end_with_their_metrics_on_as_many_processes_as_there_are_workers(engine, tmp_path):
    endings = finish(engine, [job(trial, tmp_path) for trial in range(8)])
    assert {trial: ending.metrics["score"] for trial, ending in endings.items()} == {n: float(n) for n in range(8)}
    assert {ending.state for ending in endings.values()} == {State.FINISHED}
    assert {int(ending.metrics["pid"]) for ending in endings.values()} == set(engine.pids)
    assert not any(tmp_path.iterdir())


def test_numbers_of_libraries_arrive_as_numbers(engine, tmp_path):
    endings = finish(engine, [job(trial, tmp_path, "tensors") for trial in range(2)])
    assert {trial: ending.metrics["score"] for trial, ending in endings.items()} == {0: 0.0, 1: 1.0}
    assert {(ending.state, ending.metrics["other"]) for ending in endings.values()} == {
        (State.FINISHED, "tensor([1., 1.])")
    }


def test_an_error_fails_its_own_trial_and_stands_in_its_log(engine, tmp_path):
    endings = finish(engine, [job(0, tmp_path, "fail"), job(1, tmp_path), job(2, tmp_path, "print")])
    assert (endings[0].state, endings[0].error) == (State.FAILED, "ValueError: of no use in two lines")
    assert not endings[0].lost
    assert "raise ValueError" in (tmp_path / "trial0" / "log.txt").read_text()
    assert endings[1].state is State.FINISHED
    assert (tmp_path / "trial2" / "log.txt").read_text() == "hello from python\nhello from below\n"


@pytest.mark.parametrize(
    ("do", "error"),
    [("refuse", "too large for this device"), ("exhaust", "out of memory: no more"), ("allocate", "out of memory")],
)
def test_what_does_not_fit_is_infeasible(do, error, engine, tmp_path):
    endings = finish(engine, [job(0, tmp_path, do)])
    assert (endings[0].state, endings[0].error) == (State.INFEASIBLE, error)


def test_a_process_that_ran_out_of_memory_is_replaced(tmp_path):
    engine = LocalEngine(maker(), 1)
    before = finish(engine, [job(0, tmp_path)])[0].metrics["pid"]
    finish(engine, [job(1, tmp_path, "exhaust")])
    after = finish(engine, [job(2, tmp_path)])[2].metrics["pid"]
    engine.close(1.0)
    assert before != after
    assert not is_alive(int(before))


@pytest.mark.parametrize(("do", "how"), [("die", "signal 9"), ("leave", "exit status 3")])
def test_a_worker_that_dies_loses_its_job_and_is_replaced(do, how, engine, tmp_path):
    endings = finish(engine, [job(0, tmp_path, do), job(1, tmp_path), job(2, tmp_path)])
    assert endings[0].lost
    assert how in endings[0].error
    assert endings[1].state is endings[2].state is State.FINISHED


def test_a_child_that_an_evaluation_has_forked_does_not_speak_for_it(tmp_path):
    engine = LocalEngine(maker(), 1, Limits(deadline=30))
    found = finish(engine, [job(0, tmp_path, "fork"), job(1, tmp_path), job(2, tmp_path, "fork")])
    engine.close(1.0)
    assert {trial: ending.state for trial, ending in found.items()} == dict.fromkeys(range(3), State.FINISHED)
    assert len({ending.metrics["pid"] for ending in found.values()}) == 1
    assert found[0].seconds >= 0.5


def test_a_trial_that_hangs_is_stopped_at_its_deadline(tmp_path):
    engine = LocalEngine(maker(), 1, Limits(deadline=0.5))
    endings = finish(engine, [job(0, tmp_path, "hang"), job(1, tmp_path)])
    engine.close(1.0)
    assert endings[0].error == "stopped at its deadline of 0.5 s"
    assert endings[0].state is State.FAILED
    assert not endings[0].lost
    assert 0.5 <= endings[0].seconds < 10
    assert endings[1].state is State.FINISHED


def test_an_evaluator_that_cannot_be_made_is_said_once_and_clearly(tmp_path):
    engine = LocalEngine(partial(broken), 2)
    with pytest.raises(BrokenEvaluatorError, match="FileNotFoundError: there is no such table"):
        finish(engine, [job(0, tmp_path)])
    engine.close(1.0)


def test_reports_and_stopping_early_do_not_disturb(engine, tmp_path):
    endings = finish(engine, [job(0, tmp_path, "report 5")])
    assert endings[0].metrics["score"] == 0.0


def test_closing_stops_what_runs(tmp_path):
    engine = LocalEngine(maker(), 2)
    finish(engine, [job(0, tmp_path), job(1, tmp_path)])
    pids = engine.pids
    engine.submit([job(2, tmp_path, "sleep 100"), job(3, tmp_path, "hang")])
    time.sleep(0.3)
    engine.close(5.0)
    assert pids
    assert not any(is_alive(pid) for pid in pids)


DRIVER = """
import sys, time
from pathlib import Path
from tests.search.engines.evaluators import finish, job, maker
from archdsl_search.engines.leftovers import is_alive
from archdsl_search.engines.local import LocalEngine
if __name__ == "__main__":
    engine = LocalEngine(maker(), 2)
    finish(engine, [job(0, Path(sys.argv[1])), job(1, Path(sys.argv[1]))])
    engine.submit([job(2, Path(sys.argv[1]), "sleep 100"), job(3, Path(sys.argv[1]), "hang")])
    time.sleep(0.3)
    print(*engine.pids, flush=True)
    time.sleep(100)
"""


def test_no_worker_outlives_a_driver_that_is_killed(tmp_path):
    root = Path(__file__).resolve().parents[3]
    path = f"import sys; sys.path[:0] = [{str(root)!r}, {str(root / 'search')!r}]\n"
    driver = subprocess.Popen([sys.executable, "-c", path + DRIVER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    pids = [int(pid) for pid in driver.stdout.readline().split()]
    assert len(pids) == 2
    assert all(is_alive(pid) for pid in pids)
    driver.kill()
    driver.wait()
    driver.stdout.close()
    until = time.monotonic() + 10
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_functions_of_a_script_can_be_evaluators(tmp_path):
    """What the main module defines is sent by value: nothing of it is imported again."""
    made = lambda: Obedient()  # noqa: E731
    engine = LocalEngine(made, 1)
    assert finish(engine, [job(4, tmp_path)])[4].metrics["score"] == 4.0
    engine.close(1.0)
