"""The time of one step: an analytic part, and boosted trees for how far reality is from it, in logarithms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archdsl.analysis.latency.features import Work, names_of
from archdsl.analysis.latency.trees import Trees

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Analytic:
    """Seconds of a step without its peculiarities: per call, per operation, per element moved."""

    per_call: float
    per_operation: float
    per_element: float

    def seconds(self, work: Work) -> float:
        """At least a nanosecond, so that it has a logarithm."""
        moved = work.moved + work.weights
        return max(self.per_call + self.per_operation * work.operations + self.per_element * moved, 1e-9)


@dataclass(frozen=True)
class Regression:
    """The steps of one group (`features.GROUPS`).

    Attributes:
        operators: those that were measured; each is a feature of its own.
        trees: give the logarithm of measured over analytic time.
        low, high: the 10th and 90th percentile of measured over predicted time, on networks left out of the fit.
    """

    group: str
    operators: tuple[str, ...]
    analytic: Analytic
    trees: Trees
    low: float
    high: float

    def row(self, name: str, features: tuple[float, ...]) -> list[float]:
        """The features with the operator itself."""
        return [*features, *(float(name == known) for known in self.operators)]

    def seconds(self, names: Sequence[str], features: Sequence[tuple[float, ...]], work: Sequence[Work]) -> list[float]:
        """The time of each step."""
        import numpy as np

        rows = np.array([self.row(name, given) for name, given in zip(names, features, strict=True)])
        ratios = np.exp(np.clip(self.trees.predict(rows), -5, 5))
        return [self.analytic.seconds(w) * float(ratio) for w, ratio in zip(work, ratios, strict=True)]

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "operators": list(self.operators),
            "features": list(names_of(self.group)),
            "analytic": vars(self.analytic),
            "interval": [self.low, self.high],
            "trees": self.trees.to_dict(),
        }

    @classmethod
    def of_dict(cls, group: str, found: Any) -> Regression:
        """From plain data.

        Raises:
            ValueError: if it is none, or made for other features.
        """
        if not isinstance(found, dict) or found.get("features") != list(names_of(group)):
            raise ValueError(f"the features of `{group}` are not those that this archdsl knows")
        operators = found.get("operators")
        if not isinstance(operators, list) or not all(isinstance(name, str) for name in operators):
            raise ValueError(f"the operators of `{group}` must be names")
        analytic = found.get("analytic")
        names = ("per_call", "per_operation", "per_element")
        if not isinstance(analytic, dict) or not isinstance(found.get("trees"), dict):
            raise ValueError(f"`{group}` has no analytic part, or no trees")
        low, high = numbers(found.get("interval"), 2)
        trees = Trees.of_dict(found["trees"], len(names_of(group)) + len(operators))
        parts = numbers([analytic.get(name) for name in names], 3)
        return cls(group, tuple(operators), Analytic(*parts), trees, low, high)


def numbers(found: Any, count: int) -> list[float]:
    """So many numbers that are not negative."""
    right = isinstance(found, list) and len(found) == count
    if not right or not all(isinstance(x, int | float) and not isinstance(x, bool) and 0 <= x < 1e9 for x in found):
        raise ValueError(f"{count} numbers from 0 are needed, not {found}")
    return [float(x) for x in found]
