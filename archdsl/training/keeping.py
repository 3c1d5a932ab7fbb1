"""What stays of a training: in a folder, so that it can go on after a crash, or in memory alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from safetensors.torch import load_file
from torch import Tensor, nn, optim

from archdsl.pipeline.weights import save_weights
from archdsl.training import checkpoint, metrics
from archdsl.training.checkpoint import Checkpoint

CHECKPOINT, BEST, LAST, METRICS = "checkpoint.safetensors", "best.safetensors", "last.safetensors", "metrics.jsonl"


class Keeper(Protocol):
    """Where the best weights, the records and the state between epochs go."""

    def start(self) -> None:
        """Called once, before the first epoch."""

    def best(self, module: nn.Module) -> None:
        """Keep these weights: they are the best so far."""

    def epoch(self, record: dict[str, Any], state: Checkpoint, module: nn.Module, optimizer: optim.Optimizer) -> None:
        """An epoch is done."""

    def last(self, module: nn.Module) -> None:
        """Keep the last weights, then put the best ones into `module`."""

    def final(self, record: dict[str, Any]) -> None:
        """The last record."""


class InMemory:
    """Writes nothing."""

    def __init__(self) -> None:
        self._best: dict[str, Tensor] = {}

    def start(self) -> None:
        """Nothing to prepare."""

    def best(self, module: nn.Module) -> None:
        """Copy the weights."""
        self._best = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}

    def epoch(self, record: dict[str, Any], state: Checkpoint, module: nn.Module, optimizer: optim.Optimizer) -> None:
        """Nothing outlives the process."""

    def last(self, module: nn.Module) -> None:
        """The best weights go back into the module."""
        module.load_state_dict(self._best)

    def final(self, record: dict[str, Any]) -> None:
        """Nothing to write."""


class InFolder:
    """One file each for the best and the last weights, the records and the checkpoint."""

    def __init__(self, folder: Path):
        self.folder = folder

    def start(self) -> None:
        """Make the folder; clear what a killed process left half-written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in (CHECKPOINT, BEST, LAST, METRICS):
            for half in self.folder.glob(f".{Path(name).stem}-????????{Path(name).suffix}"):
                half.unlink(missing_ok=True)

    def best(self, module: nn.Module) -> None:
        """Written before the checkpoint that mentions it; a run that goes on makes the same weights again."""
        save_weights(module.state_dict(), self.folder / BEST)

    def epoch(self, record: dict[str, Any], state: Checkpoint, module: nn.Module, optimizer: optim.Optimizer) -> None:
        """The record first: a resumed run drops records that its checkpoint does not know."""
        metrics.append(self.folder / METRICS, record)
        checkpoint.save(self.folder / CHECKPOINT, state, module, optimizer)

    def last(self, module: nn.Module) -> None:
        """Both files stay."""
        save_weights(module.state_dict(), self.folder / LAST)
        module.load_state_dict(load_file(self.folder / BEST))

    def final(self, record: dict[str, Any]) -> None:
        """One line more."""
        metrics.append(self.folder / METRICS, record)
