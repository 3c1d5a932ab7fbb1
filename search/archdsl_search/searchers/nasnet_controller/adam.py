"""Adam (arXiv:1412.6980) on named arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Adam:
    """Steps that make an objective larger. Each array counts its own steps: weights of decisions that are met late
    begin late."""

    def __init__(self, rate: float):
        self.rate = rate
        self._moments: dict[str, tuple[Array, Array, int]] = {}

    def climb(self, values: dict[str, Array], gradient: Mapping[str, Array]) -> None:
        """One step along the gradient of the arrays that it names."""
        for name, g in gradient.items():
            first, second, steps = self._moments.get(name) or (np.zeros_like(g), np.zeros_like(g), 0)
            first = 0.9 * first + 0.1 * g
            second = 0.999 * second + 0.001 * g * g
            steps += 1
            self._moments[name] = first, second, steps
            scale = np.sqrt(second / (1 - 0.999**steps)) + 1e-8
            values[name] = values[name] + self.rate * (first / (1 - 0.9**steps)) / scale
