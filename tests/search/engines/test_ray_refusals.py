"""Clusters on which a sweep would wait without end, or that are not there."""

from __future__ import annotations

import pytest

from archdsl_search.engines.needs import Needs
from archdsl_search.engines.preflight import Preflight
from archdsl_search.engines.ray.engine import RayEngine
from archdsl_search.engines.ray.lease import LeasePlan
from archdsl_search.engines.worker import UNLIMITED
from archdsl_search.errors import RefusedError
from tests.search.engines.evaluators import maker


def test_a_cluster_that_can_never_place_a_trial_is_refused():
    with pytest.raises(RefusedError, match="needs 1 GPU per trial, cluster has 0"):
        RayEngine(LeasePlan(maker(), UNLIMITED), Needs(1, 1.0, gpus=1.0))


def test_an_address_where_nobody_listens_is_refused_at_once():
    with pytest.raises(RefusedError, match=r"no connection to the cluster at 127\.0\.0\.1:1: "):
        RayEngine(LeasePlan(maker(), UNLIMITED), Needs(1), address="127.0.0.1:1")


def test_a_note_that_a_killed_cluster_has_left_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "ray_current_cluster").write_text("127.0.0.1:1")
    with pytest.raises(RefusedError, match=r"no connection to the cluster at 127\.0\.0\.1:1 \(auto\): "):
        RayEngine(LeasePlan(maker(), UNLIMITED), Needs(1), address="auto")


NODE = {"CPU": 8.0, "GPU": 1.0, "memory": 1e9, "node:192.0.2.1": 1.0}


def test_places_are_counted_machine_by_machine():
    assert Preflight(Needs(10, cpus=3.0), (NODE, NODE), grows=False).places == 4
    assert Preflight(Needs(10, cpus=1.0, gpus=0.25), (NODE, NODE), grows=False).places == 8
    assert Preflight(Needs(3, cpus=1.0, gpus=0.25), (NODE, NODE), grows=False).places == 3
    assert Preflight(Needs(4, cpus=1.0, gpus=1.0, bundles=({"GPU": 1.0},)), (NODE, NODE), grows=False).places == 1


@pytest.mark.parametrize(
    ("needs", "objection"),
    [
        (Needs(1, cpus=1.0, gpus=4.0), "needs 4 GPUs per trial, cluster has 2"),
        (Needs(1, cpus=10.0), "no machine of the cluster has 10 CPUs"),
        (Needs(1, cpus=1.0, custom={"tpu": 1.0}), "needs 1 tpu per trial, cluster has 0"),
        (Needs(1, cpus=1.0, gpus=1.0), ""),
    ],
)
def test_an_endless_wait_is_named(needs, objection):
    assert Preflight(needs, (NODE, NODE), grows=False).objection == objection


def test_a_cluster_that_grows_is_waited_for():
    found = Preflight(Needs(2, cpus=1.0, gpus=1.0), ({"CPU": 2.0},), grows=True)
    assert found.objection == ""
    assert found.text.splitlines() == [
        "each trial needs 1 CPU and 1 GPU; 2 are wanted at once",
        "the cluster has 2 CPUs and 0 GPUs on 1 machine, and an autoscaler that may add more",
        "0 of 2 trials can run at once now",
    ]
