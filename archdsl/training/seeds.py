"""Random numbers that depend on the seed and the epoch alone.

Nothing is carried from one epoch to the next, so a run that goes on from a checkpoint draws the same numbers as one
that was never stopped.
"""

from __future__ import annotations

import hashlib

import torch


def derived_seed(seed: int, *labels: int | str) -> int:
    """A seed of 63 bits for one purpose: other labels give unrelated numbers."""
    text = "/".join(map(str, (seed, *labels)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def seed_everything(seed: int, *labels: int | str) -> None:
    """Seed torch on all devices: initial weights, dropout."""
    torch.manual_seed(derived_seed(seed, *labels))


def generator(seed: int, *labels: int | str) -> torch.Generator:
    """A generator of its own (on the CPU) for one purpose."""
    return torch.Generator().manual_seed(derived_seed(seed, *labels))
