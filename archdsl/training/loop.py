"""The training loop: epochs of steps, validation, checkpoints, the final figure."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn, optim

from archdsl.pipeline.weights import save_weights
from archdsl.training import checkpoint, metrics
from archdsl.training.classifier import Classifier
from archdsl.training.datasets import Dataset, Images, split
from archdsl.training.errors import TrainingError
from archdsl.training.optimizers import make_optimizer, peak_learning_rate
from archdsl.training.preparation import Preparation, augment
from archdsl.training.schedule import learning_rate_factor
from archdsl.training.seeds import generator, seed_everything
from archdsl.training.settings import Settings

CHECKPOINT, BEST, LAST, METRICS = "checkpoint.safetensors", "best.safetensors", "last.safetensors", "metrics.jsonl"
EVALUATION_BATCH = 256
# Reading the loss waits for the device; it is looked at once in so many steps.
REPORT_EVERY = 8


class StepReport(NamedTuple):
    """Where an epoch stands: `step` of `steps` done, and the loss of late."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float


class Score(NamedTuple):
    """Mean cross entropy and share of right answers."""

    loss: float
    accuracy: float


class Result(NamedTuple):
    """What a training came to; `test` is the score of the best epoch's weights on the images held out."""

    best_epoch: int
    best_accuracy: float
    test: Score
    seconds: float


@dataclass
class Training:
    """One training of one module; `run` carries it out.

    Attributes:
        module: in float32, on any device; moved to `device`.
        classifier: its input and outputs.
        network: hash of its architecture, by which a checkpoint knows it.
        folder: where checkpoint, weights and metrics go.
        on_step, on_epoch: called with what can be shown.
    """

    module: nn.Module
    classifier: Classifier
    network: str
    dataset: Dataset
    settings: Settings
    folder: Path
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    on_step: Callable[[StepReport], None] = lambda report: None
    on_epoch: Callable[[dict[str, Any]], None] = lambda record: None

    def run(self, resume: bool = False) -> Result:
        """Train to the end and evaluate the best weights.

        Raises:
            TrainingError: if the data does not fit, the checkpoint to resume from is unusable, or the loss diverges.
            OSError: if the folder cannot be written to.
        """
        self._prepare()
        state = self._resumed() if resume else self._fresh()
        self.folder.mkdir(parents=True, exist_ok=True)
        for epoch in range(state.epoch + 1, self.settings.epochs + 1):
            record = self._epoch(epoch)
            state = self._after(epoch, record, state)
            metrics.append(self.folder / METRICS, record)
            checkpoint.save(self.folder / CHECKPOINT, state, self.module, self.optimizer)
            self.on_epoch(record)
        return self._finish(state)

    def _prepare(self) -> None:
        self.classifier.expect_classes(len(self.dataset.classes), self.dataset.name)
        train, validation = split(self.dataset.train, self.settings.validation, "validation")
        self.train = Images(train.pixels.to(self.device), train.labels.to(self.device))
        self.validation = Images(validation.pixels.to(self.device), validation.labels.to(self.device))
        self.preparation = Preparation.for_dataset(self.dataset, self.classifier.shape)
        self.steps = max(1, len(self.train) // self.settings.batch_size)
        self.module.to(self.device)
        self.optimizer: optim.Optimizer = make_optimizer(self.module, self.settings)

    def _fresh(self) -> checkpoint.Checkpoint:
        settings = self.settings.to_dict()
        return checkpoint.Checkpoint(0, 0, 0.0, math.inf, self.network, self.dataset.name, settings)

    def _after(self, epoch: int, record: dict[str, Any], state: checkpoint.Checkpoint) -> checkpoint.Checkpoint:
        """The state after an epoch; its weights are kept if they are the best, equals going to the lower loss."""
        accuracy, loss = record["validation_accuracy"], record["validation_loss"]
        if state.best_epoch and (accuracy, -loss) <= (state.best_accuracy, -state.best_loss):
            return replace(state, epoch=epoch)
        save_weights(self.module.state_dict(), self.folder / BEST)
        return replace(state, epoch=epoch, best_epoch=epoch, best_accuracy=accuracy, best_loss=loss)

    def _resumed(self) -> checkpoint.Checkpoint:
        path = self.folder / CHECKPOINT
        found = checkpoint.load(path, self.module, self.optimizer, self.network, self.dataset.name, self.settings)
        metrics.keep_until(self.folder / METRICS, found.epoch)
        return found

    def _epoch(self, epoch: int) -> dict[str, Any]:
        """Train for one epoch; the record of it for the metrics."""
        started = time.monotonic()
        seed_everything(self.settings.seed, "dropout", epoch)
        self.module.train()
        loss_sum = torch.zeros((), device=self.device)
        right = torch.zeros((), device=self.device)
        seen = 0
        for step, index in enumerate(self._batches(epoch)):
            loss, correct = self._step((epoch - 1) * self.steps + step, index, epoch)
            loss_sum += loss * len(index)
            right += correct
            seen += len(index)
            if (step + 1) % REPORT_EVERY == 0 or step + 1 == self.steps:
                self._report(epoch, step + 1, float(loss))
        score = self.evaluate(self.validation)
        return {
            "epoch": epoch,
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "train_loss": float(loss_sum) / seen,
            "train_accuracy": float(right) / seen,
            "validation_loss": score.loss,
            "validation_accuracy": score.accuracy,
            "seconds": round(time.monotonic() - started, 3),
        }

    def _batches(self, epoch: int) -> Iterator[Tensor]:
        """Positions of the images of each step, in this epoch's order; only full batches, if there is one."""
        order = torch.randperm(len(self.train), generator=generator(self.settings.seed, "order", epoch))
        self._augmentation = generator(self.settings.seed, "augmentation", epoch)
        for step in range(self.steps):
            start = step * self.settings.batch_size
            yield order[start : start + self.settings.batch_size].to(self.device)

    def _step(self, step: int, index: Tensor, epoch: int) -> tuple[Tensor, Tensor]:
        """One update; the loss and how many answers were right, still on the device."""
        settings = self.settings
        images = self.preparation(self.train.pixels[index])
        images = augment(images, settings.flip, settings.crop, self._augmentation)
        labels = self.train.labels[index]
        rate = peak_learning_rate(settings) * learning_rate_factor(settings, step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with self._autocast():
            outputs = self._outputs(self.module(images))
        loss = self._loss(outputs, labels)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        if settings.clip_norm:
            nn.utils.clip_grad_norm_(self.module.parameters(), settings.clip_norm)
        self.optimizer.step()
        return loss.detach(), (outputs[0].argmax(1) == labels).sum()

    def _autocast(self) -> torch.autocast:
        wanted = self.settings.precision
        enabled = wanted == "bfloat16" or (wanted == "auto" and self.device.type == "cuda")
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)

    def _outputs(self, found: Tensor | dict[str, Tensor]) -> list[Tensor]:
        """The outputs that are there, the one that counts first."""
        if isinstance(found, Tensor):
            return [found]
        return [found[name] for name in self.classifier.outputs if name in found]

    def _loss(self, outputs: list[Tensor], labels: Tensor) -> Tensor:
        smoothing = self.settings.label_smoothing
        losses = [F.cross_entropy(output.float(), labels, label_smoothing=smoothing) for output in outputs]
        return losses[0] + self.settings.aux_weight * sum(losses[1:], torch.zeros((), device=self.device))

    def _report(self, epoch: int, step: int, loss: float) -> None:
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss is {loss} in epoch {epoch}, step {step}: the training diverged; a lower --learning-rate, "
                "more --warmup or --clip-norm may help"
            )
        self.on_step(StepReport(epoch, self.settings.epochs, step, self.steps, loss))

    @torch.no_grad()
    def evaluate(self, images: Images) -> Score:
        """The score on `images`, without augmentation, in evaluation mode."""
        self.module.eval()
        loss = right = 0.0
        for start in range(0, len(images), EVALUATION_BATCH):
            part = slice(start, start + EVALUATION_BATCH)
            labels = images.labels[part].to(self.device)
            with self._autocast():
                outputs = self._outputs(self.module(self.preparation(images.pixels[part].to(self.device))))
            loss += float(F.cross_entropy(outputs[0].float(), labels, reduction="sum"))
            right += int((outputs[0].argmax(1) == labels).sum())
        return Score(loss / len(images), right / len(images))

    def _finish(self, state: checkpoint.Checkpoint) -> Result:
        """Keep the last weights, score the best ones on the images held out."""
        save_weights(self.module.state_dict(), self.folder / LAST)
        self.module.load_state_dict(load_file(self.folder / BEST))
        score = self.evaluate(self.dataset.test)
        record = {
            "best_epoch": state.best_epoch,
            "validation_accuracy": state.best_accuracy,
            "test_loss": score.loss,
            "test_accuracy": score.accuracy,
            "test_images": len(self.dataset.test),
        }
        metrics.append(self.folder / METRICS, record)
        self.on_epoch(record)
        seconds = sum(r.get("seconds", 0.0) for r in metrics.read(self.folder / METRICS))
        return Result(state.best_epoch, state.best_accuracy, score, seconds)
