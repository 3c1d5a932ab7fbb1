"""Fits stored images to a network's input: size, channels, scale; and augments those that are trained with."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from archdsl.training.datasets import Dataset
from archdsl.training.errors import TrainingError


@dataclass(frozen=True)
class Preparation:
    """From stored pixels [M, C, H, W] to what the network reads.

    Attributes:
        shape: channels, height and width of the network's input.
        white: the value of the brightest stored pixel.
        mean, deviation: of the training images, of each stored channel, in units of white.
    """

    shape: tuple[int, int, int]
    white: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def for_dataset(cls, dataset: Dataset, shape: tuple[int, int, int]) -> Preparation:
        """The preparation that centres and scales by what the training images are like.

        Raises:
            TrainingError: if the images' channels cannot become the network's.
        """
        pixels = dataset.train.pixels
        if pixels.shape[1] not in (1, shape[0]) and shape[0] != 1:
            raise TrainingError(
                f"the images of {dataset.name} have {pixels.shape[1]} channels and the network reads {shape[0]}"
            )
        mean, deviation = dataset.remember("statistics", lambda: _statistics(pixels, dataset.white))
        return cls(shape, dataset.white, mean, deviation)

    def __call__(self, pixels: Tensor) -> Tensor:
        """float32 images [M, *shape], on the device of `pixels`: bilinear resizing, channels repeated or averaged."""
        channels, height, width = self.shape
        mean = torch.tensor(self.mean, device=pixels.device).view(-1, 1, 1)
        deviation = torch.tensor(self.deviation, device=pixels.device).view(-1, 1, 1)
        images = (pixels.float() / self.white - mean) / deviation
        if images.shape[1] != channels:
            images = images.mean(1, keepdim=True) if channels == 1 else images.expand(-1, channels, -1, -1)
        if images.shape[-2:] != (height, width):
            # Shrinking without antialiasing would skip pixels.
            smaller = height < images.shape[-2] or width < images.shape[-1]
            images = F.interpolate(images, (height, width), mode="bilinear", antialias=smaller)
        return images.contiguous()


def _statistics(pixels: Tensor, white: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each channel, in units of white."""
    # Sums of whole numbers, channel by channel, so that no copy in floats of all images is needed.
    counts = [torch.bincount(pixels[:, c].flatten(), minlength=256).double() for c in range(pixels.shape[1])]
    values = torch.arange(256, dtype=torch.float64) / white
    means = [float((n * values).sum() / n.sum()) for n in counts]
    spreads = [float((n * (values - m) ** 2).sum() / n.sum()) ** 0.5 for n, m in zip(counts, means, strict=True)]
    return tuple(means), tuple(max(s, 1e-3) for s in spreads)


def augment(images: Tensor, flip: bool, crop: int, random: torch.Generator) -> Tensor:
    """Mirror half of the images and shift each by up to `crop` pixels, zeros moving in; [N, C, H, W] both ways."""
    count, _, height, width = images.shape
    if flip:
        mirrored = torch.rand(count, generator=random) < 0.5
        images = torch.where(mirrored.to(images.device).view(-1, 1, 1, 1), images.flip(-1), images)
    if crop:
        padded = F.pad(images, (crop, crop, crop, crop))
        top = torch.randint(2 * crop + 1, (count,), generator=random).to(images.device)
        left = torch.randint(2 * crop + 1, (count,), generator=random).to(images.device)
        rows = top.view(-1, 1) + torch.arange(height, device=images.device)
        columns = left.view(-1, 1) + torch.arange(width, device=images.device)
        sample = torch.arange(count, device=images.device).view(-1, 1, 1)
        # Advanced indices around a slice put the channels last.
        images = padded[sample, :, rows.unsqueeze(2), columns.unsqueeze(1)].permute(0, 3, 1, 2).contiguous()
    return images
