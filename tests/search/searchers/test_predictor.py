"""The predictor's parts: processes, scores, paths; and that it learns."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

import archdsl
from archdsl_search.searchers.predictor import Predictor, PredictorSettings
from archdsl_search.searchers.predictor.acquisition import normal_scores, promise
from archdsl_search.searchers.predictor.gaussian_processes import Ensemble
from archdsl_search.searchers.random_search import RandomSearch, RandomSettings
from archdsl_search.space.spec_space import SpecSpace
from archdsl_search.testing.driving import drive, finished, score
from archdsl_search.testing.spaces import SPACES


def test_a_member_predicts_as_scikit_learn_does() -> None:
    rng = np.random.default_rng(0)
    x, asked = rng.integers(0, 4, size=(20, 3)), rng.integers(0, 4, size=(7, 3))
    values = np.sin(x[:, 0]) + 0.1 * x[:, 1]

    def squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return ((a[:, None] - b[None]) ** 2).sum(-1)

    ensemble = Ensemble()
    ensemble.fit({"x": squares(x, x)}, values)
    (member, *_) = ensemble.members
    object.__setattr__(member, "weight", 1.0)
    ensemble._members = [member]
    mean, deviation = ensemble.predict({"x": squares(x, x)}, values, {"x": squares(asked, x)})
    unit = squares(x, x).sum() / (20 * 19)
    kernel = RBF(np.sqrt(member.reach * unit / 2))
    reference = GaussianProcessRegressor(kernel, alpha=member.noise, optimizer=None).fit(x, values)
    expected, spread = reference.predict(asked, return_std=True)
    scale = values @ np.linalg.inv(kernel(x) + member.noise * np.eye(20)) @ values / 20
    assert mean == pytest.approx(expected, rel=1e-6, abs=1e-8)
    assert deviation == pytest.approx(np.sqrt(scale) * spread, rel=1e-4)


def test_scores_depend_on_ranks_alone_and_ties_share_theirs() -> None:
    scores = normal_scores(np.array([3.0, 1.0, 1.0, 1000.0]))
    assert scores[1] == scores[2] < scores[0] < scores[3]
    assert scores == pytest.approx(normal_scores(np.array([2.0, 0.0, 0.0, 3.0])))


def test_expected_improvement_is_that_of_a_simulation() -> None:
    mean, deviation = np.array([0.2, -1.0]), np.array([0.5, 2.0])
    draws = np.random.default_rng(1).normal(mean, deviation, size=(400_000, 2))
    improvement = promise(PredictorSettings(), mean, deviation, 0.3, Random(0))
    assert improvement == pytest.approx(np.maximum(0, draws - 0.3).mean(0), rel=0.02)


def proposed(searcher: object) -> list[float]:
    """The scores of sixty proposals, in order."""
    return [score(candidate) for candidate in drive(searcher, 60, finished).candidates.values()]  # type: ignore[arg-type]


def test_it_finds_better_candidates_than_random_search() -> None:
    space = SPACES["flat"]
    ours = [max(proposed(Predictor(space, PredictorSettings(), Random(seed)))) for seed in range(3)]
    random = [max(proposed(RandomSearch(space, RandomSettings(), Random(seed)))) for seed in range(3)]
    assert sum(ours) > sum(random) + 6


@pytest.mark.parametrize("name", ["flat", "conditional", "taking"])
def test_what_it_proposes_late_is_better_than_random(name: str) -> None:
    space = SPACES[name]
    ours = [sum(proposed(Predictor(space, PredictorSettings(), Random(seed)))[-20:]) for seed in range(3)]
    random = [sum(proposed(RandomSearch(space, RandomSettings(), Random(seed)))[-20:]) for seed in range(3)]
    assert sum(ours) > sum(random) + 3 * 20 * 2


def test_paths_of_a_cell_name_its_operations_and_avoid_zero(tmp_path: Path) -> None:
    file = tmp_path / "cell.yaml"
    file.write_text(
        """archdsl: 1
name: cell
inputs: {x: [4, 8, 8]}
graph:
  - branches:
      - {choose: {none: zero, skip: [], conv: {conv2d: {out_channels: 4, kernel_size: 3, padding: 1}}}, name: a}
      - {choose: {none: zero, skip: [], pool: {max_pool2d: {kernel_size: 3, stride: 1, padding: 1}}}, name: b}
  - add
"""
    )
    space = SpecSpace(archdsl.load_space(file))

    def paths(**labels: str) -> set[str]:
        found = space.complete({f"branches[{i}]/{k}": v for i, (k, v) in enumerate(labels.items())}, Random(0))
        return {path.split(": ", 1)[1] for path in space.paths(found)}

    assert paths(a="skip", b="none") == {"0"}
    convolution = "0 conv2d(kernel_size=(3, 3),padding=(1, 1))"
    assert paths(a="conv", b="skip") == {convolution, "0"}
    assert len(paths(a="conv", b="pool")) == 2
    assert paths(a="none", b="none") == set()


def test_a_network_of_many_cells_is_described_by_its_cells() -> None:
    space = SpecSpace(archdsl.load_space("nasbench201"))
    candidate = space.sample(Random(0))
    found = [path for path in space.paths(candidate) if path.startswith("searched_cell: ")]
    assert 0 < len(found) <= 4
