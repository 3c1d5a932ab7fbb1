"""How far the outputs of two modules are apart."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from archdsl.backends.runtimes.session import Array


def relative_error(module: nn.Module, exact: nn.Module, samples: Sequence[Array]) -> float:
    """The largest difference over all outputs, each relative to the largest absolute value of that output.

    Args:
        module: what is looked at, on any device and in any floating-point type.
        exact: what it is held against, likewise.
        samples: an array [M, ...] for each input.
    """
    with torch.no_grad():
        ours, theirs = _outputs(module, samples), _outputs(exact, samples)
    pairs = zip(ours, theirs, strict=True)
    return max(float((a - b).abs().max() / b.abs().max().clamp_min(1e-30)) for a, b in pairs)


def _outputs(module: nn.Module, samples: Sequence[Array]) -> list[Tensor]:
    """In double precision on the CPU."""
    first = next((p for p in module.parameters() if p.is_floating_point()), torch.empty(0))
    given = [torch.from_numpy(array) for array in samples]
    made = module(*[x.to(first.device, first.dtype if x.is_floating_point() else x.dtype) for x in given])
    return [y.double().cpu() for y in ([made] if isinstance(made, Tensor) else made.values())]
