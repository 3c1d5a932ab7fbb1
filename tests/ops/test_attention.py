"""Attention against its formula."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from archdsl.backends.torch import build_module
from archdsl.ops.base import cost_of
from archdsl.ops.families.attention import ScaledDotProductAttention
from archdsl.ops.registry import make
from archdsl.types import TensorType
from tests.ops.applied import applied, network


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def formula(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None, scale: float) -> torch.Tensor:
    scores = torch.einsum("nhle,nhse->nhls", q, k) * scale
    return torch.softmax(scores if mask is None else scores + mask, dim=-1) @ v


Q, K, V = random(3, 2, 4, 8), random(3, 2, 5, 8, seed=1), random(3, 2, 5, 6, seed=2)


def test_default_scale() -> None:
    torch.testing.assert_close(applied(ScaledDotProductAttention, {}, Q, K, V)[0], formula(Q, K, V, None, 8**-0.5))
    (made,) = applied(ScaledDotProductAttention, {"scale": 2.0}, Q, K, V)
    torch.testing.assert_close(made, formula(Q, K, V, None, 2.0))


@pytest.mark.parametrize("shape", [(4, 5), (5,), (2, 4, 5), (1, 1, 5), (2, 1, 1)])
def test_each_sample_has_its_own_mask(shape: tuple[int, ...]) -> None:
    mask = random(3, *shape, seed=3)
    full = mask.reshape(3, *(1,) * (3 - len(shape)), *shape)
    (made,) = applied(ScaledDotProductAttention, {}, Q, K, V, mask)
    torch.testing.assert_close(made, formula(Q, K, V, full, 8**-0.5))


def test_causal_positions_see_no_later_ones() -> None:
    later = torch.full((4, 5), float("-inf")).triu(1)
    (made,) = applied(ScaledDotProductAttention, {"is_causal": True}, Q, K, V)
    torch.testing.assert_close(made, formula(Q, K, V, later, 8**-0.5))


def test_grouped_queries_share_keys() -> None:
    q = random(3, 6, 4, 8)
    (made,) = applied(ScaledDotProductAttention, {"enable_gqa": True}, q, K, V)
    keys, values = K.repeat_interleave(3, dim=1), V.repeat_interleave(3, dim=1)
    torch.testing.assert_close(made, formula(q, keys, values, None, 8**-0.5))


def test_dropout_acts_in_training_only() -> None:
    types = [TensorType((2, 4, 8)), TensorType((2, 5, 8)), TensorType((2, 5, 6))]
    attributes: dict[str, Any] = {"dropout_p": 0.5}
    module = build_module(network(ScaledDotProductAttention, attributes, *types))
    torch.manual_seed(0)
    assert not torch.equal(module.train()(Q, K, V), module(Q, K, V))
    torch.testing.assert_close(module.eval()(Q, K, V), formula(Q, K, V, None, 8**-0.5))


def test_both_products_are_counted() -> None:
    types = (TensorType((2, 4, 8)), TensorType((2, 5, 8)), TensorType((2, 5, 6)))
    assert cost_of(make(ScaledDotProductAttention, {}), types).mult_adds == 2 * (4 * 5 * 8 + 4 * 5 * 6)
