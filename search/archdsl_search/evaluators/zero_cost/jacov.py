"""jacov: how little the gradients for different images have in common (arXiv:2006.04647, version 1)."""

from __future__ import annotations

import torch
from torch import nn

from archdsl_search.evaluators.zero_cost.minibatch import Minibatch, first_output

_SPARE = 1e-5


def score(module: nn.Module, batch: Minibatch) -> float:
    """`-sum log(v + k) + 1 / (v + k)` over the eigenvalues v of the correlations of the images' Jacobians; k = 1e-5.

    The Jacobian of an image is the gradient of the sum of its outputs by its pixels.
    """
    images = batch.images.clone().requires_grad_()
    total = first_output(module.train()(images)).sum()
    if not total.requires_grad:
        return _of(torch.zeros(len(images), dtype=torch.float64))
    (jacobian,) = torch.autograd.grad(total, images)
    rows = jacobian.flatten(1).double()
    rows = rows - rows.mean(1, keepdim=True)
    # An image that the outputs do not depend on has no direction; it correlates with nothing, itself included.
    rows = rows / rows.norm(dim=1, keepdim=True).clamp_min(1e-30)
    return _of(torch.linalg.eigvalsh(rows @ rows.T).clamp_min(0))


def _of(eigenvalues: torch.Tensor) -> float:
    spared = eigenvalues + _SPARE
    return -float((spared.log() + 1 / spared).sum())
