"""The learning rate as a function of the step; nothing to remember, so nothing to restore."""

from __future__ import annotations

from math import cos, pi

from archdsl.training.settings import TrainingSettings


def learning_rate_factor(settings: TrainingSettings, step: int, steps_per_epoch: int) -> float:
    """What the learning rate is multiplied with at `step`, counted from 0 over the whole training.

    Warm-up first, linear; then the schedule: `cosine` falls to zero at the end (arXiv:1608.03983, one cycle),
    `step` multiplies with gamma every `step_epochs` epochs, `constant` stays.
    """
    warmup = round(settings.warmup_epochs * steps_per_epoch)
    if step < warmup:
        return (step + 1) / warmup
    if settings.schedule == "constant":
        return 1.0
    if settings.schedule == "step":
        return float(settings.gamma ** (step // (settings.step_epochs * steps_per_epoch)))
    rest = max(1, settings.epochs * steps_per_epoch - warmup)
    return 0.5 * (1 + cos(pi * min(1.0, (step - warmup) / rest)))
