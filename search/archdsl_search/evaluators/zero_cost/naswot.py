"""naswot: how differently the rectifiers answer to different images (arXiv:2006.04647, section 3, equation 2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archdsl_search.evaluators.zero_cost.activations import Switches
from archdsl_search.evaluators.zero_cost.minibatch import Minibatch


def score(module: nn.Module, batch: Minibatch) -> float:
    """`log |det K|`, K_ij the number of rectifiers that are on for both images i and j, or off for both.

    The network is run as in training, on the minibatch's own statistics. Two images with one code make K singular; so
    does a network without rectifiers. The score is then that of K + 1e-6, far below any other.
    """
    count = len(batch.images)
    kernel = torch.zeros(count, count, dtype=torch.float64, device=batch.images.device)

    def add(x: Tensor) -> None:
        if len(x) == count:
            code = (x.detach() > 0).flatten(1).double()
            kernel.add_(code @ code.T + (1 - code) @ (1 - code).T)

    with torch.no_grad(), Switches(add):
        module.train()(batch.images)
    sign, log_determinant = torch.linalg.slogdet(kernel)
    if sign > 0 and torch.isfinite(log_determinant):
        return float(log_determinant)
    return float(torch.linalg.slogdet(kernel + 1e-6 * torch.eye(count, dtype=torch.float64)).logabsdet)
