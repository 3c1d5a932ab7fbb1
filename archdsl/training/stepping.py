"""One step of a training: forward pass, loss, backward pass, update; carried out in one of several ways."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn, optim

from archdsl.training.classifier import Classifier
from archdsl.training.distillation import Teacher, softened
from archdsl.training.optimizers import make_optimizer
from archdsl.training.settings import TrainingSettings
from archdsl.training.ways import LONG_RUN, Way, candidates, fastest, regions, way_by_rule

TRIED_STEPS = 3


class Stepper:
    """Carries out steps on one module.

    Attributes:
        module: what is trained; it is brought into the way's layout.
        optimizer: of its parameters.
        way: how steps are carried out.
    """

    def __init__(
        self,
        module: nn.Module,
        classifier: Classifier,
        settings: TrainingSettings,
        device: torch.device,
        way: Way,
        teacher: Teacher | None = None,
    ):
        self.module = module.to(memory_format=torch.channels_last) if way.channels_last else module  # type: ignore[call-overload]
        self.classifier, self.settings, self.device, self.way, self.teacher = (
            classifier, settings, device, way, teacher,
        )  # fmt: skip
        self.optimizer: optim.Optimizer = make_optimizer(module, settings, device)
        self._regions = regions(module) if way.compiled else []
        for region in self._regions:
            region.compile(dynamic=False)

    def record(self, images: Tensor) -> None:
        """Record CUDA graphs for batches like this one, if that is the way; weights and statistics stay."""
        if not self.way.graphed:
            return
        state = {name: tensor.clone() for name, tensor in self.module.state_dict().items()}
        with self.autocast():
            torch.cuda.make_graphed_callables(self.module, (self.laid_out(images),), allow_unused_input=True)
        self.module.load_state_dict(state)

    def laid_out(self, images: Tensor) -> Tensor:
        """Images in the way's layout."""
        return images.contiguous(memory_format=torch.channels_last) if self.way.channels_last else images

    def step(self, images: Tensor, labels: Tensor, learning_rate: float) -> tuple[Tensor, Tensor]:
        """One update.

        Args:
            images: [N, C, H, W].
            labels: [N].
            learning_rate: of this step.

        Returns:
            The loss and how many answers were right, still on the device.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        images = self.laid_out(images)
        with self.autocast():
            outputs = self.outputs(self.module(images))
        loss = self._loss(outputs, labels, images)
        self.optimizer.zero_grad(set_to_none=not self.way.graphed)
        torch.autograd.backward(loss)
        if self.settings.clip_norm:
            nn.utils.clip_grad_norm_(self.module.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        return loss.detach(), (outputs[0].argmax(1) == labels).sum()

    def answers(self, images: Tensor) -> Tensor:
        """The output that counts, in evaluation mode, never compiled: logits [N, classes]."""
        with self.autocast(), self._as_written():
            return self.outputs(self.module(self.laid_out(images)))[0].float()

    def outputs(self, found: Tensor | dict[str, Tensor]) -> list[Tensor]:
        """The outputs that are there, the one that counts first."""
        if isinstance(found, Tensor):
            return [found]
        return [found[name] for name in self.classifier.outputs if name in found]

    def autocast(self) -> torch.autocast:
        """The number format of the forward pass."""
        # Graphs are recorded once, so that a cached copy of the weights would never change.
        cached = not self.way.graphed
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.way.bfloat16, cache_enabled=cached)

    def _loss(self, outputs: list[Tensor], labels: Tensor, images: Tensor) -> Tensor:
        smoothing = self.settings.label_smoothing
        losses = [F.cross_entropy(output.float(), labels, label_smoothing=smoothing) for output in outputs]
        first = losses[0]
        if self.teacher is not None:
            with self.autocast():
                said = self.teacher(images)
            alpha = self.settings.alpha
            first = (1 - alpha) * first + alpha * softened(outputs[0].float(), said, self.settings.temperature)
        return first + self.settings.aux_weight * sum(losses[1:], torch.zeros((), device=self.device))

    @contextmanager
    def _as_written(self) -> Iterator[None]:
        """Without compiled code: a pass over the validation images does not repay a compilation of its own."""
        compiled = [(region, region._compiled_call_impl) for region in self._regions]
        for region in self._regions:
            region._compiled_call_impl = None
        try:
            yield
        finally:
            for region, implementation in compiled:
                region._compiled_call_impl = implementation


def choose_way(
    module: nn.Module,
    classifier: Classifier,
    settings: TrainingSettings,
    device: torch.device,
    batch: tuple[Tensor, Tensor],
    steps: int,
) -> Way:
    """The way for a whole training: by rule, or by trying a few steps on copies of the module.

    Args:
        module, classifier, settings, device: as of Stepper.
        batch: images and labels of a step.
        steps: how many steps the training has.
    """
    if settings.speed != "measure":
        return way_by_rule(settings, device)
    tried: dict[Way, tuple[float, float]] = {}

    def seconds(way: Way) -> float:
        tried[way] = _tried(Stepper(copy.deepcopy(module), classifier, settings, device, way), batch)
        return tried[way][1]

    best, least = fastest(candidates(settings, device), seconds)
    if least * steps > LONG_RUN and not best.graphed:
        compiled = Way(best.channels_last, best.bfloat16, compiled=True)
        try:
            each = seconds(compiled)
        except RuntimeError:  # no compiler here, or a network that it cannot take: the others remain
            return best
        if tried[compiled][0] + each * steps < least * steps:
            best = compiled
    return best


def _tried(stepper: Stepper, batch: tuple[Tensor, Tensor]) -> tuple[float, float]:
    """Seconds until the first step is done, and of a step after it."""
    stepper.module.train()
    started = time.perf_counter()
    stepper.record(batch[0])
    _timed(stepper, batch)
    first = time.perf_counter() - started
    return first, min(_timed(stepper, batch) for _ in range(TRIED_STEPS))


def _timed(stepper: Stepper, batch: tuple[Tensor, Tensor]) -> float:
    started = time.perf_counter()
    stepper.step(*batch, 1e-6)
    if stepper.device.type == "cuda":
        torch.cuda.synchronize(stepper.device)
    return time.perf_counter() - started
