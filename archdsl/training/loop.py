"""The training loop: epochs of steps, validation, checkpoints, the final figure."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl.training import checkpoint, metrics
from archdsl.training.classifier import Classifier
from archdsl.training.datasets import Dataset, Images
from archdsl.training.distillation import Teacher
from archdsl.training.errors import DivergenceError, TrainingError, naming_memory
from archdsl.training.keeping import CHECKPOINT, METRICS, InFolder, InMemory, Keeper
from archdsl.training.optimizers import peak_learning_rate
from archdsl.training.preparation import Preparation, augment
from archdsl.training.results import EpochReport, Score, StepReport, TrainingResult
from archdsl.training.schedule import learning_rate_factor
from archdsl.training.seeds import generator, seed_everything
from archdsl.training.settings import TrainingSettings
from archdsl.training.stepping import Stepper, choose_way
from archdsl.training.ways import Way

# Evaluation keeps no activations for a backward pass: it takes so many times the images of a step, up to a limit.
EVALUATION_BATCHES, LARGEST_EVALUATION_BATCH = 4, 256
# Reading the loss waits for the device; it is looked at once in so many steps.
REPORT_EVERY = 8


@dataclass
class Training:
    """One training of one module; `run` carries it out.

    Attributes:
        module: in float32, on any device; moved to `device`.
        classifier: its input and outputs.
        network: hash of its architecture, by which a checkpoint knows it.
        folder: where checkpoint, weights and metrics go; None writes nothing.
        on_step: called with what can be shown.
        on_epoch: called after each epoch; the training ends early where it returns True.
        on_way: called once with the way in which steps are carried out.
        teacher: whose answers are learned, beside the labels.
        test: whether the best weights are scored on the images held out.
    """

    module: nn.Module
    classifier: Classifier
    network: str
    dataset: Dataset
    settings: TrainingSettings
    folder: Path | None = None
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    on_step: Callable[[StepReport], None] = lambda report: None
    on_epoch: Callable[[EpochReport], bool | None] = lambda report: None
    on_way: Callable[[Way], None] = lambda way: None
    teacher: Teacher | None = None
    test: bool = True

    def run(self, resume: bool = False) -> TrainingResult:
        """Train to the end and evaluate the best weights.

        Raises:
            TrainingError: if the data does not fit or the checkpoint to resume from is unusable; DivergenceError,
                OutOfMemoryError.
            OSError: if the folder cannot be written to.
        """
        if resume and self.folder is None:
            raise TrainingError("there is no folder to resume from")
        with naming_memory(f"on {self.device}, {self.settings.batch_size} images in a step"):
            self._prepare()
            state = self._resumed() if resume else self._fresh()
            self._keeper.start()
            stopped = False
            while state.epoch < self.settings.epochs and not stopped:
                report = self._epoch(state.epoch + 1)
                state = self._after(report, state)
                self._keeper.epoch(report._asdict(), state, self.module, self.stepper.optimizer)
                self._reports.append(report)
                stopped = bool(self.on_epoch(report))
            return self._finish(state, stopped)

    def _prepare(self) -> None:
        self.classifier.expect_classes(len(self.dataset.classes), self.dataset.name)
        self.train, self.validation = self.dataset.parts(self.settings.validation, self.device)
        self.preparation = Preparation.for_dataset(self.dataset, self.classifier.shape)
        self.steps = max(1, len(self.train) // self.settings.batch_size)
        self.module.to(self.device)
        self._keeper: Keeper = InMemory() if self.folder is None else InFolder(self.folder)
        self._reports: list[EpochReport] = []

    def _fresh(self) -> checkpoint.Checkpoint:
        settings = self.settings.to_dict()
        way = choose_way(
            self.module,
            self.classifier,
            self.settings,
            self.device,
            self._first_batch(),
            self.settings.epochs * self.steps,
        )
        self._start(way)
        teacher = self.teacher.identity if self.teacher else ""
        described = (self.network, self.dataset.name, settings, asdict(way), teacher)
        return checkpoint.Checkpoint(0, 0, 0.0, math.inf, *described)

    def _start(self, way: Way) -> None:
        """Bring the module into the way's layout; nothing is random here, or the run would depend on the way."""
        self.way = way
        self.stepper = Stepper(self.module, self.classifier, self.settings, self.device, way, self.teacher)
        self.stepper.record(self._first_batch()[0])
        self.on_way(way)

    def _first_batch(self) -> tuple[Tensor, Tensor]:
        """Images and labels to try steps with."""
        part = self.train.take(torch.arange(min(self.settings.batch_size, len(self.train)), device=self.device))
        return self.preparation(part.pixels), part.labels

    def _after(self, report: EpochReport, state: checkpoint.Checkpoint) -> checkpoint.Checkpoint:
        """The state after an epoch; its weights are kept if they are the best, equals going to the lower loss."""
        epoch, accuracy, loss = report.epoch, report.validation_accuracy, report.validation_loss
        if state.best_epoch and (accuracy, -loss) <= (state.best_accuracy, -state.best_loss):
            return replace(state, epoch=epoch)
        self._keeper.best(self.module)
        return replace(state, epoch=epoch, best_epoch=epoch, best_accuracy=accuracy, best_loss=loss)

    def _resumed(self) -> checkpoint.Checkpoint:
        assert self.folder is not None
        stored = checkpoint.read(self.folder / CHECKPOINT)
        teacher = self.teacher.identity if self.teacher else ""
        stored.expect(self.network, self.dataset.name, self.settings, teacher)
        self._start(Way(**stored.checkpoint.way))
        stored.fill(self.module, self.stepper.optimizer)
        metrics.keep_until(self.folder / METRICS, stored.checkpoint.epoch)
        self._reports += [EpochReport(**record) for record in metrics.read(self.folder / METRICS)]
        return stored.checkpoint

    def _epoch(self, epoch: int) -> EpochReport:
        """Train for one epoch."""
        started = time.monotonic()
        seed_everything(self.settings.seed, "dropout", epoch)
        self.module.train()
        loss_sum = torch.zeros((), device=self.device)
        right = torch.zeros((), device=self.device)
        seen = 0
        for step, index in enumerate(self._batches(epoch)):
            loss, correct = self._step((epoch - 1) * self.steps + step, index)
            loss_sum += loss * len(index)
            right += correct
            seen += len(index)
            if (step + 1) % REPORT_EVERY == 0 or step + 1 == self.steps:
                self._report(epoch, step + 1, float(loss))
        score = self.evaluate(self.validation)
        self._expect_finite(score.loss, epoch, "the validation loss", "")
        seconds = round(time.monotonic() - started, 3)
        rate = self.stepper.optimizer.param_groups[0]["lr"]
        return EpochReport(epoch, rate, float(loss_sum) / seen, float(right) / seen, *score, seconds)

    def _batches(self, epoch: int) -> Iterator[Tensor]:
        """Positions of the images of each step, in this epoch's order; only full batches, if there is one."""
        order = torch.randperm(len(self.train), generator=generator(self.settings.seed, "order", epoch))
        self._augmentation = generator(self.settings.seed, "augmentation", epoch)
        for step in range(self.steps):
            start = step * self.settings.batch_size
            yield order[start : start + self.settings.batch_size].to(self.device)

    def _step(self, step: int, index: Tensor) -> tuple[Tensor, Tensor]:
        """One update; the loss and how many answers were right, still on the device."""
        images = self.preparation(self.train.pixels[index])
        images = augment(images, self.settings.flip, self.settings.crop, self._augmentation)
        rate = peak_learning_rate(self.settings) * learning_rate_factor(self.settings, step, self.steps)
        return self.stepper.step(images, self.train.labels[index], rate)

    def _report(self, epoch: int, step: int, loss: float) -> None:
        self._expect_finite(loss, epoch, "the loss", f", step {step}")
        self.on_step(StepReport(epoch, self.settings.epochs, step, self.steps, loss))

    def _expect_finite(self, loss: float, epoch: int, what: str, step: str) -> None:
        if not math.isfinite(loss):
            raise DivergenceError(
                f"{what} is {loss} in epoch {epoch}{step}: the training diverged; a lower --learning-rate, "
                "more --warmup or --clip-norm may help"
            )

    @torch.no_grad()
    def evaluate(self, images: Images) -> Score:
        """The score on `images`, without augmentation, in evaluation mode."""
        self.module.eval()
        loss = right = 0.0
        size = min(LARGEST_EVALUATION_BATCH, EVALUATION_BATCHES * self.settings.batch_size)
        for start in range(0, len(images), size):
            part = slice(start, start + size)
            labels = images.labels[part].to(self.device)
            answers = self.stepper.answers(self.preparation(images.pixels[part].to(self.device)))
            loss += float(F.cross_entropy(answers, labels, reduction="sum"))
            right += int((answers.argmax(1) == labels).sum())
        return Score(loss / len(images), right / len(images))

    def _finish(self, state: checkpoint.Checkpoint, stopped: bool) -> TrainingResult:
        """Keep the last weights, score the best ones on the images held out."""
        self._keeper.last(self.module)
        self.module.eval()
        score = self.evaluate(self.dataset.test) if self.test else None
        record = {"best_epoch": state.best_epoch, "validation_accuracy": state.best_accuracy}
        if score is not None:
            further = {"test_loss": score.loss, "test_accuracy": score.accuracy, "test_images": len(self.dataset.test)}
            self._keeper.final({**record, **further})
        best = Score(state.best_loss, state.best_accuracy)
        seconds = sum(report.seconds for report in self._reports)
        return TrainingResult(
            self.module, state.best_epoch, best, score, tuple(self._reports), stopped, round(seconds, 3)
        )
