"""Trackers by name."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module

from archdsl_search.errors import RefusedError
from archdsl_search.installed import is_installed
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
    if not is_installed(package):
        raise RefusedError(f"--log {name} needs the package {package}: pip install 'archdsl[{extra}]'")
    return kind
