"""snip: how much the loss depends on each weight (arXiv:1810.02340; as a sum: arXiv:2101.08134)."""

from __future__ import annotations

from torch import nn

from archdsl_search.evaluators.zero_cost.minibatch import Minibatch, gradients_of, loss_of, weights_of


def score(module: nn.Module, batch: Minibatch) -> float:
    """`sum |dL/dw * w|`, L the mean cross entropy."""
    weights = weights_of(module.train())
    gradients = gradients_of(loss_of(module, batch), weights)
    return float(
        sum((weight.detach() * gradient).abs().sum() for weight, gradient in zip(weights, gradients, strict=True))
    )
