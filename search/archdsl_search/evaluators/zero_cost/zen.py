"""zen: how far a little noise on random images moves the features (arXiv:2102.01563, algorithm 1)."""

from __future__ import annotations

from math import log, sqrt

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from archdsl_search.evaluators.zero_cost.activations import LastMap
from archdsl_search.evaluators.zero_cost.minibatch import Minibatch, first_output, weights_of

NOISE = 0.01
_LEAST = 1e-30


def score(module: nn.Module, batch: Minibatch) -> float:
    """`log E|f(x) - f(x + 0.01 e)| + sum over batch norms of log sqrt(mean over channels of the input's variance)`.

    x and e are standard normal, and so are all weights; f is the last feature map before global pooling, or the
    outputs where there is none. The images' values are not used, only their shape. The module's weights are put back.
    """
    state = {key: tensor.clone() for key, tensor in module.state_dict().items()}
    random = batch.generator()
    try:
        with torch.no_grad():
            for weight in weights_of(module):
                weight.copy_(torch.randn(weight.shape, generator=random))
            images = torch.randn(batch.images.shape, generator=random).to(batch.images)
            noise = torch.randn(batch.images.shape, generator=random).to(batch.images)
            features, scales = _features(module.train(), images)
            moved, _ = _features(module, images + NOISE * noise)
        return log(max(float((features - moved).abs().mean()), _LEAST)) + sum(scales)
    finally:
        module.load_state_dict(state)


def _features(module: nn.Module, images: Tensor) -> tuple[Tensor, list[float]]:
    """f, and the logarithm of each batch norm's scale."""
    scales: list[float] = []

    def note(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0]
        variance = x.var(dim=[0, *range(2, x.ndim)], correction=0).mean()
        scales.append(log(max(sqrt(float(variance)), _LEAST)))

    hooks = [m.register_forward_pre_hook(note) for m in module.modules() if isinstance(m, _BatchNorm)]
    try:
        with LastMap() as last:
            output = first_output(module(images))
    finally:
        for hook in hooks:
            hook.remove()
    return (output if last.found is None else last.found), scales
