"""What the runtimes have in common: what a session is, which ones there are, and what to say where one is missing."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, get_args

import numpy as np

Array: TypeAlias = "np.ndarray[Any, Any]"
Foreign = Literal["onnxruntime", "openvino"]
FOREIGN: tuple[Foreign, ...] = get_args(Foreign)
EXTRA = "archdsl[runtimes]"


class Threads(NamedTuple):
    """How the cores are used.

    Attributes:
        number: how many threads compute.
        split: each thread takes samples of its own through the whole network, and none waits for another; otherwise
            all threads share the work of every step.
    """

    number: int
    split: bool = False


class MissingRuntimeError(RuntimeError):
    """A runtime was asked for by name and is not installed."""


class UnfitError(RuntimeError):
    """A runtime can't take a network; the message says which and why."""


class Session(Protocol):
    """A model that is ready to run. `run` may be called from several threads at once."""

    def run(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        """Run on contiguous arrays [N, ...] in the model's order and write into the given outputs."""


def is_installed(runtime: str) -> bool:
    """Whether a runtime, and what is needed to make its models, can be imported."""
    return find_spec(runtime) is not None and find_spec("onnx") is not None


def require(runtime: str) -> None:
    """Make sure that a runtime is there.

    Raises:
        MissingRuntimeError: naming what to install.
    """
    if not is_installed(runtime):
        raise MissingRuntimeError(f"{runtime} is not installed: pip install '{EXTRA}', or take another runtime")


def runtime_version(package: str) -> str:
    """The installed version of a package; empty if it isn't there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
