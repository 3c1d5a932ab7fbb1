"""Images as the network reads them."""

from __future__ import annotations

import pytest
import torch

from archdsl.training.datasets import Dataset, Images
from archdsl.training.errors import TrainingError
from archdsl.training.preparation import Preparation, augment


def dataset_of(pixels):
    images = Images(pixels, torch.zeros(len(pixels), dtype=torch.int64))
    return Dataset("some", ("a", "b"), images, images)


@pytest.fixture
def pixels():
    return torch.randint(0, 256, (30, 3, 8, 6), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def test_training_images_are_centred_and_scaled(pixels):
    prepared = Preparation.for_dataset(dataset_of(pixels), (3, 8, 6))(pixels)
    assert prepared.mean((0, 2, 3)).abs().max() < 1e-4
    assert (prepared.std((0, 2, 3), correction=0) - 1).abs().max() < 1e-4


@pytest.mark.parametrize("shape", [(3, 16, 16), (3, 4, 4), (3, 8, 6), (1, 8, 6)])
def test_any_size_becomes_the_networks(pixels, shape):
    prepared = Preparation.for_dataset(dataset_of(pixels), shape)(pixels)
    assert prepared.shape == (30, *shape)
    assert prepared.dtype == torch.float32


def test_grey_images_are_repeated_over_the_channels(pixels):
    grey = pixels[:, :1]
    prepared = Preparation.for_dataset(dataset_of(grey), (3, 8, 6))(grey)
    assert torch.equal(prepared[:, 0], prepared[:, 2])


def test_channels_that_cannot_become_the_networks_are_named(pixels):
    with pytest.raises(TrainingError, match="3 channels and the network reads 4"):
        Preparation.for_dataset(dataset_of(pixels), (4, 8, 6))


def test_augmentation_mirrors_and_shifts_whole_images():
    images = torch.arange(1, 2 * 5 * 4 + 1, dtype=torch.float32).view(1, 2, 5, 4).expand(200, -1, -1, -1)
    random = torch.Generator().manual_seed(3)
    found = augment(images, flip=True, crop=1, random=random)
    padded = torch.nn.functional.pad(images[0], (1, 1, 1, 1))
    mirrored = torch.nn.functional.pad(images[0].flip(-1), (1, 1, 1, 1))
    possible = [one[:, y : y + 5, x : x + 4] for one in (padded, mirrored) for y in range(3) for x in range(3)]
    matches = [[torch.equal(image, other) for other in possible].index(True) for image in found]
    assert set(matches) == set(range(18))


def test_no_augmentation_changes_nothing(pixels):
    images = pixels.float()
    assert torch.equal(augment(images, flip=False, crop=0, random=torch.Generator()), images)
