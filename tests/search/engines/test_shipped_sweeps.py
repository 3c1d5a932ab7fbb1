"""The sweeps of NASNet and MnasNet start from a folder of data and the address of a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl_search.results.run import Run
from tests.search.faults.harness import Nodes, Sweeping, end
from tests.search.small_data import cifar10, images

SWEEPS = Path(__file__).parents[3] / "search" / "sweeps"
SMALL = (
    "budget.trials=2", "resources.workers=2", "resources.gpus=0", "evaluator.device=cpu", "evaluator.epochs=1",
    "evaluator.batch_size=16",
)  # fmt: skip
NASNET = ("evaluator.validation=20", "space.params.blocks=2", "space.params.repeats=1", "space.params.filters=4")
MNASNET = (
    "evaluator.validation=8", "space.params.num_classes=2", "space.params.resolution=32", "space.params.last=32",
    "space.params.channels=[8, 16]", "space.params.depths=[1, 2]", "space.params.strides=[1, 2]",
)  # fmt: skip


@pytest.mark.slow
def test_they_start_from_a_folder_and_an_address(tmp_path):
    nodes = Nodes.start(2, 1)
    for sweep, data, small in (("nasnet_cifar10", cifar10, NASNET), ("mnasnet_imagenet", images, MNASNET)):
        folder = tmp_path / sweep
        folder.mkdir()
        sweeping = Sweeping(folder)
        settings = [f"evaluator.data={data(folder)}", *SMALL, *small]
        options = [option for setting in settings for option in ("--set", setting)]
        path = SWEEPS / f"{sweep}.yaml"
        cluster = ("--engine", "ray", "--address", nodes.address)
        checked = end(sweeping.start("run", path, "--check", *cluster, *options))
        assert "1 of 1 candidate finished" in checked
        end(sweeping.start("run", path, "--out", sweeping.run, *cluster, "--quiet", *options))
        assert len(Run(sweeping.run).finished) == 2
    nodes.stop()
