"""Learned group convolutions: pruning, and the converted network against the pruned one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.backends.torch.support import LearnedGroupConv2d
from archdsl.training.condensation import condense, group_lasso, prune

SMALL: dict[str, Any] = {"depths": [2, 2], "growths": [8, 16], "num_classes": 10}


def _trained() -> tuple[archdsl.Architecture, nn.Module]:
    """A small network with running statistics of its own, and a classifier that reads half of the features."""
    architecture = archdsl.load("condensenet74_g4_learned", SMALL, inputs={"image": [3, 16, 16]})
    torch.manual_seed(0)
    module = archdsl.compile(architecture).double().train()
    for _ in range(3):
        module(torch.randn(8, 3, 16, 16, dtype=torch.float64))
    with torch.no_grad():
        module.logits.weight[:, 1::2] = 0.0
    return architecture, module.eval()


def _layers(module: nn.Module) -> list[LearnedGroupConv2d]:
    return [layer for layer in module.modules() if type(layer).__name__ == "LearnedGroupConv2d"]  # type: ignore[misc]


def _images() -> Tensor:
    return torch.randn(4, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_converted_network_equals_the_pruned_one() -> None:
    architecture, module = _trained()
    for keep in (0.75, 0.5, 0.25):
        prune(module, keep)
    made, weights = condense(architecture, module)
    converted = archdsl.compile(made).double().eval()
    converted.load_state_dict(weights)
    with torch.no_grad():
        torch.testing.assert_close(converted(_images()), module(_images()), rtol=1e-12, atol=1e-12)
    plain = archdsl.load("condensenet74_g4", SMALL, inputs={"image": [3, 16, 16]})
    assert archdsl.cost(made).mult_adds == archdsl.cost(plain).mult_adds
    assert archdsl.cost(made).params == archdsl.cost(plain).params < archdsl.cost(architecture).params


def test_pruning_keeps_the_largest_and_only_shrinks() -> None:
    _, module = _trained()
    layer = _layers(module)[0]
    prune(module, 0.5)
    sizes = layer.weight.reshape(-1, 4, layer.in_channels).abs().sum(0)
    assert (layer.mask.sum(1) == layer.in_channels // 2).all()
    for size, mask in zip(sizes, layer.mask, strict=True):
        assert size[mask == 1].min() >= size[mask == 0].max()
    before = layer.mask.clone()
    with torch.no_grad():
        layer.weight[:, :] = torch.where(layer.mask.repeat(layer.out_channels // 4, 1)[:, :, None, None] == 1, 0.1, 9.0)
    prune(module, 0.25)
    assert ((layer.mask == 0) | (before == 1)).all()


def test_pruned_weights_get_no_gradient() -> None:
    _, module = _trained()
    prune(module.train(), 0.25)
    (module(_images()).square().sum() + group_lasso(module)).backward()
    layers = _layers(module)
    assert len(layers) == sum(SMALL["depths"])
    for layer in layers:
        mask = layer.mask.repeat(layer.out_channels // 4, 1)[:, :, None, None].expand_as(layer.weight)
        assert layer.weight.grad is not None
        assert (layer.weight.grad[mask == 0] == 0).all()
        assert (layer.weight.grad[mask == 1] != 0).any()


def test_group_lasso_is_the_sum_of_the_norms() -> None:
    layer = LearnedGroupConv2d(2, 4, 2).double()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, 0.0], [1.0, 0.0], [4.0, 0.0], [0.0, 2.0]])[:, :, None, None])
    torch.testing.assert_close(group_lasso(layer), torch.tensor(5.0 + 0.0 + 1.0 + 2.0, dtype=torch.float64))
    assert group_lasso(nn.ReLU()) == 0


def test_what_is_not_pruned_or_not_divisible_is_refused() -> None:
    architecture, module = _trained()
    with pytest.raises(ValueError, match="is not pruned to 4 of 16 inputs"):
        condense(architecture, module)
    with pytest.raises(ValueError, match="no whole number above 0"):
        prune(module, 0.3)
