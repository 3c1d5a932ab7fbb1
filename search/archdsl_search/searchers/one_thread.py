"""Linear algebra on one thread: the same bits on every machine of a kind, and no thread taken from evaluations."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    np.ones((2, 2)) @ np.ones((2, 2))  # the library must be loaded to be found
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """A context in which NumPy's matrix products and factorizations run on one thread."""
    found: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return found
