"""Each small network with weights that are not the initial ones, so that running statistics matter."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch import nn

import archdsl
from archdsl.cli.main import main
from tests.compression.networks import BODIES, spec


class Case(NamedTuple):
    architecture: archdsl.Architecture
    module: nn.Module
    images: torch.Tensor


def made(folder, name: str) -> Case:
    path = folder / f"{name}.yaml"
    path.write_text(spec(name))
    architecture = archdsl.load(path)
    torch.manual_seed(3)
    module = archdsl.compile(architecture, mode="inference")
    for key, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            tensor.add_(torch.rand_like(tensor) * 0.3)
        if key.endswith("num_batches_tracked"):
            tensor.fill_(7)
    return Case(architecture, module, torch.randn(4, 3, 16, 16))


@pytest.fixture(params=sorted(BODIES))
def case(request, tmp_path) -> Case:
    return made(tmp_path, request.param)


@pytest.fixture
def network(tmp_path):
    """A small network by name."""
    return lambda name: made(tmp_path, name)


@pytest.fixture
def cli(capsys):
    """Run a command; its status and what it printed."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return run


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """The largest difference, relative to the largest value."""
    return float(((one - other).abs().max() / other.abs().max()).detach())
