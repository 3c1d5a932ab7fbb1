"""Which device to train on."""

from __future__ import annotations

import torch

from archdsl.training.errors import TrainingError


def device_names() -> list[str]:
    """The devices torch can use here, best first, each with its name."""
    found = [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, f"cpu ({torch.get_num_threads()} threads)"]


def choose_device(name: str) -> torch.device:
    """The device called `name`; `auto` is a GPU if there is one, else the CPU.

    Raises:
        TrainingError: if there is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError):
        raise TrainingError(f"there is no device `{name}` here; there are: {', '.join(device_names())}") from None
    return device
