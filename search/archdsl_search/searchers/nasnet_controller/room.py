"""Arrays that are used again: to get fresh megabytes for each step of learning takes as long as to fill them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class Room:
    """An array for each name, as large as it was last asked for."""

    def __init__(self) -> None:
        self._arrays: dict[str, npt.NDArray[Any]] = {}

    def take(self, name: str, shape: tuple[int, ...], like: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The array of this name for such numbers, with what was left in it; good until the name is taken again."""
        found = self._arrays.get(name)
        if found is None or found.shape != shape or found.dtype != like.dtype:
            found = self._arrays[name] = np.zeros(shape, like.dtype)
        return found
