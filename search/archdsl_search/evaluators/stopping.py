"""When a proxy training is not worth its remaining epochs."""

from __future__ import annotations

from collections.abc import Mapping


class EarlyStopping:
    """Called after each epoch with the validation accuracy; says whether to stop.

    Args:
        patience: epochs without a better accuracy after which to stop; None for never.
        stop_below: by epoch, the accuracy that must have been reached by then.
    """

    def __init__(self, patience: int | None, stop_below: Mapping[int, float]):
        self.patience = patience
        self.stop_below = stop_below
        self._best = -1.0
        self._best_epoch = 0

    def __call__(self, epoch: int, accuracy: float) -> bool:
        if accuracy > self._best:
            self._best, self._best_epoch = accuracy, epoch
        if self.patience is not None and epoch - self._best_epoch >= self.patience:
            return True
        return self._best < self.stop_below.get(epoch, -1.0)
