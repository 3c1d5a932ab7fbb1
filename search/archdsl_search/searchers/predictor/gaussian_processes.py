"""An ensemble of Gaussian processes that differ in encoding, reach and noise, weighted by their evidence.

Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, equations 2.25, 2.26 and 5.8. The kernel of an
encoding is exp(-d / reach), d being the features that two candidates don't share over the mean of that number; a
further kernel is the mean of the encodings' kernels. The scale of the signal is its maximum of likelihood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.linalg.lapack import dpotrf, dpotrs, dtrtrs

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
# Features that pairs don't share, by encoding.
Distances = Mapping[str, npt.NDArray[np.intp]]

REACHES = (0.15, 0.3, 0.6, 1.2, 2.4)
NOISES = (1e-3, 1e-2, 1e-1)
# Members with less of the total weight are left out; so are the lightest where they would take too long: members times
# the square of the candidates seen is bounded.
LEAST_WEIGHT = 0.05
MOST_WORK = 30_000
LEAST_MEMBERS = 2


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
            found += [Member(encodings, reach, noise, _evidence(kernel, noise, values)) for noise in NOISES]
        top = max(member.weight for member in found)
        weighed = [replace(member, weight=float(np.exp(member.weight - top))) for member in found]
        total = sum(member.weight for member in weighed)
        weighed.sort(key=lambda member: -member.weight)
        most = max(LEAST_MEMBERS, MOST_WORK // n**2)
        kept = [m for m in weighed[:most] if m.weight >= LEAST_WEIGHT * total] or weighed[:1]
        share = sum(member.weight for member in kept)
        self._members = [replace(m, weight=m.weight / share) for m in kept]

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
    """Distances are counts: the exponential is taken once of each."""
    parts: list[Matrix] = []
    for name in encodings:
        counts = np.arange(int(distances[name].max(initial=0)) + 1)
        parts.append(np.exp(counts * (-1.0 / (reach * unit[name])))[distances[name]])
    return parts[0] if len(parts) == 1 else np.mean(parts, axis=0)


def _factor(kernel: Matrix, noise: float) -> Matrix:
    """The lower Cholesky factor of the kernel with noise on its diagonal."""
    noisy = kernel.copy()
    noisy.flat[:: len(noisy) + 1] += noise
    factor, failed = dpotrf(noisy, lower=1)
    assert not failed
    found: Matrix = factor
    return found


def _evidence(kernel: Matrix, noise: float, values: Vector) -> float:
    """Logarithm of the marginal likelihood, up to a constant."""
    factor = _factor(kernel, noise)
    scale = values @ dpotrs(factor, values, lower=1)[0] / len(values) + 1e-12
    return float(-np.log(np.diagonal(factor)).sum() - 0.5 * len(values) * np.log(scale))


def _condition(
    member: Member, seen: Distances, values: Vector, asked: Distances, unit: Mapping[str, float]
) -> tuple[Vector, Vector]:
    """Posterior mean and variance of one member."""
    factor = _factor(member.kernel(seen, unit), member.noise)
    across = member.kernel(asked, unit)
    weights = dpotrs(factor, values, lower=1)[0]
    halves = dtrtrs(factor, across.T, lower=1)[0]
    variance = values @ weights / len(values) * np.maximum(1.0 - np.einsum("nm,nm->m", halves, halves), 1e-9)
    return across @ weights, variance
