"""Everything that decides how a training runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from archdsl.training.errors import TrainingError

Optimizer = Literal["sgd", "nesterov", "adam", "adamw", "rmsprop"]
Schedule = Literal["cosine", "step", "constant"]
Precision = Literal["auto", "float32", "bfloat16"]
Speed = Literal["auto", "measure", "plain", "compile"]


@dataclass(frozen=True)
class TrainingSettings:
    """How to train. Two runs with equal settings, data and network give the same numbers on one CPU.

    Attributes:
        epochs: times that all training images are seen.
        batch_size: images in a step; the last, incomplete batch of an epoch is left out.
        learning_rate: at the end of the warm-up; None is the optimizer's usual one.
        weight_decay: applied to weights of two or more dimensions only; None is the optimizer's usual one.
        momentum: of sgd, nesterov and rmsprop.
        warmup_epochs: the learning rate rises from zero in a straight line.
        step_epochs, gamma: the step schedule multiplies the learning rate with gamma every so many epochs.
        label_smoothing: share of the probability that goes to all classes alike.
        clip_norm: largest norm of all gradients together; 0 leaves them.
        aux_weight: weight of each output but the first in the loss.
        flip: mirror half of the training images.
        crop: shift training images by up to so many pixels of the network's input.
        precision: bfloat16 computes with autocast; auto does so on a GPU, or where `speed` measures that it is faster.
        speed: how steps are carried out: `auto` by rules, the same in every run (channels last, fused optimizer);
            `measure` tries a few steps of every way first; `plain` as torch does by default; `compile` with each
            distinct cell compiled. Numbers differ between ways by rounding (more in bfloat16).
        temperature, alpha: of learning from a teacher: softness of its answers, their share of the loss.
        validation: the training images that choose the best epoch: a share of them, below 1, or their number.
        seed: of initial weights, order, augmentation and dropout. The split of the data does not depend on it.
    """

    epochs: int = 30
    batch_size: int = 64
    optimizer: Optimizer = "adamw"
    learning_rate: float | None = None
    weight_decay: float | None = None
    momentum: float = 0.9
    schedule: Schedule = "cosine"
    warmup_epochs: float = 1.0
    step_epochs: int = 30
    gamma: float = 0.1
    label_smoothing: float = 0.0
    clip_norm: float = 0.0
    aux_weight: float = 0.3
    flip: bool = False
    crop: int = 0
    precision: Precision = "auto"
    speed: Speed = "auto"
    temperature: float = 4.0
    alpha: float = 0.7
    validation: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        rules = {
            "epochs": self.epochs >= 1,
            "batch_size": self.batch_size >= 1,
            "learning_rate": self.learning_rate is None or self.learning_rate > 0,
            "weight_decay": self.weight_decay is None or self.weight_decay >= 0,
            "momentum": 0 <= self.momentum < 1,
            "warmup_epochs": self.warmup_epochs >= 0,
            "step_epochs": self.step_epochs >= 1,
            "gamma": 0 < self.gamma <= 1,
            "label_smoothing": 0 <= self.label_smoothing < 1,
            "clip_norm": self.clip_norm >= 0,
            "aux_weight": self.aux_weight >= 0,
            "crop": self.crop >= 0,
            "temperature": self.temperature > 0,
            "alpha": 0 <= self.alpha <= 1,
            "validation": 0 < self.validation < 1 or (self.validation >= 2 and self.validation % 1 == 0),
        }
        for name, holds in rules.items():
            if not holds:
                raise TrainingError(f"{name} = {getattr(self, name)} is out of range")

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain data."""
        return asdict(self)

    def difference(self, other: dict[str, Any]) -> list[str]:
        """The settings that differ from `other`, each as `name: other's value, not own value`."""
        own = self.to_dict()
        names = [field.name for field in fields(self)]
        return [
            f"{name}: {other.get(name)}, not {own[name]}" for name in names if other.get(name, own[name]) != own[name]
        ]
