"""grasp: what removing each weight does to the norm of the gradient (arXiv:2002.07376; as a sum: arXiv:2101.08134)."""

from __future__ import annotations

import torch
from torch import nn

from archdsl_search.evaluators.zero_cost.minibatch import Minibatch, gradients_of, loss_of, weights_of


def score(module: nn.Module, batch: Minibatch) -> float:
    """`sum -(H g) * w` with g = dL/dw and H the Hessian of L, the mean cross entropy.

    H g is the gradient of `g . stop(g)`: no Hessian is built.
    """
    weights = weights_of(module.train())
    gradients = gradients_of(loss_of(module, batch), weights, create_graph=True)
    product = torch.stack([(gradient * gradient.detach()).sum() for gradient in gradients]).sum()
    curved = gradients_of(product, weights)
    return -float(sum((h.detach() * weight.detach()).sum() for h, weight in zip(curved, weights, strict=True)))
