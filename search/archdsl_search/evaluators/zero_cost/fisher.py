"""fisher: what removing each channel does to the loss, to second order (arXiv:1801.05787, arXiv:1906.04113)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archdsl_search.evaluators.zero_cost.minibatch import Minibatch, layers_of, loss_of


def score(module: nn.Module, batch: Minibatch) -> float:
    """`sum over channels of 1 / (2 N) * sum over samples of (sum over positions of a * dL/da)^2`.

    a are the outputs of the layers with weights, L is the sum of the samples' cross entropies: without batch norm,
    dL/da of a sample is that of its own loss.
    """
    made: list[Tensor] = []

    def keep(layer: nn.Module, inputs: object, output: object) -> None:
        if isinstance(output, Tensor) and output.requires_grad:
            made.append(output)

    hooks = [layer.register_forward_hook(keep) for layer in layers_of(module.train())]
    try:
        loss = loss_of(module, batch, reduction="sum")
    finally:
        for hook in hooks:
            hook.remove()
    if not made:
        return 0.0
    gradients = torch.autograd.grad(loss, made, allow_unused=True)
    return float(sum(_saliency(a, g) for a, g in zip(made, gradients, strict=True) if g is not None))


def _saliency(activation: Tensor, gradient: Tensor) -> Tensor:
    product = activation.detach() * gradient  # [N, C, ...]
    summed = product.flatten(2).sum(2) if product.ndim > 2 else product
    return summed.square().sum() / (2 * len(activation))
