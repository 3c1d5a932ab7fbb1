"""Measured verdicts: which recipe was the fastest for a network on this machine, remembered between processes.

A verdict is one small JSON file in `$XDG_CACHE_HOME/archdsl/verdicts` (`~/.cache/archdsl/verdicts`), or in the folder
that `ARCHDSL_CACHE_DIR` names; `ARCHDSL_CACHE_DIR=off` keeps nothing. Its name is a hash of all that a verdict
depends on: the network's canonical hash, device, floating-point type, batch size, threads, processor and versions.
"""

from __future__ import annotations

import json
import os
import warnings
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.pipeline.files import write_atomically

if TYPE_CHECKING:
    from archdsl.backends.torch.inference import InferenceNetwork, Recipe
    from archdsl.backends.torch.inference.recipe import Setting

VARIABLE = "ARCHDSL_CACHE_DIR"
OFF = "off"
# Part of the key: passes and engines that changed make old verdicts worthless.
VERSION = 3
PACKAGES = ("archdsl", "torch", "onnxruntime", "openvino")


class CacheWarning(UserWarning):
    """The cache of verdicts can't be read or written; the measurement is made anew."""


@dataclass(frozen=True)
class MeasuredChoice:
    """Decides by measurement how a network is run, or by what an earlier measurement said.

    Attributes:
        network: canonical hash of the architecture.
    """

    network: str

    def __call__(self, setting: Setting, module: InferenceNetwork) -> Recipe:
        """The fastest recipe for a setting."""
        from archdsl.backends.torch.inference.measuring import measure
        from archdsl.backends.torch.inference.recipe import Recipe, candidates

        known = list(candidates(setting, module.runtime))
        if len(known) == 1:
            return known[0]
        key = verdict_key(self.network, setting, module.runtime)
        kept = read_verdict(key)
        if kept is not None and Recipe(*kept["recipe"]) in known:
            return Recipe(*kept["recipe"])
        times = measure(module.preparation(), known, setting)
        best = min(times, key=lambda recipe: times[recipe])
        measured = {str(recipe): seconds for recipe, seconds in times.items()}
        write_verdict(key, {"recipe": list(best), "seconds": measured, "key": key})
        return best


def cache_folder() -> Path | None:
    """Where verdicts are kept; None where nothing is to be kept."""
    given = os.environ.get(VARIABLE, "")
    if given == OFF:
        return None
    if given:
        return Path(given).expanduser()
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG base directory specification: relative paths are to be ignored.
    root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    return root / "archdsl" / "verdicts"


def measured_seconds(network: str, module: InferenceNetwork, batch_size: int) -> dict[str, float]:
    """What the kept measurement of a module's recipes says, by recipe; empty where none is kept."""
    kept = read_verdict(verdict_key(network, module.setting(batch_size), module.runtime))
    return {} if kept is None else dict(kept["seconds"])


def verdict_key(network: str, setting: Setting, runtime: str) -> dict[str, Any]:
    """All that a verdict depends on."""
    from archdsl.backends.runtimes.session import runtime_version
    from archdsl.backends.torch.inference.measuring import device_name

    return {
        "version": VERSION,
        "network": network,
        "device": device_name(setting),
        "dtype": str(setting.dtype),
        "batch_size": setting.batch_size,
        "threads": setting.threads,
        "runtime": runtime,
        "packages": {name: runtime_version(name) for name in PACKAGES},
    }


def read_verdict(key: dict[str, Any]) -> dict[str, Any] | None:
    """The verdict kept under a key; None if there is none, with a warning if it can't be read."""
    path = _path(key)
    if path is None or not path.exists():
        return None
    from archdsl.backends.torch.inference.recipe import Recipe

    parts = len(Recipe._fields)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["key"] != key or not isinstance(found["recipe"], list) or len(found["recipe"]) != parts:
            raise ValueError("it is about something else")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        warnings.warn(f"{path} is ignored: {type(error).__name__}: {error}", CacheWarning, stacklevel=2)
        return None
    verdict: dict[str, Any] = found
    return verdict


def write_verdict(key: dict[str, Any], verdict: dict[str, Any]) -> None:
    """Keep a verdict, whole or not at all; a folder that can't be written to gives a warning."""
    path = _path(key)
    if path is None:
        return
    try:
        write_atomically(path, json.dumps(verdict, indent=2) + "\n")
    except OSError as error:
        warnings.warn(f"the verdict is not kept: {error}", CacheWarning, stacklevel=2)


def _path(key: dict[str, Any]) -> Path | None:
    folder = cache_folder()
    digest = sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    return None if folder is None else folder / f"{digest[:32]}.json"
