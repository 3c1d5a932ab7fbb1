"""Whether what is asked for by name can be had here, before anything is built."""

from __future__ import annotations

import torch

from archdsl.backends.torch.inference.recipe import check_runtime
from archdsl.backends.torch.placement import dtype_of, placed


def check_asked(runtime: str, device: str, dtype: str) -> None:
    """Make sure that there is such a device, and that the runtime is installed and computes so on it.

    Raises:
        ValueError: naming what there is not.
        MissingRuntimeError: saying what to install.
    """
    try:
        place = torch.device(device)
    except RuntimeError as error:  # a name that torch doesn't know
        raise ValueError(f"there is no device `{device}`: cpu, cuda, cuda:1, ...") from error
    if place.type == "meta":
        raise ValueError("nothing can be run on the device `meta`, which holds no numbers")
    placed(torch.nn.Module(), place, None)
    check_runtime(runtime, place, dtype_of(dtype))
