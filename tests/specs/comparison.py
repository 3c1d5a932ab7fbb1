"""Copying weights between two implementations of one network, and counting a module's arithmetic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import torch
from torch import Tensor, nn

# Not a weight, and not everywhere.
COUNTER = "num_batches_tracked"


def leaves(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """The modules that hold weights, by name, in order of definition."""
    return [(name, part) for name, part in module.named_modules() if tensors(part)]


def tensors(leaf: nn.Module) -> dict[str, Tensor]:
    """The module's own weights and statistics."""
    own = {**leaf._parameters, **leaf._buffers}
    stored = leaf.state_dict()
    return {key: t for key, t in own.items() if t is not None and key in stored and key != COUNTER}


def pairs(source: nn.Module, target: nn.Module, in_order: bool) -> list[tuple[nn.Module, nn.Module]]:
    """Leaves of the two that correspond: one after the other, or the n-th of each shape with the n-th of that shape."""
    ours, theirs = leaves(target), leaves(source)
    assert len(ours) == len(theirs)
    if in_order:
        for (name, mine), (other_name, other) in zip(ours, theirs, strict=True):
            assert shapes(mine) == shapes(other), (name, other_name)
        return [(mine, other) for (_, mine), (_, other) in zip(ours, theirs, strict=True)]
    waiting: dict[object, list[nn.Module]] = defaultdict(list)
    for _, other in theirs:
        waiting[shapes(other)].append(other)
    return [(mine, waiting[shapes(mine)].pop(0)) for _, mine in ours]


def shapes(leaf: nn.Module) -> tuple[tuple[int, ...], ...]:
    """Shapes of a leaf's tensors; a 1x1 convolution on a vector is a linear layer."""
    return tuple(_squeezed(tensor.shape) for tensor in tensors(leaf).values())


def _squeezed(shape: torch.Size) -> tuple[int, ...]:
    return tuple(shape[:2]) if shape[2:] == (1, 1) else tuple(shape)


@torch.no_grad()
def copy(matched: list[tuple[nn.Module, nn.Module]]) -> None:
    """Give each first module the weights of the second."""
    for mine, other in matched:
        for to, given in zip(tensors(mine).values(), tensors(other).values(), strict=True):
            to.copy_(given.reshape(to.shape))


@torch.no_grad()
def randomise(module: nn.Module, gain: float = 1.0) -> None:
    """Weights and statistics under which every part of the network shows in its output.

    Args:
        module: to be given them.
        gain: of each layer; below 1 for deep networks with gates, which otherwise enlarge rounding errors a lot.
    """
    generator = torch.Generator().manual_seed(7)
    for _, leaf in leaves(module):
        for key, tensor in tensors(leaf).items():
            if tensor.dim() > 1:  # keeps the size of the signal, whatever the fan-in
                tensor.normal_(0, gain * (2 / tensor[0].numel()) ** 0.5, generator=generator)
            elif key in ("bias", "running_mean"):
                tensor.normal_(0, 0.1, generator=generator)
            else:  # factors and variances
                tensor.uniform_(0.8, 1.2, generator=generator)


def params_and_mult_adds(module: nn.Module, image: Tensor) -> tuple[int, int]:
    """Trainable parameters, and multiply-adds of convolutions and linear layers in one run."""
    counted = [0]

    def count(layer: nn.Module, _: object, result: Tensor) -> None:
        weight = layer.weight
        assert isinstance(weight, Tensor)
        outputs = result.shape[1:].numel() if isinstance(layer, nn.Conv2d) else result.shape[-1]
        counted[0] += outputs * weight[0].numel()

    hooks = [part.register_forward_hook(count) for part in _arithmetic(module)]
    module(image)
    for hook in hooks:
        hook.remove()
    return sum(weight.numel() for weight in module.parameters()), counted[0]


def _arithmetic(module: nn.Module) -> Iterator[nn.Module]:
    return (part for part in module.modules() if isinstance(part, nn.Conv2d | nn.Linear))
