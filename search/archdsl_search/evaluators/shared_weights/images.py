"""Images as the candidates read them, in batches that a seed chooses."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from archdsl import Dataset

Batch = tuple[Tensor, Tensor]


class Batches:
    """Images for training the shared weights and for rewards; the split is that of `archdsl.train`.

    Args:
        shape: channels, height and width that candidates read.
    """

    def __init__(self, dataset: Dataset, validation: float, shape: tuple[int, int, int], device: torch.device):
        self._train, self._validation = dataset.parts(validation, device)
        self._shape = shape
        pixels = self._train.pixels[:10_000].float()
        self._mean = pixels.mean((0, 2, 3), keepdim=True)
        self._deviation = pixels.std((0, 2, 3), keepdim=True).clamp_min(1e-3)

    def training(self, size: int, random: torch.Generator) -> Batch:
        """A batch of training images."""
        return self._drawn(self._train.pixels, self._train.labels, size, random)

    def validation(self, size: int | None, random: torch.Generator) -> Batch:
        """A batch of validation images; all of them, in order, if no size is given."""
        pixels, labels = self._validation.pixels, self._validation.labels
        if size is None or size >= len(labels):
            return self._fitted(pixels), labels
        return self._drawn(pixels, labels, size, random)

    def _drawn(self, pixels: Tensor, labels: Tensor, size: int, random: torch.Generator) -> Batch:
        chosen = torch.randperm(len(labels), generator=random)[:size].to(labels.device)
        return self._fitted(pixels[chosen]), labels[chosen]

    def _fitted(self, pixels: Tensor) -> Tensor:
        """Centred and scaled, with the channels and in the size that candidates read."""
        images = (pixels.float() - self._mean) / self._deviation
        if images.shape[1] != self._shape[0]:
            images = images.mean(1, keepdim=True).expand(-1, self._shape[0], -1, -1)
        if images.shape[2:] != self._shape[1:]:
            images = F.interpolate(images, self._shape[1:], mode="bilinear", antialias=True)
        return images.contiguous()
