"""Optimizers by name, with their usual learning rate and weight decay."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn, optim

from archdsl.training.settings import TrainingSettings


class Usual(NamedTuple):
    """What an optimizer is used with where nothing else is given."""

    learning_rate: float
    weight_decay: float


USUAL: dict[str, Usual] = {
    "sgd": Usual(0.05, 5e-4),
    "nesterov": Usual(0.05, 5e-4),
    "adam": Usual(1e-3, 0.0),
    "adamw": Usual(3e-3, 0.05),
    "rmsprop": Usual(1e-3, 1e-5),
}


def peak_learning_rate(settings: TrainingSettings) -> float:
    """The learning rate that the schedule's factor multiplies."""
    return USUAL[settings.optimizer].learning_rate if settings.learning_rate is None else settings.learning_rate


def make_optimizer(module: nn.Module, settings: TrainingSettings, device: torch.device) -> optim.Optimizer:
    """The optimizer over all parameters; biases and the weights of normalisation are not decayed.

    One kernel updates all parameters where torch has such kernels and `settings.speed` is not `plain`.
    """
    decay = USUAL[settings.optimizer].weight_decay if settings.weight_decay is None else settings.weight_decay
    parameters = [p for p in module.parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    rate = peak_learning_rate(settings)
    fused = settings.speed != "plain" and device.type in ("cpu", "cuda")
    match settings.optimizer:
        case "sgd":
            return optim.SGD(groups, lr=rate, momentum=settings.momentum, fused=fused)
        case "nesterov":
            return optim.SGD(groups, lr=rate, momentum=settings.momentum, nesterov=settings.momentum > 0, fused=fused)
        case "adam":
            return optim.Adam(groups, lr=rate, fused=fused)
        case "adamw":
            return optim.AdamW(groups, lr=rate, fused=fused)
        case "rmsprop":
            return optim.RMSprop(groups, lr=rate, momentum=settings.momentum)
