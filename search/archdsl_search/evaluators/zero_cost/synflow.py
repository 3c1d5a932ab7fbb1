"""synflow: how much flows through the network, whatever the data (arXiv:2006.05467; as a score: arXiv:2101.08134)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from archdsl_search.evaluators.zero_cost.minibatch import Minibatch, first_output, gradients_of, weights_of


def score(module: nn.Module, batch: Minibatch) -> float:
    """`sum w * dR/dw` with R the sum of the outputs for an image of ones and all weights replaced by their size.

    Batch norm is left out, as in arXiv:2101.08134; computed in float64, since the numbers grow with the depth. The
    module's weights are put back.
    """
    state = {key: tensor.clone() for key, tensor in module.state_dict().items()}
    dtype = batch.images.dtype
    module.eval().double()
    try:
        with torch.no_grad():
            for tensor in module.state_dict().values():
                tensor.abs_()
        ones = torch.ones_like(batch.images[:1], dtype=torch.float64)
        with _without_batch_norm(module):
            flow = first_output(module(ones)).sum()
        weights = weights_of(module)
        return float(sum((w.detach() * g).sum() for w, g in zip(weights, gradients_of(flow, weights), strict=True)))
    finally:
        module.to(dtype).load_state_dict(state)


@contextmanager
def _without_batch_norm(module: nn.Module) -> Iterator[None]:
    """Within the block, batch norms give what they read."""

    def same(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return inputs[0]

    hooks = [layer.register_forward_hook(same) for layer in module.modules() if isinstance(layer, _BatchNorm)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
