"""What the runtimes have in common: what a session is, which ones there are, and what to say where one is missing."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from math import prod
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
        slice_size: each thread takes so many samples at a time through the whole network, and none waits for another;
            0: all threads share the work of every step.
    """

    number: int
    slice_size: int = 0


class MissingRuntimeError(RuntimeError):
    """A runtime was asked for by name and is not installed."""


class UnfitError(RuntimeError):
    """A runtime can't take a network; the message says which and why."""


class Port(NamedTuple):
    """An input or output of a model, as memory: `kind` numbers of the shape [N, *shape], one after the other."""

    name: str
    kind: type[np.float32] | type[np.int64]
    shape: tuple[int, ...]

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return prod(self.shape) * np.dtype(self.kind).itemsize


class Session(Protocol):
    """A model that is ready to run. `run` may be called from several threads at once.

    It takes addresses, since making an array of each tensor costs more than binding it: 0.1 ms for each call of a
    network that has filled the caches, where a small one takes 2.
    """

    def run(self, samples: int, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """Run a batch.

        Args:
            samples: N.
            inputs: where the contiguous numbers of each input, [N, ...], lie, in the model's order.
            outputs: where those of each output are to go.
        """


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
