"""Where a module lies and what it computes in."""

from __future__ import annotations

import torch
from torch import nn


def placed(module: nn.Module, device: torch.device | str | None, dtype: torch.dtype | str | None) -> nn.Module:
    """The module moved to a device and a floating-point type, where they are given.

    Raises:
        ValueError: for a type that is none of floating-point numbers, or a device that isn't there.
    """
    kind = None if dtype is None else dtype_of(dtype)
    place = None if device is None else torch.device(device)
    if place is not None and place.type == "cuda" and not (place.index or 0) < torch.cuda.device_count():
        raise ValueError(f"there is no device `{device}` here")
    if place is None and kind is None:
        return module
    return module.to(device=place, dtype=kind)


def dtype_of(dtype: torch.dtype | str) -> torch.dtype:
    """The floating-point type of a name.

    Raises:
        ValueError: for any other type.
    """
    found = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise ValueError(f"dtype is float32, float64, bfloat16 or float16, not {dtype!r}")
    return found
