"""What is told of a training while it runs and when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import nn


class StepReport(NamedTuple):
    """Where an epoch stands: `step` of `steps` done, and the loss of late."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float


class EpochReport(NamedTuple):
    """One epoch: means over its training images (augmented, while the weights change) and over the validation images.

    Losses are cross entropies in nats, with auxiliary outputs and teacher in training; `seconds` is wall time,
    validation included.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


class Score(NamedTuple):
    """Mean cross entropy and share of right answers."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class TrainingResult:
    """What a training came to.

    Attributes:
        module: the network with the weights of the best epoch, in evaluation mode, on the device it was trained on.
        best_epoch: the epoch with the highest validation accuracy; among equals, the lowest validation loss.
        validation: its score on the validation images.
        test: its score on the images held out; None where it was not asked for.
        epochs: a report for each epoch that is done, earlier ones of a resumed run included where a folder has them.
        stopped: whether `on_epoch` ended the training before its last epoch.
        seconds: wall time of all epochs.
    """

    module: nn.Module
    best_epoch: int
    validation: Score
    test: Score | None
    epochs: tuple[EpochReport, ...]
    stopped: bool
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Everything but the module, as plain data."""
        return {
            "best_epoch": self.best_epoch,
            "validation": self.validation._asdict(),
            "test": self.test._asdict() if self.test else None,
            "epochs": [report._asdict() for report in self.epochs],
            "stopped": self.stopped,
            "seconds": self.seconds,
        }
