"""Data sets of a few images, in the forms in which people have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def cifar10(folder: Path) -> str:
    """CIFAR-10's binary files with twenty images each."""
    random = np.random.default_rng(0)
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        records = random.integers(0, 256, (20, 1 + 3 * 32 * 32), dtype=np.uint8)
        records[:, 0] = np.arange(20) % 10
        records.tofile(folder / f"{name}.bin")
    return f"cifar10:{folder}"


def images(folder: Path) -> str:
    """A folder of images of two classes, in a folder of its own: whatever stands beside them would be a class."""
    folder = folder / "images"
    random = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (folder / name).mkdir(parents=True)
        for number in range(24):
            pixels = random.integers(0, 256, (40, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return f"folder:{folder}"
