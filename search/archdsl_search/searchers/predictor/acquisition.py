"""How promising a candidate is, by its predicted mean and standard deviation."""

from __future__ import annotations

from random import Random

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from archdsl_search.searchers.predictor.settings import PredictorSettings

# Standard deviations that are added to the mean when it explores.
EXPLORING = 3.0
Vector = npt.NDArray[np.float64]


def promise(
    settings: PredictorSettings, mean: Vector, deviation: Vector, best: float, rng: Random, explore: bool = False
) -> Vector:
    """One number for each candidate, larger is more promising.

    expected_improvement: E max(0, f - best), Jones et al. 1998, equation 15. upper_confidence: mean + c deviation.
    thompson: a draw from each candidate's own normal distribution. `explore`: mean + 3 deviation, whatever is set.
    """
    if explore or settings.acquisition == "upper_confidence":
        bound: Vector = mean + (EXPLORING if explore else settings.confidence) * deviation
        return bound
    if settings.acquisition == "thompson":
        drawn: Vector = mean + deviation * np.array([rng.gauss(0.0, 1.0) for _ in range(len(mean))])
        return drawn
    z = (mean - best) / deviation
    density = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
    improvement: Vector = deviation * (z * ndtr(z) + density)
    return improvement


def normal_scores(values: Vector) -> Vector:
    """Values by rank as quantiles of the normal distribution: units and outliers don't matter. Ties share a rank."""
    order = np.sort(values)
    rank = (np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right")) / 2
    scores: Vector = ndtri(rank / len(values) * (1 - 1e-12) + 5e-13)
    return scores
