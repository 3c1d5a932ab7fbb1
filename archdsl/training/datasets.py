"""Labelled images: scikit-learn's digits, CIFAR-10's binary files, folders of image files.

Everything is read into memory as bytes. No format that can run code is read: no pickles.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from archdsl.training.errors import DataError
from archdsl.training.seeds import generator

HELD_OUT = 0.2
"""Share of the images that is held out for the final figure, where the data set has no split of its own."""

CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR10_RECORD = 1 + 3 * 32 * 32  # label, then the three colour planes
IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp", ".ppm", ".pgm", ".tif", ".tiff", ".gif"}
# More than this is not read: the data set stays in memory.
LARGEST_BYTES = 16 << 30


T = TypeVar("T")


@dataclass(frozen=True)
class Images:
    """Images with their labels: `pixels` [M, C, H, W] uint8, `labels` [M] int64."""

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor) -> Images:
        """The images at these positions."""
        return Images(self.pixels[index], self.labels[index])

    def to(self, device: torch.device) -> Images:
        """The same images on a device."""
        return Images(self.pixels.to(device), self.labels.to(device))


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images to train with, and others held out that only the final figure sees.

    `white` is the value of the brightest pixel: 255 for most images, 16 for the digits. What trainings derive from
    the images is remembered, so that one data set serves many of them in one process.
    """

    name: str
    classes: tuple[str, ...]
    train: Images
    test: Images
    white: int = 255
    _remembered: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    def parts(self, validation: float, device: torch.device) -> tuple[Images, Images]:
        """Images to train with and to validate with, on `device`; the same for equal arguments.

        Args:
            validation: the share of the training images, below 1, or their number.
            device: where both are put.

        Raises:
            DataError: if there are too few images.
        """

        def make() -> tuple[Images, Images]:
            train, held = split(self.train, validation, "validation")
            return train.to(device), held.to(device)

        return self.remember(("parts", validation, str(device)), make)

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made once for each key."""
        if key not in self._remembered:
            self._remembered[key] = make()
        found: T = self._remembered[key]
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return Dataset, (self.name, self.classes, self.train, self.test, self.white)


def load_dataset(source: str, size: tuple[int, int] | None = None) -> Dataset:
    """The data set that `source` names: `digits`, `cifar10:DIR` or `folder:DIR`.

    Args:
        source: what `archdsl train --data` takes.
        size: height and width to which image files are brought when they are read; the others have one size.

    Raises:
        DataError: if the data set is unknown, missing or damaged.
    """
    name, _, place = source.partition(":")
    if source == "digits":
        return _digits()
    if name == "cifar10" and place:
        return _cifar10(Path(place))
    if name == "folder" and place:
        return _folder(Path(place), size or (224, 224))
    raise DataError(f"there is no data set `{source}`; there are digits, cifar10:DIR and folder:DIR")


def split(images: Images, size: float, purpose: str) -> tuple[Images, Images]:
    """Two parts, every class alike; the same on every machine and in every run.

    Args:
        images: what is split.
        size: of the second part: a share of the images, below 1, or their number.
        purpose: other purposes give other parts.

    Raises:
        DataError: if a number is asked for that leaves a class without images in one of the parts.
    """
    members = {label: torch.nonzero(images.labels == label).flatten() for label in sorted(set(images.labels.tolist()))}
    counts = _shares(members, size) if size < 1 else _quotas(members, round(size), purpose)
    first, second = [], []
    for label, index in members.items():
        index = index[torch.randperm(len(index), generator=generator(0, purpose, label))]
        second.append(index[: counts[label]])
        first.append(index[counts[label] :])
    return images.take(torch.cat(first).sort().values), images.take(torch.cat(second).sort().values)


def _shares(members: dict[int, Tensor], share: float) -> dict[int, int]:
    return {label: min(len(index) - 1, max(1, round(len(index) * share))) for label, index in members.items()}


def _quotas(members: dict[int, Tensor], number: int, purpose: str) -> dict[int, int]:
    """Whole numbers in the classes' proportions that add up to `number`: the largest remainders are rounded up."""
    total = sum(map(len, members.values()))
    exact = {label: number * len(index) / total for label, index in members.items()}
    counts = {label: int(value) for label, value in exact.items()}
    by_remainder = sorted(exact, key=lambda label: counts[label] - exact[label])
    for label in by_remainder[: number - sum(counts.values())]:
        counts[label] += 1
    short = [label for label, index in members.items() if not 0 < counts[label] < len(index)]
    if short:
        raise DataError(
            f"{purpose}: {number} of {total} images leave class {short[0]} ({len(members[short[0]])} images) "
            f"with {counts[short[0]]} of them; every class needs at least one on both sides"
        )
    return counts


def _digits() -> Dataset:
    """1797 handwritten digits of 8 x 8 pixels, from the UCI repository, part of scikit-learn."""
    from sklearn.datasets import load_digits

    found = load_digits()
    pixels = torch.from_numpy(found.images.astype(np.uint8)).unsqueeze(1)
    train, test = split(Images(pixels, torch.from_numpy(found.target.astype(np.int64))), HELD_OUT, "held out")
    return Dataset("digits", tuple(map(str, found.target_names)), train, test, white=16)


def _cifar10(folder: Path) -> Dataset:
    """CIFAR-10 in its binary version (`cifar-10-batches-bin`); the Python version holds pickles and is refused."""
    if not (folder / "test_batch.bin").is_file() and (folder / "cifar-10-batches-bin").is_dir():
        folder = folder / "cifar-10-batches-bin"
    if (folder / "test_batch").is_file():
        raise DataError(
            f"{folder} holds the Python version of CIFAR-10: pickles, which can run code and are not read. "
            "Take the binary version (cifar-10-binary.tar.gz)."
        )
    train = [_cifar10_file(folder / f"data_batch_{i}.bin") for i in range(1, 6)]
    joined = Images(torch.cat([part.pixels for part in train]), torch.cat([part.labels for part in train]))
    return Dataset("cifar10", CIFAR10_CLASSES, joined, _cifar10_file(folder / "test_batch.bin"))


def _cifar10_file(path: Path) -> Images:
    try:
        data = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; data_batch_1.bin to 5 and test_batch.bin are needed") from None
    if len(data) == 0 or len(data) % CIFAR10_RECORD:
        raise DataError(f"{path}: {len(data)} bytes are no whole number of records of {CIFAR10_RECORD}; cut off?")
    records = data.reshape(-1, CIFAR10_RECORD)
    labels = records[:, 0].astype(np.int64)
    if labels.max() > 9:
        raise DataError(f"{path}: there is a label {labels.max()}; CIFAR-10 has 0 to 9")
    return Images(torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()), torch.from_numpy(labels))


def _folder(folder: Path, size: tuple[int, int]) -> Dataset:
    """One folder of images for each class; `train` and `test` (or `val`) above them where the split is given."""
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder")
    held_out = next((folder / name for name in ("test", "val") if (folder / name).is_dir()), None)
    if (folder / "train").is_dir() and held_out is not None:
        classes = _classes(folder / "train")
        unknown = set(_classes(held_out)) - set(classes)
        if unknown:
            raise DataError(f"{held_out}: there is no class {', '.join(sorted(unknown))} in {folder / 'train'}")
        train, test = _read(folder / "train", classes, size), _read(held_out, classes, size)
    else:
        classes = _classes(folder)
        train, test = split(_read(folder, classes, size), HELD_OUT, "held out")
    return Dataset(f"folder:{folder}", tuple(classes), train, test)


def _classes(folder: Path) -> list[str]:
    names = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if len(names) < 2:
        raise DataError(f"{folder}: a folder of images for each class is needed, at least two of them")
    return names


def _read(folder: Path, classes: Sequence[str], size: tuple[int, int]) -> Images:
    """All images of all classes, RGB, brought to `size` (height, width)."""
    from PIL import Image, UnidentifiedImageError

    files = [(path, label) for label, name in enumerate(classes) for path in _image_files(folder / name)]
    needed = len(files) * 3 * size[0] * size[1]
    if needed > LARGEST_BYTES:
        raise DataError(f"{folder}: {len(files)} images need {needed >> 30} GiB of memory; take fewer or smaller")
    pixels = np.empty((len(files), 3, *size), dtype=np.uint8)
    for row, (path, _) in enumerate(files):
        try:
            with Image.open(path) as image:
                resized = image.convert("RGB").resize((size[1], size[0]), Image.Resampling.BILINEAR)
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise DataError(f"{path}: not a readable image: {error}") from None
        pixels[row] = np.asarray(resized).transpose(2, 0, 1)
    return Images(torch.from_numpy(pixels), torch.tensor([label for _, label in files], dtype=torch.int64))


def _image_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if len(found) < 2:
        raise DataError(f"{folder}: at least two images are needed for each class, there are {len(found)}")
    return found
