"""`init` and `bias_init`: every scheme fits every operator that offers it."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from archdsl.ops.base import Operator, Sample, weights_of
from archdsl.ops.registry import make, operators
from tests.ops.samples import OPERATORS, build_leaf


def schemes(annotation: Any) -> list[str]:
    """The words that an annotation allows."""
    if get_origin(annotation) is Literal:
        return [str(word) for word in get_args(annotation)]
    return [word for part in get_args(annotation) for word in schemes(part)]


def built(op: type[Operator], **attributes: Any) -> nn.Module:
    """The leaf module of the operator's first sample with the most parameters, with further attributes."""

    def trained(sample: Sample) -> int:
        found = weights_of(make(op, sample.attributes), sample.operands)
        return sum(weight.kind == "parameter" for weight in found)

    sample = max(op.samples(), key=trained)
    made = make(op, {**sample.attributes, **attributes})
    leaf = made.torch(sample.operands).leaf
    assert leaf is not None
    return build_leaf(leaf)


WORDS = [
    pytest.param(op, attribute, word, id=f"{name}-{attribute}-{word}")
    for name, op in operators().items()
    for attribute in ("init", "bias_init")
    if attribute in op.model_fields
    for word in schemes(op.model_fields[attribute].annotation)
]


@pytest.mark.parametrize(("op", "attribute", "word"), WORDS)
def test_schemes_run(op: type[Operator], attribute: str, word: str) -> None:
    torch.manual_seed(0)
    plain = dict(built(op).named_parameters())
    torch.manual_seed(0)
    started = dict(built(op, **{attribute: word}).named_parameters())
    if word in ("zeros", "ones"):
        wanted = float(word == "ones")
        assert any((weight == wanted).all() for weight in started.values())
    else:
        assert plain.keys() == started.keys()
        assert all(weight.isfinite().all() for weight in started.values())


def test_numbers_fill() -> None:
    module = built(operators()["conv2d"], init=0.25, bias_init=-3)
    assert (module.get_parameter("weight") == 0.25).all()
    assert (module.get_parameter("bias") == -3).all()


def test_unknown_schemes_are_refused() -> None:
    with pytest.raises(ValidationError):
        make(operators()["conv2d"], {"out_channels": 1, "kernel_size": 1, "bias_init": "kaiming_normal"})
    with pytest.raises(ValidationError):
        make(operators()["linear"], {"out_features": 1, "init": float("nan")})


@pytest.mark.parametrize("op", OPERATORS)
def test_every_weighted_operator_can_start_its_weights(op: type[Operator]) -> None:
    parameters = [
        weight.name
        for sample in op.samples()
        for weight in weights_of(make(op, sample.attributes), sample.operands)
        if weight.kind == "parameter"
    ]
    assert not parameters or op.internal or "init" in op.model_fields
