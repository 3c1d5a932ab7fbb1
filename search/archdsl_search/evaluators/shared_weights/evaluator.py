"""The evaluator of ENAS: trains shared weights, rewards candidates with them, trains the chosen ones by themselves."""

from __future__ import annotations

from math import cos, pi
from typing import TYPE_CHECKING

from pydantic import Field

from archdsl_search.evaluators.base import Job, Metrics
from archdsl_search.evaluators.shared_weights.sharing import expect_shared
from archdsl_search.evaluators.training import TrainingEvaluator, TrainingOptions
from archdsl_search.schedule import STAGE, Schedule, Stage

if TYPE_CHECKING:
    import torch

    import archdsl
    from archdsl import Architecture, Space
    from archdsl_search.evaluators.shared_weights.images import Batches
    from archdsl_search.evaluators.shared_weights.store import Store

FOLDER = "shared"
# The learning rate falls to this part of its beginning, along a cosine.
LAST_RATE = 0.02


class SharedWeightsSettings(TrainingOptions):
    """How many trials of each kind, how shared weights are trained, and, as for `training`, how the chosen ones are."""

    trials: Schedule = Field(Schedule(), description="How many there are of each kind: warmup, search, derive, train.")
    steps: int = Field(1, ge=1, description="Steps of the shared weights in each trial, on the candidate's path.")
    shared_rate: float = Field(0.05, gt=0, description="Their learning rate at first; it falls along a cosine.")
    shared_momentum: float = Field(0.9, gt=0, lt=1, description="Their momentum (Nesterov's).")
    shared_decay: float = Field(1e-4, ge=0, description="Their weight decay.")
    shared_clip: float = Field(5.0, ge=0, description="Largest norm of all their gradients together; 0 leaves them.")
    reward_images: int = Field(128, ge=2, description="Validation images, drawn anew, that a reward is measured on.")


class SharedWeightsEvaluator(TrainingEvaluator):
    """`accuracy` with weights that all candidates share, then of a few candidates that are trained by themselves.

    In the first trials, shared weights are trained for some steps on the candidate's path and `accuracy` is measured on
    a few validation images; then candidates are judged on all validation images; the last ones are trained as
    `training` does. The metric `stage` (0, 1, 2) says which; only trials of the last stage compete. The shared weights
    stay in the run's folder `shared`, the two latest states of them.
    """

    name = "shared_weights"
    settings_type = SharedWeightsSettings
    metrics = ("accuracy", STAGE)

    settings: SharedWeightsSettings

    def __init__(self, space: Space, settings: SharedWeightsSettings):
        """Looks at the space first.

        Raises:
            UnsharedError: if candidates have hardly a weight in common.
            archdsl.TrainingError: as for `training`.
        """
        super().__init__(space, settings)
        expect_shared(space)
        self._store: Store | None = None
        self._batches: dict[tuple[int, ...], Batches] = {}

    @classmethod
    def measured(cls, settings: TrainingOptions) -> tuple[str, ...]:
        return cls.metrics

    def evaluate(self, job: Job) -> Metrics:
        stage = self.settings.trials.stage(job.trial)
        if stage is Stage.TRAINING:
            return {**super().evaluate(job), STAGE: float(stage)}
        architecture = self.space.resolve(job.decisions)
        try:
            found = self._shared(architecture, job, stage)
        except RuntimeError as error:
            if "out of memory" in str(error):
                raise MemoryError(str(error)) from error
            raise
        return {**found, STAGE: float(stage)}

    def _shared(self, architecture: Architecture, job: Job, stage: Stage) -> dict[str, float]:
        """Accuracy with shared weights; in the first stage after they were trained."""
        import torch

        from archdsl_search.evaluators.shared_weights.supernet import Steps, accuracy, path_of, train

        device = self._device()
        store = self._store_before(job, device)
        batches = self._images(architecture, device)
        random = torch.Generator().manual_seed(job.seed)
        settings = self.settings
        module = path_of(architecture, store, job.seed, device, keep=stage is Stage.SHARING)
        if stage is Stage.DERIVING:
            return {"accuracy": accuracy(module, batches.validation(None, random))}
        steps = Steps(
            self._rate(job.trial),
            settings.shared_momentum,
            settings.shared_decay,
            settings.shared_clip,
            settings.aux_weight,
        )
        try:
            torch.manual_seed(job.seed)  # dropout
            seen = [batches.training(settings.batch_size, random) for _ in range(settings.steps)]
            loss = train(module, store, seen, steps)
        finally:
            store.version = job.trial + 1
            store.save(job.folder.parent.parent / FOLDER)
        return {"accuracy": accuracy(module, batches.validation(settings.reward_images, random)), "loss": loss}

    def _store_before(self, job: Job, device: torch.device) -> Store:
        """The shared weights as no later trial has touched them."""
        from archdsl_search.evaluators.shared_weights.store import Store

        if self._store is None or self._store.version > job.trial:
            self._store = Store.before(job.trial, job.folder.parent.parent / FOLDER, device)
        return self._store

    def _rate(self, trial: int) -> float:
        done = trial / self.settings.trials.sharing
        return self.settings.shared_rate * (LAST_RATE + (1 - LAST_RATE) * (1 + cos(pi * done)) / 2)

    def _images(self, architecture: Architecture, device: torch.device) -> Batches:
        from archdsl_search.evaluators.shared_weights.images import Batches

        shape: tuple[int, ...] = next(iter(architecture.graph().inputs.values())).type.shape
        if shape not in self._batches:
            dataset: archdsl.Dataset = self._dataset(architecture)
            channels, height, width = shape
            self._batches[shape] = Batches(dataset, self.settings.validation, (channels, height, width), device)
        return self._batches[shape]

    def _device(self) -> torch.device:
        import torch

        name = self.settings.device
        return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
