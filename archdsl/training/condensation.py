"""Pruning of learned group convolutions while they are trained, and what they become afterwards (arXiv:1711.09224).

Training goes through condensing stages: after each, `prune` takes from every group the inputs with the smallest
weights; `group_lasso` is the term of the loss that makes weights of one input small together. In the end `condense`
gives the network with index layers and grouped convolutions, and its weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from archdsl.backends.torch.support import LearnedGroupConv2d

if TYPE_CHECKING:
    from archdsl.pipeline.architecture import Architecture

NORMS = ("weight", "bias", "running_mean", "running_var")
LEARNED = ".learned_group_conv2d"


def prune(module: nn.Module, keep: float) -> None:
    """Leave each group of every learned group convolution this share of its inputs, those with the largest weights.

    An input's weight is the sum of the magnitudes from it to the group's outputs (section 4.2); inputs that are gone
    stay gone. The paper's stage s of a factor C leaves 1 - s / C, the last one 1 / C.

    Raises:
        ValueError: if a share of the inputs of a layer is no whole number above 0.
    """
    for name, layer in _layers(module):
        share = layer.in_channels * keep
        count = round(share)
        if count < 1 or abs(share - count) > 1e-6:
            raise ValueError(f"{keep} of the {layer.in_channels} inputs of `{name}` is no whole number above 0")
        size = _by_group(layer).abs().sum(0).masked_fill(layer.mask == 0, -1.0)
        best = size.topk(count, dim=1).indices
        layer.mask.copy_(torch.zeros_like(layer.mask).scatter_(1, best, 1.0) * layer.mask)


def group_lasso(module: nn.Module) -> Tensor:
    """Sum over layers, groups and inputs of the root of the squares of the weights from the input to the group.

    Differentiable; times a small factor (the paper's is 1e-5) it is added to the loss.
    """
    terms = [
        (_by_group(layer) * layer.mask).square().sum(0).clamp_min(1e-24).sqrt().sum() for _, layer in _layers(module)
    ]
    return torch.stack(terms).sum() if terms else torch.zeros(())


def condense(
    architecture: Architecture, module: nn.Module, features: list[int] | None = None
) -> tuple[Architecture, dict[str, Tensor]]:
    """The converted form of a pruned CondenseNet, and its weights: `module.load_state_dict(weights)`.

    Args:
        architecture: a file with the parameters of `condensenet74_g4_learned`: `conv`, `read`, `kept`, `kept_features`.
        module: its module, pruned to one input in `groups`.
        features: the inputs that the classifier keeps; by default the half with the largest weights. Its weights from
            others are lost: the result is the same only if these are zero.

    Raises:
        ValueError: if a layer isn't pruned to one input in `groups`.
    """
    weights = dict(module.state_dict())
    kept = [_condense_layer(name, layer, weights) for name, layer in _layers(module)]
    classifier = weights["logits.weight"]
    if features is None:
        features = sorted(classifier.abs().sum(0).topk(classifier.shape[1] // 2).indices.tolist())
    weights["logits.weight"] = classifier[:, features]
    settings = {"conv": "condensed_conv", "read": "kept_half", "kept": kept, "kept_features": features}
    return architecture.with_settings(settings, {}), weights


def _condense_layer(name: str, layer: LearnedGroupConv2d, weights: dict[str, Tensor]) -> list[int]:
    """Put the grouped convolution's weights in place of the layer's; gives its groups' inputs."""
    groups, channels = layer.mask.shape
    inputs = [row.nonzero().flatten() for row in layer.mask]
    if any(len(row) * groups != channels for row in inputs):
        raise ValueError(f"`{name}` is not pruned to {channels // groups} of {channels} inputs for each group")
    cell = name.removesuffix(LEARNED)
    del weights[f"{name}.mask"], weights[f"{name}.weight"]
    by_group = _by_group(layer).detach()
    # [outputs of a group, groups, inputs] to the rows of the grouped convolution, group by group.
    rows = torch.cat([by_group[:, g, row] for g, row in enumerate(inputs)])
    weights[f"{cell}.conv2d.weight"] = rows[:, :, None, None]
    kept = torch.cat(inputs)
    norm = f"{cell}.norm_relu.batch_norm2d"
    weights.update({f"{norm}.{part}": weights[f"{norm}.{part}"][kept] for part in NORMS})
    return kept.tolist()


def _by_group(layer: LearnedGroupConv2d) -> Tensor:
    """The weights as [outputs of a group, groups, inputs]: output o belongs to group o mod groups."""
    return layer.weight.reshape(-1, layer.output_groups, layer.in_channels)


def _layers(module: nn.Module) -> Iterator[tuple[str, LearnedGroupConv2d]]:
    """The learned group convolutions by name; by the name of their class, since a compiled module has its own copy."""
    for name, layer in module.named_modules():
        if type(layer).__name__ == LearnedGroupConv2d.__name__:
            yield name, cast(LearnedGroupConv2d, layer)
