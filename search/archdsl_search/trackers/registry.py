"""Trackers by name."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec

from archdsl_search.errors import RefusedError
from archdsl_search.trackers.base import Tracker


class Name(StrEnum):
    """What `--log` takes."""

    TENSORBOARD = "tensorboard"
    MLFLOW = "mlflow"
    WANDB = "wandb"


_CLASSES = {Name.TENSORBOARD: "TensorBoard", Name.MLFLOW: "MLflow", Name.WANDB: "WandB"}


def tracker_type(name: str) -> type[Tracker]:
    """The class of this name, whose package is installed.

    Raises:
        RefusedError: if there is none, or its package is missing.
    """
    try:
        known = Name(name)
    except ValueError:
        raise RefusedError(f"there is no tracker `{name}`: {', '.join(Name)}") from None
    kind: type[Tracker] = getattr(import_module(f"archdsl_search.trackers.{known}"), _CLASSES[known])
    package, extra = kind.package
    if not _is_installed(package):
        raise RefusedError(f"--log {name} needs the package {package}: pip install 'archdsl[{extra}]'")
    return kind


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # it has been put out of the way
        return False
