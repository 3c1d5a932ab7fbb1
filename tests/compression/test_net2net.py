"""Net2Net: more channels and more layers, the same function."""

from __future__ import annotations

import pytest
import torch

import archdsl
from tests.compression.conftest import difference


def test_widening_keeps_the_function(case):
    made = archdsl.widen(case.architecture, case.module, factor=1.5, seed=2)
    assert made.after.params > made.before.params
    assert difference(made.module().double()(case.images.double()), case.module.double()(case.images.double())) < 1e-6
    assert difference(made.module()(case.images), case.module.float()(case.images)) < 1e-5


def test_widening_keeps_the_function_in_training_as_well(network):
    case = network("residual")
    made = archdsl.widen(case.architecture, case.module, factor=2)
    wide, narrow = made.module("train").train().double(), case.module.train().double()
    assert difference(wide(case.images.double()), narrow(case.images.double())) < 1e-6


def test_copies_get_unequal_shares_so_that_they_learn_differently(network):
    case = network("chain")
    made = archdsl.widen(case.architecture, case.module, factor=2)
    weight = torch.from_numpy(made.weights["conv2d_2.weight"])
    assert weight.shape[1] == 16
    assert not torch.allclose(weight[:, 0], weight[:, 1])


def test_only_the_named_layers_are_widened(network):
    case = network("chain")
    made = archdsl.widen(case.architecture, case.module, factor=2, layers=["conv2d"])
    assert [(change.path, change.figures["after"]) for change in made.changes] == [("conv2d", 16)]
    assert made.architecture.graph().nodes[-1].operands[0].type.shape == (12,)


def test_deepening_keeps_the_function(case):
    made = archdsl.deepen(case.architecture, case.module)
    assert len(made.architecture.graph().nodes) > len(case.architecture.graph().nodes)
    assert difference(made.module()(case.images), case.module(case.images)) < 1e-6


def test_deepening_behind_a_named_step(network):
    case = network("chain")
    made = archdsl.deepen(case.architecture, case.module, steps=["relu"], kernel_size=5)
    assert [change.path for change in made.changes] == ["relu"]
    assert made.after.params - made.before.params == 8 * 8 * 25 + 8
    assert difference(made.module()(case.images), case.module(case.images)) < 1e-6


def test_what_was_changed_can_be_changed_again(network):
    case = network("residual")
    wide = archdsl.widen(case.architecture, case.module, factor=1.5)
    deep = archdsl.deepen(wide.architecture, wide.module())
    assert difference(deep.module()(case.images), case.module(case.images)) < 1e-5
    assert archdsl.prune(deep.architecture, deep.module(), params=0.5).after.params <= 0.5 * deep.after.params


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda a: archdsl.widen(a, factor=0.5), "1 to 64"),
        (lambda a: archdsl.widen(a, layers=["conv"]), "no convolution or linear `conv`"),
        (lambda a: archdsl.deepen(a, steps=["conv2d"]), "is no relu or relu6"),
        (lambda a: archdsl.deepen(a, kernel_size=2), "an odd number"),
    ],
)
def test_what_cannot_be_is_said(network, act, message):
    with pytest.raises(archdsl.CompressionError, match=message):
        act(network("chain").architecture)
