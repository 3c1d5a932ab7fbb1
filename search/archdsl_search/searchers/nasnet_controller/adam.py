"""Adam (arXiv:1412.6980) on named arrays."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import numpy as np

from archdsl_search.searchers.nasnet_controller.weights import Array


class Adam:
    """Steps that make an objective larger. Each array counts its own steps: weights of decisions that are met late
    begin late."""

    def __init__(self, rate: float):
        self.rate = rate
        self._moments: dict[str, tuple[Array, Array, int]] = {}

    def climb(self, values: Mapping[str, Array], gradient: Mapping[str, Array]) -> None:
        """One step along the gradient of the arrays that it names; they are changed in place."""
        for name, g in gradient.items():
            first, second, steps = self._moments.get(name) or (np.zeros_like(g), np.zeros_like(g), 0)
            steps += 1
            first *= 0.9
            first += 0.1 * g
            second *= 0.999
            second += 0.001 * g * g
            self._moments[name] = first, second, steps
            scale = np.sqrt(second)
            scale /= sqrt(1 - 0.999**steps)
            scale += 1e-8
            np.divide(first, scale, scale)
            scale *= self.rate / (1 - 0.9**steps)
            values[name][...] += scale
