"""How much of its workers' time a sweep uses: evaluations that sleep, on the engine `ray` and on plain Ray Tune.

    python benchmarks/sweep/run.py ray --workers 16 --seconds 1 --trials 300
    python benchmarks/sweep/run.py tune --workers 16 --seconds 1 --trials 300
    python benchmarks/sweep/run.py light --seconds 0.002 --trials 5000
    python benchmarks/sweep/run.py slots --slots 500 --seconds 2 --trials 20000
    python benchmarks/sweep/run.py driver --slots 500 --seconds 2 --trials 20000

`ray` and `tune` count what ends once every worker has brought its first result: processes start slowly on a small
machine, and once in a sweep. `light` puts packed evaluations of milliseconds beside
the same in the driver's own process. `slots` has one asynchronous Ray actor for all slots, which come to the engine's
desk as leases do: desk, driver, searcher and journal are measured. `driver` does without Ray: one object keeps times.
Each prints one line of JSON; nothing is kept.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "search"))

from archdsl_search.driver.driver import Driver
from archdsl_search.driver.engines import open_engine
from archdsl_search.engines.base import Ending, Engine
from archdsl_search.evaluators.base import Job
from archdsl_search.evaluators.plan import EvaluatorPlan
from archdsl_search.journal.records import Result
from archdsl_search.journal.writer import JournalWriter
from archdsl_search.outcome import State
from archdsl_search.sweep.checking import checked_objective
from archdsl_search.sweep.loading import sweep_of
from archdsl_search.sweep.parts import Parts, put_together
from benchmarks.sweep.sleeper import Sleeper, SleeperSettings


class Clock:
    """Watches a run: when each result came, how long the driver was away, how much memory it had."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.memory: list[int] = []
        self.pause = 0.0
        self._last = time.monotonic()

    def on_result(self, result: Result) -> None:
        """A trial has ended."""
        self.times.append(time.monotonic())
        if len(self.times) % 1000 == 0:
            self.memory.append(_memory())

    def on_tick(self, running: int, spending: object) -> None:
        """The driver is back from its work."""
        now = time.monotonic()
        self.pause, self._last = max(self.pause, now - self._last), now

    def throughput(self, skip: int) -> float:
        """Results per second after the first so many."""
        return (len(self.times) - skip) / (self.times[-1] - self.times[skip - 1])


class Simulated(Engine):
    """Slots that are busy for so many seconds; no processes."""

    def __init__(self, slots: int, seconds: float):
        self._slots = slots
        self._seconds = seconds
        self._busy: list[tuple[float, int, Job]] = []

    @property
    def slots(self) -> int:
        return self._slots

    def submit(self, jobs: Sequence[Job]) -> None:
        now = time.monotonic()
        for job in jobs:
            # Durations differ, as real ones do: else all slots would be free at the same moments.
            heapq.heappush(self._busy, (now + self._seconds * (0.5 + job.seed / 2**31), job.trial, job))

    def wait(self, timeout: float) -> list[Ending]:
        if self._busy:
            time.sleep(max(0.0, min(timeout, self._busy[0][0] - time.monotonic())))
        now = time.monotonic()
        ended = []
        while self._busy and self._busy[0][0] <= now:
            _, trial, job = heapq.heappop(self._busy)
            ended.append(Ending(trial, State.FINISHED, {"score": job.seed / 2**31}, seconds=self._seconds))
        return ended

    def close(self, grace: float) -> None:
        self._busy.clear()


def parts_of(trials: int, workers: int, seconds: float, batch: int, searcher: str) -> Parts:
    """A sweep over the space of NAS-Bench-201 whose evaluations take so long."""
    sweep = sweep_of(
        {
            "space": {"file": "nasbench201", "params": {"repeats": 1, "width": 4}},
            "identity": "none",
            "searcher": searcher,
            "evaluator": "cost",
            "objective": {"name": "maximize", "metric": "params"},
            "budget": {"trials": trials},
            "resources": {"workers": workers, "cpus": 0.01, "batch": batch},
        }
    )
    parts = put_together(sweep)
    sweep = sweep.model_copy(update={"objective": {"name": "maximize", "metric": "score"}})
    plan = EvaluatorPlan(Sleeper, SleeperSettings(seconds=seconds))
    return replace(parts, sweep=sweep, plan=plan, objective=checked_objective(sweep.objective, plan))


def carried_out(parts: Parts, engine: Engine) -> Clock:
    """The run, with a journal on the disk."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder, JournalWriter(Path(folder)) as writer:
        driver = Driver(parts, engine, writer, Path(folder), clock)
        driver.run()
    return clock


def ray(options: argparse.Namespace) -> dict[str, Any]:
    """The engine `ray`."""
    parts = parts_of(options.trials, options.workers, options.seconds, 1, options.searcher)
    engine = open_engine("ray", parts)
    clock = carried_out(parts, engine)
    engine.close(10.0)
    return _share(clock.throughput(2 * options.workers), options.workers / options.seconds)


def tune(options: argparse.Namespace) -> dict[str, Any]:
    """Plain Ray Tune with its random search, actors reused."""
    import ray as ray_package
    from ray import tune as ray_tune

    class Sleep(ray_tune.Trainable):
        def setup(self, config: dict[str, Any]) -> None:
            self.seconds = options.seconds

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            return True

        def step(self) -> dict[str, Any]:
            time.sleep(self.seconds)
            return {"score": 0.5, "done": True}

        def save_checkpoint(self, checkpoint_dir: str) -> None:
            """Nothing."""

        def load_checkpoint(self, checkpoint: object) -> None:
            """Nothing."""

    times: list[float] = []

    class Times(ray_tune.Callback):
        def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
            times.append(time.monotonic())

    os.environ.update({"TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1", "TUNE_MAX_PENDING_TRIALS_PG": str(options.workers)})
    ray_package.init("local", num_cpus=options.workers, include_dashboard=False, log_to_driver=False)
    with tempfile.TemporaryDirectory() as folder:
        ray_tune.Tuner(
            ray_tune.with_resources(Sleep, {"CPU": 1}),
            param_space={f"edge{n}": ray_tune.choice(list(range(5))) for n in range(6)},
            tune_config=ray_tune.TuneConfig(num_samples=options.trials, reuse_actors=True),
            run_config=ray_tune.RunConfig(storage_path=folder, verbose=0, callbacks=[Times()]),
        ).fit()
    ray_package.shutdown()
    skip = 2 * options.workers
    return _share((len(times) - skip) / (times[-1] - times[skip - 1]), options.workers / options.seconds)


def light(options: argparse.Namespace) -> dict[str, Any]:
    """Packed evaluations of milliseconds on one worker of the engine `ray`, beside the same in the driver's process."""
    parts = parts_of(options.trials, 1, options.seconds, options.batch, options.searcher)
    found = {}
    for name in ("local", "ray"):
        engine = open_engine(name, parts)
        found[name] = carried_out(parts, engine).throughput(options.trials // 5)
        engine.close(10.0)
    return {**_share(found["ray"], 1 / options.seconds), "local_per_second": round(found["local"], 2)}


def slots(options: argparse.Namespace) -> dict[str, Any]:
    """Everything but leases and Tune, with the slots on one asynchronous actor."""
    from archdsl_search.engines.ray.before_import import prepare

    prepare("")
    from benchmarks.sweep.one_actor import OneActorEngine

    parts = parts_of(options.trials, options.slots, 1.0, 1, options.searcher)
    engine = OneActorEngine(options.slots, options.seconds)
    clock = carried_out(parts, engine)
    engine.close(30.0)
    return {**_found(clock, options), "done_by_actor": engine.done}


def driver(options: argparse.Namespace) -> dict[str, Any]:
    """Searcher, driver and journal alone, with simulated slots."""
    parts = parts_of(options.trials, options.slots, 1.0, 1, options.searcher)
    clock = carried_out(parts, Simulated(options.slots, options.seconds))
    return _found(clock, options)


def _found(clock: Clock, options: argparse.Namespace) -> dict[str, Any]:
    found = _share(clock.throughput(2 * options.slots), options.slots / options.seconds)
    return {**found, "longest_pause": round(clock.pause, 3), "memory_mib": [m // 2**20 for m in clock.memory][::5]}


def _share(throughput: float, ideal: float) -> dict[str, Any]:
    return {"per_second": round(throughput, 2), "ideal": round(ideal, 2), "share": round(throughput / ideal, 4)}


def _memory() -> int:
    """Bytes that this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


WAYS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "ray": ray, "tune": tune, "light": light, "slots": slots, "driver": driver,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--slots", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=1.0, help="that an evaluation takes")
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--searcher", default="regularized_evolution")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)  # for the processes that Ray starts
    print(json.dumps({**vars(options), **WAYS[options.way](options)}))


if __name__ == "__main__":
    main()
