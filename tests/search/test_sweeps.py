"""The shipped sweep files: all are valid; those for large data finish when they are made small."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
import archdsl_search
from archdsl_search.results.run import Run
from tests.search.small_data import cifar10, images

SWEEPS = Path(__file__).parents[2] / "search" / "sweeps"
SMALL = {
    "budget.trials": 2,
    "resources.workers": 1,
    "resources.gpus": 0,
    "evaluator.device": "cpu",
    "evaluator.epochs": 1,
    "evaluator.batch_size": 16,
    "evaluator.keep": 1,
}


@pytest.mark.parametrize("path", sorted(SWEEPS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_file_is_valid(path, tmp_path):
    # What the files leave to the command line.
    needed = {"nasbench201_table": {"evaluator.table": str(tmp_path / "table.csv")}}.get(path.stem, {})
    (tmp_path / "table.csv").write_text("arch,val_acc_e200\n")
    sweep = archdsl_search.load_sweep(path, needed)
    archdsl.load_space(sweep.space.file, sweep.space.params, sweep.space.decisions, sweep.space.inputs)
    assert sweep.name


def test_nasnet_on_cifar10_in_small(tmp_path):
    small = {
        **SMALL,
        "evaluator.data": cifar10(tmp_path),
        "evaluator.validation": 20,
        "space.params.blocks": 2,
        "space.params.repeats": 1,
        "space.params.filters": 4,
    }
    summary = archdsl_search.run(SWEEPS / "nasnet_cifar10.yaml", out=tmp_path / "run", overrides=small)
    assert (summary.trials, summary.finished) == (2, 2)
    assert summary.labels == ("accuracy",)
    run = Run(tmp_path / "run")
    assert sum(run.weights_of(result) is not None for result in run.finished) == 1


def test_mnasnet_on_a_folder_of_images_in_small(tmp_path):
    small = {
        **SMALL,
        "evaluator.data": images(tmp_path),
        "evaluator.validation": 8,
        "space.params.num_classes": 2,
        "space.params.resolution": 32,
        "space.params.channels": [8, 16],
        "space.params.depths": [1, 2],
        "space.params.strides": [1, 2],
        "space.params.last": 32,
    }
    summary = archdsl_search.run(SWEEPS / "mnasnet_imagenet.yaml", out=tmp_path / "run", overrides=small)
    assert (summary.trials, summary.finished) == (2, 2)
    for result in Run(tmp_path / "run").finished:
        accuracy, latency = result.metrics["accuracy"], result.metrics["latency"]
        assert result.objective == (pytest.approx(accuracy * (latency / 4) ** -0.07),)
