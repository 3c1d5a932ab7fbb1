"""An ensemble of Gaussian processes that differ in encoding, reach and noise, weighted by their evidence.

Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, equations 2.25, 2.26 and 5.8. The kernel of an
encoding is exp(-d / reach), d being the features that two candidates don't share over the mean of that number; a
further kernel is the mean of the encodings' kernels. The scale of the signal is its maximum of likelihood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
Distances = Mapping[str, Matrix]

REACHES = (0.15, 0.3, 0.6, 1.2, 2.4)
NOISES = (1e-3, 1e-2, 1e-1)
# Members with less of the total weight are left out; so are the lightest where they would take too long: members times
# the square of the candidates seen is bounded.
LEAST_WEIGHT = 0.02
MOST_WORK = 60_000
LEAST_MEMBERS = 3


@dataclass(frozen=True)
class Member:
    """One Gaussian process.

    Attributes:
        encodings: whose kernels are averaged.
        reach: the distance over which correlation falls by e, in mean distances.
        noise: variance of the noise over that of the signal.
        weight: its share of the ensemble.
    """

    encodings: tuple[str, ...]
    reach: float
    noise: float
    weight: float

    def kernel(self, distances: Distances, unit: Mapping[str, float]) -> Matrix:
        """Correlations between the rows and the columns of the distances."""
        return _kernel(self.encodings, self.reach, distances, unit)


class Ensemble:
    """Predicts the mean and the variance of values by what was seen. `fit` chooses members; `predict` conditions."""

    def __init__(self) -> None:
        self._members: list[Member] = []
        self._unit: dict[str, float] = {}

    @property
    def members(self) -> tuple[Member, ...]:
        """The Gaussian processes, heaviest first."""
        return tuple(self._members)

    def fit(self, distances: Distances, values: Vector) -> None:
        """Weigh every combination of encoding, reach and noise by its evidence.

        Args:
            distances: between the candidates seen, by encoding, [n, n].
            values: theirs, of mean 0, [n].
        """
        n = len(values)
        self._unit = {name: max(float(d.sum()) / max(1, n * (n - 1)), 1e-9) for name, d in distances.items()}
        single = [(name,) for name in distances]
        groups = [*single, tuple(distances)] if len(single) > 1 else single
        found = []
        for encodings, reach in product(groups, REACHES):
            kernel = _kernel(encodings, reach, distances, self._unit)
            found += [(e, encodings, reach, noise) for e, noise in zip(*_evidence(kernel, values), strict=True)]
        top = max(evidence for evidence, *_ in found)
        weighed = [Member(e, r, n, float(np.exp(evidence - top))) for evidence, e, r, n in found]
        total = sum(member.weight for member in weighed)
        weighed.sort(key=lambda member: -member.weight)
        most = max(LEAST_MEMBERS, MOST_WORK // n**2)
        kept = [m for m in weighed[:most] if m.weight >= LEAST_WEIGHT * total] or weighed[:1]
        share = sum(member.weight for member in kept)
        self._members = [Member(m.encodings, m.reach, m.noise, m.weight / share) for m in kept]

    def predict(self, seen: Distances, values: Vector, asked: Distances) -> tuple[Vector, Vector]:
        """Mean and standard deviation of the values of candidates.

        Args:
            seen: distances between the candidates seen, by encoding, [n, n].
            values: theirs, [n].
            asked: distances from the candidates in question to those seen, by encoding, [m, n].

        Returns:
            Both [m].
        """
        means, squares = [], []
        for member in self._members:
            mean, variance = _condition(member, seen, values, asked, self._unit)
            means.append(member.weight * mean)
            squares.append(member.weight * (variance + mean**2))
        mean = np.sum(means, axis=0)
        return mean, np.sqrt(np.maximum(np.sum(squares, axis=0) - mean**2, 1e-12))


def _kernel(encodings: tuple[str, ...], reach: float, distances: Distances, unit: Mapping[str, float]) -> Matrix:
    parts = [np.exp(distances[name] * (-1.0 / (reach * unit[name]))) for name in encodings]
    return parts[0] if len(parts) == 1 else np.mean(parts, axis=0)


def _evidence(kernel: Matrix, values: Vector) -> tuple[list[float], tuple[float, ...]]:
    """Logarithm of the marginal likelihood, up to a constant, for each noise."""
    spectrum, vectors = np.linalg.eigh(kernel)
    squares = (vectors.T @ values) ** 2
    found = []
    for noise in NOISES:
        variances = np.maximum(spectrum, 0) + noise
        scale = np.sum(squares / variances) / len(values) + 1e-12
        found.append(float(-0.5 * (np.sum(np.log(variances)) + len(values) * np.log(scale))))
    return found, NOISES


def _condition(
    member: Member, seen: Distances, values: Vector, asked: Distances, unit: Mapping[str, float]
) -> tuple[Vector, Vector]:
    """Posterior mean and variance of one member."""
    kernel = member.kernel(seen, unit)
    inverse = np.linalg.inv(kernel + member.noise * np.eye(len(values)))
    across = member.kernel(asked, unit)
    solved = across @ inverse
    scale = values @ inverse @ values / len(values)
    variance = scale * np.maximum(1.0 - np.sum(solved * across, axis=1), 1e-9)
    return solved @ values, variance
