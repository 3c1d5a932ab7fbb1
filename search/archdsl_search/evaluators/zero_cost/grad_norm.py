"""grad_norm: Euclidean norms of the weights' gradients, added up (arXiv:2101.08134)."""

from __future__ import annotations

from torch import nn

from archdsl_search.evaluators.zero_cost.minibatch import Minibatch, gradients_of, loss_of, weights_of


def score(module: nn.Module, batch: Minibatch) -> float:
    """`sum over layers of ||dL/dw||`, L the mean cross entropy."""
    weights = weights_of(module.train())
    return float(sum(gradient.norm() for gradient in gradients_of(loss_of(module, batch), weights)))
