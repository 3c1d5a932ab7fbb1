"""A small classifier and a small data set, so that a training takes a fraction of a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archdsl.training.classifier import Classifier
from archdsl.training.datasets import Dataset, Images
from archdsl.training.loop import Training
from archdsl.training.seeds import seed_everything
from archdsl.training.settings import TrainingSettings


class Network(nn.Module):
    """Normalisation (buffers), dropout (random numbers) and an auxiliary output in training alone."""

    def __init__(self, classes: int = 2):
        super().__init__()
        self.convolution = nn.Conv2d(1, 4, 3, padding=1)
        self.normalization = nn.BatchNorm2d(4)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(4 * 36, classes)
        self.auxiliary = nn.Linear(4 * 36, classes)

    def forward(self, image: Tensor) -> Any:
        x = torch.relu(self.normalization(self.convolution(image))).flatten(1)
        logits = self.head(self.dropout(x))
        return {"logits": logits, "aux": self.auxiliary(x)} if self.training else logits


def bright_halves(count: int, seed: int) -> Images:
    """Images that are brighter on the left (class 0) or on the right (class 1)."""
    random = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 120, (count, 1, 6, 6), generator=random)
    labels = torch.arange(count) % 2
    for row, label in enumerate(labels.tolist()):
        pixels[row, :, :, 3 * label : 3 * label + 3] += 100
    return Images(pixels.to(torch.uint8), labels)


@pytest.fixture
def dataset() -> Dataset:
    return Dataset("halves", ("left", "right"), bright_halves(80, 1), bright_halves(40, 2))


@pytest.fixture
def make_training(tmp_path: Path, dataset: Dataset):
    """A training of a fresh network with the same initial weights each time."""

    def make(folder: str = "run", network: str = "hash", **changed: Any) -> Training:
        settings = TrainingSettings(**{"epochs": 4, "batch_size": 16, "crop": 1, "flip": False, **changed})
        seed_everything(settings.seed, "weights")
        classifier = Classifier((1, 6, 6), ("logits", "aux"), 2)
        return Training(Network(), classifier, network, dataset, settings, tmp_path / folder)

    return make
