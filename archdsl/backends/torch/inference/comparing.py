"""How far the outputs of two modules are apart."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from archdsl.backends.runtimes.session import Array


def relative_error(module: nn.Module, exact: nn.Module, samples: Sequence[Array]) -> float:
    """The largest difference over all outputs, each relative to the largest absolute value of that output.

    Args:
        module: what is looked at.
        exact: what it is held against.
        samples: an array [M, ...] for each input.
    """
    given = [torch.from_numpy(array) for array in samples]
    with torch.no_grad():
        ours, theirs = _outputs(module(*given)), _outputs(exact(*given))
    pairs = zip(ours, theirs, strict=True)
    return max(float((a - b).abs().max() / b.abs().max().clamp_min(1e-30)) for a, b in pairs)


def _outputs(made: Tensor | dict[str, Tensor]) -> list[Tensor]:
    return [made] if isinstance(made, Tensor) else list(made.values())
