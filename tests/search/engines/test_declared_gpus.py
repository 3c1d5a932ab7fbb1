"""GPUs in fractions and in bundles, on a cluster that says it has some: what Ray counts and what evaluations are given.

No GPU is used: what CUDA does with several processes on one device has not been seen by these tests.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.search.faults.harness import Nodes, Sweeping, end, expect_sound


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """Two nodes, each with a GPU."""
    made = Nodes.start(2, 4, 1)
    yield made
    made.stop()


def devices(sweeping: Sweeping) -> dict[int, set[str]]:
    """CUDA_VISIBLE_DEVICES of each process that evaluated."""
    found: dict[int, set[str]] = {}
    for line in (sweeping.run / "evaluated").read_text().splitlines():
        _, pid, visible = line.split()
        found.setdefault(int(pid), set()).add(visible)
    return found


def test_several_trials_share_a_gpu_and_each_sees_one(nodes, tmp_path):
    sweeping = Sweeping(tmp_path, ("--engine", "ray", "--address", nodes.address))
    sweeping.describe(24, workers=8, seconds=0.5, cpus=0.5, gpus=0.25)
    checked = end(sweeping.start("run", tmp_path / "sweep.yaml", "--check", "--probe", 0, *sweeping.engine))
    assert "the cluster has 8 CPUs and 2 GPUs on 3 machines" in checked
    assert "8 of 8 trials can run at once now" in checked
    end(sweeping.begin())
    expect_sound(sweeping, 24)
    assert 2 < len(devices(sweeping)) <= 8  # more than there are GPUs; on a busy machine some worker may come too late
    assert all(visible == {"0"} for visible in devices(sweeping).values())


def test_a_trial_over_several_gpus_waits_for_all_of_them(nodes, tmp_path):
    sweeping = Sweeping(tmp_path, ("--engine", "ray", "--address", nodes.address))
    sweeping.describe(4, workers=2, seconds=0.1, gpus=1, bundles=[{"GPU": 1}])
    checked = end(sweeping.start("run", tmp_path / "sweep.yaml", "--check", "--probe", 0, *sweeping.engine))
    assert "each trial needs 1 CPU and 2 GPUs; 2 are wanted at once" in checked
    assert "1 of 2 trials can run at once now" in checked
    end(sweeping.begin())
    expect_sound(sweeping, 4)
    assert len(devices(sweeping)) == 1
    sweeping.describe(4, workers=2, gpus=1, bundles=[{"GPU": 2}])
    refused = sweeping.start("run", tmp_path / "sweep.yaml", "--out", tmp_path / "no", *sweeping.engine)
    assert "needs 3 GPUs per trial, cluster has 2" in end(refused, 2)
