"""Errors of an evaluation, sorted: what says something of the candidate, and what leaves the process unfit for more."""

from __future__ import annotations

import errno
import os
import sys
from typing import NamedTuple

from archdsl_search.evaluators.base import InfeasibleError
from archdsl_search.outcome import State

# What allocators say where they raise a plain RuntimeError: torch's on a CPU, CUDA's, oneDNN's.
_MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "could not create a memory object")
_LONGEST = 500


class Failure(NamedTuple):
    """One error, as the journal gives it.

    Attributes:
        state: `infeasible` where the candidate is too large for here, else `failed`.
        error: one line.
        out_of_memory: the process may hold on to what it could not get; it is replaced.
        no_space: a disk is full, which is no fault of the candidate.
    """

    state: State
    error: str
    out_of_memory: bool = False
    no_space: bool = False


def failure(error: BaseException) -> Failure:
    """What the journal says of an error that an evaluator raised."""
    if is_out_of_memory(error):
        return Failure(State.INFEASIBLE, one_line(f"out of memory: {error}").removesuffix(":"), True)
    if isinstance(error, InfeasibleError):
        return Failure(State.INFEASIBLE, one_line(str(error)))
    return Failure(State.FAILED, one_line(f"{type(error).__name__}: {error}"), no_space=is_full_disk(error))


def is_full_disk(error: BaseException) -> bool:
    """Whether there was no space left to write to, or no more of it for this user."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    # What libraries say that write for themselves: safetensors, torch.
    return os.strerror(errno.ENOSPC) in str(error)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory of the host or of a GPU ran out."""
    torch = sys.modules.get("torch")
    raised = (MemoryError,) if torch is None else (MemoryError, torch.OutOfMemoryError)
    if isinstance(error, raised):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _MEMORY_WORDS)


def one_line(text: str) -> str:
    """The text in one line of bounded length."""
    joined = " ".join(text.split())
    return joined if len(joined) <= _LONGEST else joined[: _LONGEST - 1] + "…"
