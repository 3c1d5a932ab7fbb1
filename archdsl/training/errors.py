"""What keeps a training from starting or going on, in words for the person who started it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class TrainingError(Exception):
    """The data, the network, the settings or a checkpoint do not go together; or one of the cases below."""


class DataError(TrainingError):
    """The data set is unknown, missing or damaged."""


class DivergenceError(TrainingError):
    """The loss became infinite or no number."""


class OutOfMemoryError(TrainingError):
    """The device, or the machine, has not enough memory for a step."""


# What torch raises where the machine's own memory is at an end has no type of its own.
_CPU_ALLOCATOR = ("DefaultCPUAllocator", "can't allocate memory", "not enough memory")


@contextmanager
def naming_memory(where: str) -> Iterator[None]:
    """Turns every way of running out of memory in the block into an OutOfMemoryError that says what may help."""
    import torch

    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise _out_of_memory(where, error) from error
    except RuntimeError as error:
        if not any(words in str(error) for words in _CPU_ALLOCATOR):
            raise
        raise _out_of_memory(where, error) from error


def _out_of_memory(where: str, error: BaseException) -> OutOfMemoryError:
    first = (str(error) or type(error).__name__).splitlines()[0]
    return OutOfMemoryError(f"out of memory {where}; a smaller --batch-size or smaller images may help ({first})")
