"""New tensors in huge pages."""

from __future__ import annotations

import torch
from torch import Tensor

from archdsl.backends.runtimes.huge_pages import prefer


def in_huge_pages(tensor: Tensor) -> Tensor:
    """The tensor, to which nothing was written yet; what it will hold lies in huge pages if it is large."""
    if tensor.device.type == "cpu":
        prefer(tensor.data_ptr(), tensor.numel() * tensor.element_size())
    return tensor


def new_in_huge_pages(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """A new tensor of this shape, unwritten."""
    return in_huge_pages(torch.empty(*shape, dtype=dtype))
