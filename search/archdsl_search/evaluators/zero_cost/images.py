"""The minibatch's images: random ones, or the first of a data set in an order that the seed gives."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

import archdsl


def images_and_labels(data: str, shape: tuple[int, ...], classes: int, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Images [count, *shape] with mean 0 and deviation 1, and labels [count] below `classes`.

    Raises:
        ValueError: if the data set has more classes than the network, or too few images.
        archdsl.TrainingError: if the data set is unknown, missing or damaged.
    """
    random = torch.Generator().manual_seed(seed)
    if data == "random":
        return torch.randn(count, *shape, generator=random), torch.randint(classes, (count,), generator=random)
    if len(shape) != 3:
        raise ValueError(f"the network reads {list(shape)}; only images [C, H, W] come from a data set")
    dataset = archdsl.load_dataset(data, (shape[1], shape[2]))
    if len(dataset.classes) > classes:
        raise ValueError(f"{dataset.name} has {len(dataset.classes)} classes and the network {classes} outputs")
    if len(dataset.train) < count:
        raise ValueError(f"{dataset.name} has {len(dataset.train)} images to train with; batch_size is {count}")
    chosen = torch.randperm(len(dataset.train), generator=random)[:count]
    return _fitted(dataset.train.pixels[chosen], shape), dataset.train.labels[chosen]


def _fitted(pixels: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Pixels [M, C, H, W] in the size and with the channels that the network reads, centred and scaled."""
    images = pixels.float()
    images = (images - images.mean((0, 2, 3), keepdim=True)) / images.std((0, 2, 3), keepdim=True).clamp_min(1e-3)
    if images.shape[1] != shape[0]:
        images = images.mean(1, keepdim=True).expand(-1, shape[0], -1, -1)
    if images.shape[2:] != shape[1:]:
        images = F.interpolate(images, shape[1:], mode="bilinear", antialias=True)
    return images.contiguous()
