"""Fits a predictor to measured networks, and says how far off it is on networks that it has not seen.

Each group of operators gets an analytic part (seconds per call, per operation and per element, none negative), and
boosted trees (J. Friedman, Greedy function approximation: a gradient boosting machine, Annals of Statistics 29(5),
2001) for the logarithm of what is left. Errors are found by cross-validation over whole networks: each is predicted by
a fit that has seen none of its measurements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from archdsl.analysis.experiments.linear_model import nonnegative_relative
from archdsl.analysis.latency.features import GROUPS, Work, features_of, group_of, work_of, written_by
from archdsl.analysis.latency.observations import Observation
from archdsl.analysis.latency.predictor import StepPredictor
from archdsl.analysis.latency.regression import Analytic, Regression
from archdsl.analysis.latency.steps import Step
from archdsl.analysis.latency.trees import Trees, joined

if TYPE_CHECKING:
    from archdsl.analysis.latency.trees import Matrix

FOLDS = 6
LEAST_NETWORKS = FOLDS
_QUANTILES = (10, 90)
TREES = 200
# Each tree sees a part of the rows, each split a part of the features: networks left out are predicted better.
_DEPTH, _RATE, _SHARE, _FEATURES, _LEAF = 4, 0.08, 0.6, 0.5, 4


class Fitted(NamedTuple):
    """A predictor with its errors on networks left out of the fit.

    Attributes:
        errors: by network, |predicted - measured| / measured.
        rank_correlation: Spearman's, of predicted and measured time.
    """

    predictor: StepPredictor
    errors: dict[str, float]
    rank_correlation: float

    @property
    def mean_error(self) -> float:
        """The mean of the errors."""
        return sum(self.errors.values()) / len(self.errors)


def fit_predictor(
    observations: Sequence[Observation], on_fold: Callable[[], None] = lambda: None, trees: int = TREES
) -> Fitted:
    """Fit a predictor.

    Args:
        observations: at least `LEAST_NETWORKS`.
        trees: how many are boosted for each group of operators.
        on_fold: called after each fit of the cross-validation and after the last one, for progress.

    Raises:
        ValueError: for too few networks.
    """
    if len(observations) < LEAST_NETWORKS:
        raise ValueError(f"at least {LEAST_NETWORKS} networks have to be measured, not {len(observations)}")
    left_out: list[tuple[Observation, list[float], float]] = []
    for fold in range(FOLDS):
        known = [o for i, o in enumerate(observations) if i % FOLDS != fold]
        fitted = _fit(known, {}, (1.0, 1.0), trees)
        for observation in observations[fold::FOLDS]:
            alone = fitted.alone(observation.steps, observation.batch_size)
            left_out.append((observation, alone, sum(fitted.seconds(observation.steps, observation.batch_size))))
        on_fold()
    ratios: dict[str, list[float]] = {group: [] for group in GROUPS}
    for observation, alone, _ in left_out:
        for step, predicted, measured in zip(observation.steps, alone, observation.seconds, strict=True):
            ratios[group_of(step.op)].append(measured / predicted)
    steps = {group: _interval(found) for group, found in ratios.items() if found}
    # A later measurement meets the machine at another minute: so each pass counts, not their median alone.
    whole = _interval([seconds / predicted for o, _, predicted in left_out for seconds in o.passes])
    predictor = _fit(observations, steps, whole, trees)
    on_fold()
    errors = {o.name: float(abs(predicted / o.whole - 1)) for o, _, predicted in left_out}
    order = rank_correlation([predicted for _, _, predicted in left_out], [o.whole for o, _, _ in left_out])
    return Fitted(predictor, errors, order)


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's rank correlation; equal values have their mean rank."""
    import numpy as np

    def ranks(values: Sequence[float]) -> list[float]:
        order = sorted(values)
        return [order.index(value) + (order.count(value) - 1) / 2 for value in values]

    return float(np.corrcoef(np.array([ranks(one), ranks(other)]))[0, 1])


def _interval(ratios: Sequence[float]) -> tuple[float, float]:
    import numpy as np

    low, high = np.percentile(ratios, _QUANTILES)
    return float(low), float(high)


def _fit(
    observations: Sequence[Observation],
    intervals: dict[str, tuple[float, float]],
    whole: tuple[float, float],
    trees: int,
) -> StepPredictor:
    regressions = {}
    for group in GROUPS:
        rows = list(_rows(observations, group))
        if rows:
            regressions[group] = _regression(group, rows, intervals.get(group, (1.0, 1.0)), trees)
    sizes = [observation.batch_size for observation in observations]
    return StepPredictor(*whole, regressions, *_in_network(observations), (min(sizes), max(sizes)))


class _Row(NamedTuple):
    name: str
    features: tuple[float, ...]
    work: tuple[int, int, int]
    seconds: float
    weight: float


def _rows(observations: Sequence[Observation], group: str) -> Iterable[_Row]:
    """The measured steps of a group; equal ones of one network are one, by their mean."""
    for observation in observations:
        taken: dict[Step, list[float]] = {}
        for step, seconds in zip(observation.steps, observation.seconds, strict=True):
            if group_of(step.op) == group:
                taken.setdefault(step, []).append(seconds)
        for step, times in taken.items():
            work = work_of(step.op, step.operands, observation.batch_size)
            features = features_of(step, observation.batch_size)
            mean = sum(times) / len(times)
            # What takes a large part of a network counts more.
            weight = (sum(times) / observation.whole) ** 0.5
            yield _Row(step.op.name, features, work, mean, weight)


def _regression(group: str, rows: Sequence[_Row], interval: tuple[float, float], count: int) -> Regression:
    import numpy as np

    work = [(1, row.work[0], row.work[1] + row.work[2]) for row in rows]
    seconds = [row.seconds for row in rows]
    analytic = Analytic(*nonnegative_relative(work, seconds))
    operators = tuple(sorted({row.name for row in rows}))
    empty = Regression(group, operators, analytic, joined(0.0, []), *interval)
    table = np.array([empty.row(row.name, row.features) for row in rows])
    target = np.log([row.seconds / analytic.seconds(Work(*row.work)) for row in rows])
    trees, _ = boosted(table, target, np.array([row.weight for row in rows]), count)
    return Regression(group, operators, analytic, trees, *interval)


def boosted(table: Matrix, target: Matrix, weights: Matrix, count: int) -> tuple[Trees, object]:
    """Boosted trees as numbers, and the regressor they come from."""
    from sklearn.ensemble import GradientBoostingRegressor

    made = GradientBoostingRegressor(
        n_estimators=count,
        random_state=0,
        loss="huber",
        max_depth=_DEPTH,
        learning_rate=_RATE,
        subsample=_SHARE,
        min_samples_leaf=_LEAF,
        max_features=_FEATURES,
    )
    made.fit(table, target, weights)
    trees = []
    for (member,) in made.estimators_:
        tree = member.tree_
        feature = [-1 if left < 0 else int(f) for f, left in zip(tree.feature, tree.children_left, strict=True)]
        values = tree.value[:, 0, 0] * _RATE
        # No more digits than a file has: so the file predicts exactly the same.
        numbers = [float(f"{v if f < 0 else t:.7g}") for f, t, v in zip(feature, tree.threshold, values, strict=True)]
        trees.append((feature, numbers, list(map(int, tree.children_left)), list(map(int, tree.children_right))))
    return joined(float(f"{made.init_.predict(table[:1])[0]:.7g}"), trees), made


def _in_network(observations: Sequence[Observation]) -> tuple[float, float, float]:
    """Scale, seconds per step and per element written that take a network's steps to the whole; relative errors."""
    import numpy as np

    table = [(sum(o.seconds), len(o.steps), _written(o)) for o in observations]
    rows = np.array(table, dtype=float) / np.array([o.whole for o in observations])[:, None]
    for columns in ([0, 1, 2], [0, 1]):
        part = rows[:, columns]
        most = part.max(axis=0)
        found = np.linalg.lstsq(part / most, np.ones(len(rows)), rcond=None)[0] / most
        if len(columns) == 2 or found[2] >= 0:
            break
    return float(max(found[0], 0.1)), float(found[1]), float(found[2]) if len(found) == 3 else 0.0


def _written(observation: Observation) -> int:
    return sum(written_by(step.op, step.operands, observation.batch_size) for step in observation.steps)
