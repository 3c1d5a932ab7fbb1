"""Stopping and going on: everything an unfinished training needs, in one safetensors file.

The tensors are the module's and the optimizer's; the rest is JSON in the file's metadata. One file is replaced whole,
so the tensors and the numbers always belong to the same epoch. The learning rate and all random numbers follow from
the settings and the epoch and are not stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn, optim

from archdsl.pipeline.weights import save_weights
from archdsl.training.errors import TrainingError
from archdsl.training.settings import TrainingSettings

FORMAT = 2
METADATA_KEY = "archdsl.checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """What is stored beside the tensors.

    Attributes:
        epoch: epochs that are done.
        best_epoch, best_accuracy, best_loss: the best on the validation images so far.
        network: hash of the architecture.
        data: name of the data set.
        settings: the settings as plain data.
        way: how steps are carried out; a run goes on in the way in which it began.
        teacher: identity of the teacher, or empty.
    """

    epoch: int
    best_epoch: int
    best_accuracy: float
    best_loss: float
    network: str
    data: str
    settings: dict[str, Any]
    way: dict[str, bool]
    teacher: str


def save(path: Path, checkpoint: Checkpoint, module: nn.Module, optimizer: optim.Optimizer) -> None:
    """Write the checkpoint; the one before stays until this one is whole.

    Raises:
        OSError: if the folder cannot be written to.
    """
    tensors = {f"module/{name}": tensor for name, tensor in _module_tensors(module)}
    plain: dict[str, Any] = {}
    for number, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer/{number}/{name}"] = value
            else:
                plain[f"{number}/{name}"] = value
    metadata = {"format": FORMAT, "optimizer": plain, **asdict(checkpoint)}
    save_weights(tensors, path, {METADATA_KEY: json.dumps(metadata)})


@dataclass(frozen=True)
class Stored:
    """A checkpoint that was read from a file; nothing is changed by reading it."""

    path: Path
    checkpoint: Checkpoint
    tensors: dict[str, Tensor]
    plain: dict[str, Any]

    def expect(self, network: str, data: str, settings: TrainingSettings, teacher: str) -> None:
        """Raises TrainingError unless it is of this network, data set, settings and teacher."""
        found = self.checkpoint
        if found.network != network:
            raise TrainingError(f"{self.path}: the checkpoint is of another network (its graph's hash differs)")
        if found.data != data:
            raise TrainingError(f"{self.path}: the checkpoint was trained on {found.data}, not on {data}")
        if found.teacher != teacher:
            raise TrainingError(f"{self.path}: the checkpoint has another teacher, or one of the two has none")
        difference = settings.difference(found.settings)
        if difference:
            raise TrainingError(f"{self.path}: the checkpoint has other settings: {'; '.join(difference)}")

    def fill(self, module: nn.Module, optimizer: optim.Optimizer) -> None:
        """Put it into `module` and `optimizer`, which stay untouched if it does not fit.

        Raises:
            TrainingError: if weights or state are not those of this network.
        """
        state = _optimizer_state(self.path, self.plain, self.tensors, optimizer)
        _fill_module(self.path, self.tensors, module)
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def read(path: Path) -> Stored:
    """The checkpoint in a file.

    Raises:
        TrainingError: if the file is missing, cut off or no checkpoint.
    """
    metadata, tensors = _read(path)
    found = Checkpoint(**{name: metadata[name] for name in Checkpoint.__dataclass_fields__})
    return Stored(path, found, tensors, metadata["optimizer"])


def _module_tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Parameters and buffers, shared ones once."""
    yield from module.named_parameters()
    yield from module.named_buffers()


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(METADATA_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise TrainingError(f"{path}: there is no checkpoint to go on from") from None
    except (SafetensorError, OSError) as error:
        raise TrainingError(f"{path}: not a whole checkpoint ({error}); nothing was changed") from None
    if text is None:
        raise TrainingError(f"{path}: no checkpoint of archdsl train")
    try:
        metadata: dict[str, Any] = json.loads(text)
        missing = set(Checkpoint.__dataclass_fields__) - set(metadata)
    except (ValueError, TypeError):
        raise TrainingError(f"{path}: the checkpoint's description is no JSON object") from None
    if metadata.get("format") != FORMAT or missing:
        raise TrainingError(f"{path}: a checkpoint of another version of archdsl")
    return metadata, tensors


def _fill_module(path: Path, tensors: dict[str, Tensor], module: nn.Module) -> None:
    own = dict(_module_tensors(module))
    stored = {name.removeprefix("module/"): t for name, t in tensors.items() if name.startswith("module/")}
    if own.keys() != stored.keys() or any(own[name].shape != stored[name].shape for name in own):
        raise TrainingError(f"{path}: the checkpoint's weights are not those of this network")
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(stored[name])


def _optimizer_state(
    path: Path, plain: dict[str, Any], tensors: dict[str, Tensor], optimizer: optim.Optimizer
) -> dict[int, dict[str, Any]]:
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Any]] = {}
    stored: dict[str, Any] = {name[10:]: tensor for name, tensor in tensors.items() if name.startswith("optimizer/")}
    for name, value in {**stored, **plain}.items():
        number, _, key = name.partition("/")
        fits = number.isdigit() and int(number) < len(parameters)
        if not fits or (isinstance(value, Tensor) and value.ndim and value.shape != parameters[int(number)].shape):
            raise TrainingError(f"{path}: the checkpoint's optimizer state is not that of this network")
        state.setdefault(int(number), {})[key] = _laid_out(value, parameters[int(number)])
    return state


def _laid_out(value: Any, parameter: Tensor) -> Any:
    """State in the memory layout of its parameter, as fused optimizers take for granted."""
    if isinstance(value, Tensor) and value.shape == parameter.shape:
        return torch.empty_like(parameter, dtype=value.dtype).copy_(value)
    return value
