"""Two ways to write one thing have one canonical form, so that equal networks hash equal."""

from __future__ import annotations

from typing import Any

import pytest

from archdsl.ops.registry import make, operators
from archdsl.types import TensorType

IMAGE = TensorType((6, 4, 5))
HEADS = TensorType((2, 4, 16))


@pytest.mark.parametrize(
    ("name", "one", "other", "operands"),
    [
        ("reshape", {"shape": [-1, 5]}, {"shape": [24, 5]}, [IMAGE]),
        ("flatten", {}, {"start_dim": -3, "end_dim": 2}, [IMAGE]),
        ("permute", {"dims": [-1, 0, 1]}, {"dims": [2, 0, 1]}, [IMAGE]),
        ("squeeze", {}, {"dim": [0, -1]}, [TensorType((1, 4, 1))]),
        ("unsqueeze", {"dim": -1}, {"dim": 3}, [IMAGE]),
        ("pad", {"padding": 1}, {"padding": [1, 1, 1, 1, 0, 0]}, [IMAGE]),
        ("concat", {"dim": -1}, {"dim": 2}, [IMAGE, IMAGE]),
        ("stack", {"dim": -1}, {"dim": 3}, [IMAGE, IMAGE]),
        ("chunk", {"chunks": 2, "dim": -2}, {"chunks": 2, "dim": 1}, [IMAGE]),
        ("chunk", {"chunks": 4}, {"chunks": 3}, [IMAGE]),
        ("split", {"sizes": [2, 2], "dim": -2}, {"sizes": [2, 2], "dim": 1}, [IMAGE]),
        ("slice", {"start": -4, "dim": -3}, {"start": 2, "stop": 6}, [IMAGE]),
        ("select", {"index": -1}, {"index": 5, "dim": -3}, [IMAGE]),
        ("index_select", {"index": [-1, 0]}, {"index": [5, 0], "dim": -3}, [IMAGE]),
        ("top_k", {"k": 2}, {"k": 2, "dim": 2}, [IMAGE]),
        ("reduce_mean", {}, {"dims": [-1, 0, 1]}, [IMAGE]),
        ("reduce_sum", {"dims": 1}, {"dims": [-2]}, [IMAGE]),
        ("interpolate", {"scale_factor": 2}, {"scale_factor": [2.0, 2.0]}, [IMAGE]),
        ("zero", {"out_channels": 6, "stride": 2}, {"stride": [2, 2]}, [IMAGE]),
        ("constant", {"value": 1}, {"value": 1.0, "shape": []}, [IMAGE]),
        ("constant", {"value": [1, 2]}, {"value": [1.0, 2.0]}, [IMAGE]),
        ("lstm", {"hidden_size": 3, "dropout": 0.5}, {"hidden_size": 3}, [TensorType((4, 5))]),
        ("scaled_dot_product_attention", {"scale": 0.25}, {}, [HEADS] * 3),
        ("scaled_dot_product_attention", {"enable_gqa": True}, {}, [HEADS] * 3),
        ("anchors", {"size": 32, "stride": 8}, {"size": 32.0, "stride": [8, 8], "ratios": [1]}, [IMAGE]),
        ("embedding", {"num_embeddings": 9, "embedding_dim": 2, "padding_idx": -1},
         {"num_embeddings": 9, "embedding_dim": 2, "padding_idx": 8}, [TensorType((4,), "int64")]),
    ],
)  # fmt: skip
def test_spellings_agree(name: str, one: dict[str, Any], other: dict[str, Any], operands: list[TensorType]) -> None:
    op = operators()[name]
    first, second = (make(op, attributes).canonical_attributes(operands) for attributes in (one, other))
    assert first == second
    assert repr(sorted(first.items())) == repr(sorted(second.items()))
