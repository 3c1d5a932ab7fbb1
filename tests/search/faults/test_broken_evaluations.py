"""Whatever an evaluation does, its trial ends, the journal says how, and the search goes on."""

from __future__ import annotations

import pytest

from .harness import Sweeping, end, expect_sound

FAULTS = {
    "hang": ("failed", "stopped at its deadline of 3 s"),
    "memory": ("infeasible", "out of memory"),
    "raised": ("failed", "ValueError: of no use"),
    "die": ("failed", "the worker died (signal 9)"),
    "nan": ("failed", "the metric `score` is nan, not a finite number"),
    "infinite": ("failed", "the metric `score` is -inf, not a finite number"),
    "missing": ("failed", "score"),
    "string": ("failed", "the metric `score` is '0.97', not a finite number"),
}


@pytest.mark.parametrize("engine", ["local", "ray"])
def test_every_kind_of_fault_has_its_end(engine: str, request: pytest.FixtureRequest) -> None:
    sweeping: Sweeping = request.getfixturevalue("sweeping" if engine == "local" else "sweeping_on_ray")
    faults = {name: [2 * n + 1] for n, name in enumerate(FAULTS)}
    sweeping.describe(2 * len(FAULTS) + 2, workers=2, faults=faults, timeout=3, memory="4GB")
    end(sweeping.begin())
    expect_sound(sweeping, 2 * len(FAULTS) + 2)
    results = {line["trial"]: line for line in sweeping.results()}
    for name, (trial,) in faults.items():
        state, error = FAULTS[name]
        assert results[trial]["state"] == state, (name, results[trial])
        assert error in results[trial]["error"]
        assert results[trial]["objective"] is None
    others = [line for trial, line in results.items() if trial not in {n for (n,) in faults.values()}]
    assert {line["state"] for line in others} == {"finished"}
    assert len(others) == len(FAULTS) + 2
    # One that dies may have been unlucky: it is tried again, twice. No other one is.
    assert sweeping.evaluations()[faults["die"][0]] == 3
    assert all(n == 1 for trial, n in sweeping.evaluations().items() if trial != faults["die"][0])
    # The process that ran out of memory is not used again.
    spent = _process_of(sweeping, faults["memory"][0])
    after = [line["metrics"]["pid"] for line in others if line["trial"] > faults["memory"][0] + 4]
    assert after
    assert spent not in after
    sweeping.expect_nothing_left()


def _process_of(sweeping: Sweeping, trial: int) -> int:
    lines = (sweeping.run / "evaluated").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.split()[0] == str(trial))
