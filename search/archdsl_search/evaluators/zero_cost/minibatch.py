"""What every proxy is computed from: one untrained module and one minibatch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Minibatch:
    """Images with their labels.

    Attributes:
        images: [N, ...] float.
        labels: [N] int64, below `classes`.
        seed: for proxies that draw random numbers.
    """

    images: Tensor
    labels: Tensor
    seed: int = 0

    def generator(self) -> torch.Generator:
        """A generator of its own, the same at each call."""
        return torch.Generator().manual_seed(self.seed)


def first_output(found: Tensor | dict[str, Tensor]) -> Tensor:
    """The output that counts: [N, classes]."""
    return found if isinstance(found, Tensor) else next(iter(found.values()))


def loss_of(module: nn.Module, batch: Minibatch, reduction: str = "mean") -> Tensor:
    """Cross entropy of the module's first output on the minibatch."""
    return F.cross_entropy(first_output(module(batch.images)), batch.labels, reduction=reduction)


def weights_of(module: nn.Module) -> list[nn.Parameter]:
    """Weights of convolutions, linears and the like, shared ones once: no biases, no scales of normalisation."""
    return [parameter for parameter in module.parameters() if parameter.ndim >= 2]


def layers_of(module: nn.Module) -> Iterator[nn.Module]:
    """The modules that hold such weights themselves."""
    for layer in module.modules():
        if any(parameter.ndim >= 2 for parameter in layer.parameters(recurse=False)):
            yield layer


def gradients_of(loss: Tensor, weights: list[nn.Parameter], create_graph: bool = False) -> list[Tensor]:
    """The loss's gradient for each weight; zeros for a weight that the loss does not depend on."""
    if not loss.requires_grad:
        return [torch.zeros_like(weight) for weight in weights]
    found = torch.autograd.grad(loss, weights, create_graph=create_graph, allow_unused=True)
    return [torch.zeros_like(w) if g is None else g for w, g in zip(weights, found, strict=True)]
