"""The supernet's weights: one tensor for each place in the space, option there and shape, whoever has it.

A weight's path leads through the steps of the file and the options that were chosen on the way (language reference,
rules 12 to 14). So candidates with the same option at the same place meet in the same weight, and the union over all
candidates is the supernet, of which only the path of one candidate ever runs. Weights of one place that differ in
shape are apart. Statistics of normalisation belong to a path, not to the supernet, and are not shared.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn, optim

_FILE = re.compile(r"weights-(\d{8})\.safetensors")
_MOMENTUM = "momentum/"
# So many of the latest states stay: one that is being evaluated when a run is killed begins from the one before.
KEPT = 2


class Store:
    """Weights and their momentum, by key.

    Attributes:
        version: the number of the trial that comes next.
    """

    def __init__(self) -> None:
        self.version = 0
        self._weights: dict[str, Tensor] = {}
        self._momentum: dict[str, Tensor] = {}

    def __len__(self) -> int:
        return len(self._weights)

    def lend(self, module: nn.Module, keep: bool) -> None:
        """Make the module's parameters the shared ones; those that are new are shared from now on if `keep` says so."""
        for key, parameter in _keyed(module):
            if keep:
                self._weights.setdefault(key, parameter.data)
            parameter.data = self._weights.get(key, parameter.data)

    def optimizer(self, module: nn.Module, momentum: float, weight_decay: float) -> optim.SGD:
        """Nesterov's method on a module with shared parameters, each with the momentum that it had."""
        made = optim.SGD(module.parameters(), lr=0.0, momentum=momentum, nesterov=True, weight_decay=weight_decay)
        for key, parameter in _keyed(module):
            if key in self._momentum:
                made.state[parameter]["momentum_buffer"] = self._momentum[key]
        return made

    def remember(self, module: nn.Module, optimizer: optim.SGD) -> None:
        """Keep the momentum of a module's parameters."""
        for key, parameter in _keyed(module):
            buffer = optimizer.state[parameter].get("momentum_buffer")
            if buffer is not None:
                self._momentum[key] = buffer

    def save(self, folder: Path) -> None:
        """Write the state as that of its version; it is whole or not there."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {**self._weights, **{_MOMENTUM + key: tensor for key, tensor in self._momentum.items()}}
        path = folder / f"weights-{self.version:08d}.safetensors"
        part = path.with_suffix(".part")
        save_file({key: tensor.detach().cpu().contiguous().clone() for key, tensor in tensors.items()}, part)
        part.replace(path)
        for _, old in sorted(_versions(folder))[:-KEPT]:
            with suppress(OSError):
                old.unlink()

    @classmethod
    def before(cls, trial: int, folder: Path, device: torch.device) -> Store:
        """The state that a trial begins with: the latest that no later trial has touched."""
        store = cls()
        version, path = max(((v, p) for v, p in _versions(folder) if v <= trial), default=(0, None))
        if path is not None:
            for key, tensor in load_file(path, str(device)).items():
                place = store._momentum if key.startswith(_MOMENTUM) else store._weights
                place[key.removeprefix(_MOMENTUM)] = tensor
        store.version = version
        return store


def _keyed(module: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Parameters by place and shape."""
    return [(f"{name} {list(p.shape)}", p) for name, p in module.named_parameters()]


def _versions(folder: Path) -> list[tuple[int, Path]]:
    if not folder.is_dir():
        return []
    return [(int(found[1]), path) for path in folder.iterdir() if (found := _FILE.fullmatch(path.name))]
