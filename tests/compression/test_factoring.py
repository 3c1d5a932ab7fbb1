"""Low rank: smaller, close, and exact where the weight has that rank."""

from __future__ import annotations

import pytest
import torch

import archdsl
from tests.compression.conftest import difference


@pytest.mark.parametrize("scheme", ["bottleneck", "spatial"])
def test_is_smaller_and_the_spec_gives_the_same_numbers_again(case, scheme, tmp_path):
    made = archdsl.factorize(case.architecture, case.module, energy=0.8, scheme=scheme)
    assert made.after.params < made.before.params
    made.save(tmp_path / "thin.yaml", tmp_path / "thin.safetensors")
    again = archdsl.compile(archdsl.load(tmp_path / "thin.yaml"), "inference", tmp_path / "thin.safetensors")
    assert torch.equal(again(case.images), made.module()(case.images))


LARGE = """archdsl: 1
name: large
inputs: {image: [16, 9, 9]}
graph:
  - conv2d: {out_channels: 20, kernel_size: [3, 5], stride: [2, 1], padding: [1, 2], dilation: [1, 2]}
    name: c
  - relu
  - flatten
  - linear: {out_features: 40}
    name: logits
outputs: [logits]
"""


@pytest.fixture
def large(tmp_path):
    (tmp_path / "large.yaml").write_text(LARGE)
    return archdsl.load(tmp_path / "large.yaml")


@pytest.mark.parametrize("scheme", ["bottleneck", "spatial"])
def test_weights_of_low_rank_are_found_exactly(large, scheme):
    torch.manual_seed(0)
    module = archdsl.compile(large, "inference").double()
    state = module.state_dict()
    # One filter for all channels, the product of a column and a row: rank 1 seen either way.
    window = torch.rand(3, 1).double() @ torch.rand(1, 5).double()
    outer = torch.rand(20, 1).double() @ torch.rand(1, 16).double()
    state["c.weight"].copy_(outer[:, :, None, None] * window)
    state["logits.weight"].copy_(torch.rand(40, 2).double() @ torch.rand(2, state["logits.weight"].shape[1]).double())
    made = archdsl.factorize(large, state, energy=1.0, scheme=scheme)
    ranks = {change.path: change.figures["rank"] for change in made.changes}
    assert ranks == {"c": 1, "logits": 2}
    images = torch.rand(3, 16, 9, 9).double()
    assert difference(made.module().double()(images), module(images)) < 1e-6


@pytest.mark.parametrize("scheme", ["bottleneck", "spatial"])
def test_the_error_of_a_layer_is_the_one_that_is_reported(large, scheme):
    module = archdsl.compile(large, "inference")
    made = archdsl.factorize(large, module, energy=0.7, scheme=scheme)
    change = next(change for change in made.changes if change.path == "logits")
    state = {key: torch.from_numpy(array) for key, array in made.weights.items()}
    thin, wide = (tensor for tensor in state.values() if tensor.ndim == 2)
    weight = module.state_dict()["logits.weight"]
    error = float((wide @ thin - weight).norm() / weight.norm())
    assert error == pytest.approx(change.figures["relative_error"], rel=1e-3)
    assert error <= 0.3**0.5 + 1e-6


def test_a_budget_is_kept_and_used(large):
    made = archdsl.factorize(large, mult_adds=0.5)
    assert 0.3 * made.before.mult_adds < made.after.mult_adds <= 0.5 * made.before.mult_adds


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"energy": 0.5, "params": 0.5}, "take one of them"),
        ({"energy": 2}, "out of range"),
        ({"params": 0.001}, "at the least"),
        ({"energy": 1.0}, "no layer of large becomes smaller"),
    ],
)
def test_what_cannot_be_is_said(large, options, message):
    with pytest.raises(archdsl.CompressionError, match=message):
        archdsl.factorize(large, **options)
