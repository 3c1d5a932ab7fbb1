"""Paths through the supernet: a candidate's module with shared weights, trained for some steps or judged."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import archdsl
from archdsl_search.evaluators.shared_weights.images import Batch
from archdsl_search.evaluators.shared_weights.store import Store

# Images that are judged at once: normalisation takes its statistics from them.
JUDGED = 512


@dataclass(frozen=True)
class Steps:
    """How shared weights are trained.

    Attributes:
        rate: learning rate of these steps.
        momentum, weight_decay: of Nesterov's method.
        clip_norm: largest norm of all gradients together; 0 leaves them.
        aux_weight: weight of auxiliary heads in the loss.
    """

    rate: float
    momentum: float
    weight_decay: float
    clip_norm: float
    aux_weight: float


def path_of(architecture: archdsl.Architecture, store: Store, seed: int, device: torch.device, keep: bool) -> nn.Module:
    """The candidate's module with shared weights; those that are new begin as the seed says, and stay if `keep`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = archdsl.compile(architecture).to(device)
    store.lend(module, keep)
    return module


def train(module: nn.Module, store: Store, batches: list[Batch], steps: Steps) -> float:
    """One step on each batch; gives the mean loss.

    Raises:
        ArithmeticError: if a loss is not finite; the weights are those before that step.
    """
    module.train()
    optimizer = store.optimizer(module, steps.momentum, steps.weight_decay)
    optimizer.param_groups[0]["lr"] = steps.rate
    total = 0.0
    for images, labels in batches:
        first, *others = _outputs(module(images))
        loss = F.cross_entropy(first, labels)
        for other in others:
            loss = loss + steps.aux_weight * F.cross_entropy(other, labels)
        if not isfinite(loss.item()):
            raise ArithmeticError(f"the loss with shared weights is {loss.item()}: a lower shared_rate may help")
        total += loss.item()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        if steps.clip_norm:
            nn.utils.clip_grad_norm_(module.parameters(), steps.clip_norm)
        optimizer.step()
    store.remember(module, optimizer)
    return total / len(batches)


@torch.no_grad()
def accuracy(module: nn.Module, batch: Batch) -> float:
    """The share of right answers. Normalisation goes by the images at hand: the path has no statistics of its own."""
    module.eval()
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.track_running_stats, part.running_mean, part.running_var = False, None, None
    images, labels = batch
    right = 0
    for start in range(0, len(labels), JUDGED):
        answers = _outputs(module(images[start : start + JUDGED]))[0]
        right += int((answers.argmax(1) == labels[start : start + JUDGED]).sum())
    return right / len(labels)


def _outputs(found: Tensor | dict[str, Tensor]) -> list[Tensor]:
    return [found] if isinstance(found, Tensor) else list(found.values())
