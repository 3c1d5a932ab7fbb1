"""Noise in training: what is dropped, how often, and what is left."""

from __future__ import annotations

import pytest
import torch

from archdsl.backends.torch.support import drop_path, drop_path_mean


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def test_drop_path_drops_whole_samples_and_keeps_the_mean() -> None:
    y = drop_path(torch.ones(4000, 2, 3), 0.25, True)
    assert y.unique().tolist() == [0.0, pytest.approx(1 / 0.75)]
    assert (y == y[:, :1, :1]).all()
    assert y.mean().item() == pytest.approx(1, abs=0.05)


def test_drop_path_without_scaling() -> None:
    y = drop_path(torch.ones(100, 2), 0.5, True, scale_by_keep=False)
    assert set(y.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("p", [0.0, 0.4, 1.0])
def test_drop_path_is_the_identity_in_inference(p: float) -> None:
    x = torch.randn(3, 2)
    assert torch.equal(drop_path(x, p, False), x)


def test_drop_path_of_certainty_leaves_nothing() -> None:
    assert not drop_path(torch.ones(5, 2), 1.0, True).any()


def test_drop_path_mean_never_drops_all() -> None:
    xs = [torch.full((3000, 2), float(i)) for i in (1, 10, 100)]
    y = drop_path_mean(xs, 0.7, True)
    means = {sum(kept) / len(kept) for kept in ([1], [10], [100], [1, 10], [1, 100], [10, 100], [1, 10, 100])}
    assert {round(v, 3) for v in y.unique().tolist()} == {round(m, 3) for m in means}
    assert (y[:, 0] == y[:, 1]).all()


def test_drop_path_mean_of_certainty_picks_one() -> None:
    xs = [torch.full((900, 1), float(i)) for i in (1, 2, 4)]
    y = drop_path_mean(xs, 1.0, True)
    for value in (1, 2, 4):
        assert (y == value).float().mean().item() == pytest.approx(1 / 3, abs=0.06)


def test_drop_path_mean_is_the_mean_in_inference() -> None:
    xs = [torch.randn(3, 2) for _ in range(3)]
    torch.testing.assert_close(drop_path_mean(xs, 0.5, False), (xs[0] + xs[1] + xs[2]) / 3)


def test_gradients_reach_the_paths_that_are_kept() -> None:
    xs = [torch.ones(50, 1, requires_grad=True) for _ in range(2)]
    drop_path_mean(xs, 0.5, True).sum().backward()
    assert sum(x.grad.sum().item() for x in xs if x.grad is not None) == pytest.approx(50)
