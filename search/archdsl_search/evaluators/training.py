"""Proxy training: each candidate is trained for a few epochs and judged by images that it was not trained with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

import archdsl
from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings, Job, Metrics
from archdsl_search.evaluators.keeping import keep_weights
from archdsl_search.evaluators.stopping import EarlyStopping

if TYPE_CHECKING:
    from archdsl import Architecture, Dataset, Space, TrainingResult


class TrainingOptions(EvaluatorSettings):
    """Data, schedule and what is kept."""

    data: str = Field(
        "digits", description="digits, cifar10:DIR (the binary version) or folder:DIR (a folder a class)."
    )
    images: int | None = Field(None, ge=2, description="Use only so many training images, every class alike.")
    validation: float = Field(
        0.1, gt=0, description="Training images to validate with: a share below 1, or their number. Never trained with."
    )
    epochs: int = Field(10, ge=1, description="Times that all training images are seen.")
    batch_size: int = Field(64, ge=1, description="Images in a step.")
    optimizer: Literal["sgd", "nesterov", "adam", "adamw", "rmsprop"] = Field("adamw", description="What updates.")
    learning_rate: float | None = Field(None, gt=0, description="At the peak; by default the optimizer's usual one.")
    weight_decay: float | None = Field(None, ge=0, description="By default the optimizer's usual one.")
    momentum: float = Field(0.9, ge=0, lt=1, description="Of sgd, nesterov and rmsprop.")
    schedule: Literal["cosine", "step", "constant"] = Field("cosine", description="Of the learning rate.")
    warmup_epochs: float = Field(1.0, ge=0, description="Epochs in which the learning rate rises from zero.")
    step_epochs: int = Field(30, ge=1, description="The step schedule multiplies the rate every so many epochs...")
    gamma: float = Field(0.1, gt=0, le=1, description="...with this.")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Share of the probability for all classes alike.")
    clip_norm: float = Field(0.0, ge=0, description="Largest norm of all gradients together; 0 leaves them.")
    aux_weight: float = Field(0.3, ge=0, description="Weight of auxiliary heads in the loss.")
    flip: bool = Field(False, description="Mirror half of the training images.")
    crop: int = Field(0, ge=0, description="Shift training images by up to so many pixels.")
    precision: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: bfloat16 on a GPU.")
    speed: Literal["auto", "measure", "plain", "compile"] = Field(
        "auto", description="How steps are carried out, as of `archdsl train`; `measure` may differ from run to run."
    )
    device: str = Field("auto", description="cpu, cuda, cuda:1, ...; auto takes a GPU if there is one.")
    repeats: int = Field(1, ge=1, description="Trainings with other seeds, of which the mean is given.")
    patience: int | None = Field(None, ge=1, description="Stop after so many epochs without a better accuracy.")
    stop_below: dict[int, float] = Field({}, description="Stop after epoch: unless the accuracy is so high by then.")
    test: bool = Field(False, description="Also measure test_accuracy, on the images held out. Not for searching.")
    keep: int | Literal["all"] = Field(
        10, description="Weights of so many of the best trials, by the objective, stay in the run's folder."
    )

    @field_validator("keep", mode="before")
    @classmethod
    def _all_or_a_number(cls, keep: Any) -> Any:
        if keep == "all" or (type(keep) is int and keep >= 0):
            return keep
        raise ValueError(f"`all` or a whole number from 0 is needed, not {keep!r}")

    @model_validator(mode="after")
    def _possible(self) -> TrainingOptions:
        self.training_settings(0)
        return self

    def training_settings(self, seed: int) -> archdsl.TrainingSettings:
        """What `archdsl.train` takes.

        Raises:
            ValueError: if they don't go together.
        """
        names = archdsl.TrainingSettings.__dataclass_fields__.keys() & type(self).model_fields.keys()
        try:
            return archdsl.TrainingSettings(**{name: getattr(self, name) for name in names}, seed=seed)
        except archdsl.TrainingError as error:
            raise ValueError(str(error)) from error


class TrainingEvaluator(Evaluator[TrainingOptions]):
    """Trains with `archdsl.train` and gives the best epoch's `accuracy` and `loss` on the validation images.

    Further metrics: `epochs` that were run, `best_epoch`, `train_accuracy` of the last epoch, `params`, `mult_adds`;
    `accuracy_deviation` with several repeats, `test_accuracy` where it is asked for. Initial weights, order and
    augmentation follow from the job's seed; the split of the data is always the same.
    """

    name = "training"
    settings_type = TrainingOptions
    metrics: ClassVar[tuple[str, ...]] = (
        "accuracy",
        "loss",
        "epochs",
        "best_epoch",
        "train_accuracy",
        "params",
        "mult_adds",
    )

    def __init__(self, space: Space, settings: TrainingOptions):
        """An evaluator with its data: what is missing is said before anything is tried.

        Raises:
            archdsl.TrainingError: if the data set is unknown, missing or damaged.
        """
        super().__init__(space, settings)
        self._data: dict[tuple[int, ...], Dataset] = {}
        kind, _, place = settings.data.partition(":")
        if kind != "folder":  # images of one size, whatever candidates read
            self._data[()] = _fewer(archdsl.load_dataset(settings.data), settings.images)
        elif not Path(place).is_dir():
            raise archdsl.DataError(f"{place} is no folder")

    @classmethod
    def measured(cls, settings: TrainingOptions) -> tuple[str, ...]:
        further = {"accuracy_deviation": settings.repeats > 1, "test_accuracy": settings.test}
        return (*cls.metrics, *(name for name, wanted in further.items() if wanted))

    def evaluate(self, job: Job) -> Metrics:
        architecture = self.space.resolve(job.decisions)
        results = [self._train(architecture, job, repeat) for repeat in range(self.settings.repeats)]
        best = max(results, key=lambda result: result.validation.accuracy)
        metrics = self._metrics(architecture, results)
        if self.settings.keep != 0:
            keep_weights(best.module, job.folder)
        return metrics

    def _train(self, architecture: Architecture, job: Job, repeat: int) -> TrainingResult:
        settings = self.settings
        stopping = EarlyStopping(settings.patience, settings.stop_below)

        def on_epoch(report: archdsl.EpochReport) -> bool:
            step = repeat * settings.epochs + report.epoch
            asked = job.report(step, {"accuracy": report.validation_accuracy, "loss": report.validation_loss})
            return stopping(report.epoch, report.validation_accuracy) or asked

        try:
            return archdsl.train(
                architecture,
                self._dataset(architecture),
                settings.training_settings(job.seed + repeat),
                device=settings.device,
                test=settings.test,
                on_epoch=on_epoch,
            )
        except archdsl.OutOfMemoryError as error:
            raise MemoryError(str(error)) from error

    def _metrics(self, architecture: Architecture, results: list[TrainingResult]) -> dict[str, float]:
        report = archdsl.cost(architecture)
        metrics = {
            "accuracy": _mean([result.validation.accuracy for result in results]),
            "loss": _mean([result.validation.loss for result in results]),
            "epochs": _mean([len(result.epochs) for result in results]),
            "best_epoch": _mean([result.best_epoch for result in results]),
            "train_accuracy": _mean([result.epochs[-1].train_accuracy for result in results]),
            "params": float(report.params),
            "mult_adds": float(report.mult_adds),
        }
        if len(results) > 1:
            squares = [(result.validation.accuracy - metrics["accuracy"]) ** 2 for result in results]
            metrics["accuracy_deviation"] = (sum(squares) / (len(results) - 1)) ** 0.5
        if self.settings.test:
            metrics["test_accuracy"] = _mean([result.test.accuracy for result in results if result.test])
        return metrics

    def _dataset(self, architecture: Architecture) -> Dataset:
        """The data set; a folder's is read once for each size of images that candidates read."""
        if () in self._data:
            return self._data[()]
        shape = next(iter(architecture.graph().inputs.values())).type.shape
        size = (shape[-2], shape[-1])
        if size not in self._data:
            self._data[size] = _fewer(archdsl.load_dataset(self.settings.data, size), self.settings.images)
        return self._data[size]


def _fewer(dataset: Dataset, count: int | None) -> Dataset:
    """The same data set with `count` images to train with, every class alike as far as that goes."""
    if count is None or count >= len(dataset.train):
        return dataset
    import torch

    labels = dataset.train.labels
    # The first image of every class, then the second of every class, and so on; a class that is used up drops out.
    rank = torch.zeros_like(labels)
    for label in set(labels.tolist()):
        members = labels == label
        rank[members] = torch.arange(int(members.sum()))
    chosen = torch.argsort(rank, stable=True)[:count].sort().values
    return archdsl.Dataset(dataset.name, dataset.classes, dataset.train.take(chosen), dataset.test, dataset.white)


def _mean(values: list[Any]) -> float:
    return float(sum(values) / len(values))
