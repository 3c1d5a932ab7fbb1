"""Pruning: within the budget, really smaller; the function is that of the network in which nobody reads what went."""

from __future__ import annotations

import pytest
import torch

import archdsl
from archdsl.compression.channels import Channels
from archdsl.compression.pruning import _Order, _units, _within
from archdsl.compression.weighted import weighted
from archdsl.ir.naming import state_key
from tests.compression.conftest import difference


@pytest.mark.parametrize("criterion", ["l1", "geometric_median"])
@pytest.mark.parametrize("allocation", ["global", "uniform"])
def test_is_within_the_budget_and_runs(case, criterion, allocation):
    made = archdsl.prune(case.architecture, case.module, params=0.7, criterion=criterion, allocation=allocation)
    assert made.after.params <= 0.7 * made.before.params
    assert made.module()(case.images).shape == (4, 5)
    assert sum(p.numel() for p in made.module().parameters()) == made.after.params


def test_the_spec_checks_and_gives_the_same_numbers_again(case, tmp_path):
    made = archdsl.prune(case.architecture, case.module, mult_adds=0.6)
    made.save(tmp_path / "small.yaml", tmp_path / "small.safetensors")
    assert not [f for f in archdsl.check(tmp_path / "small.yaml") if f.severity.value == "error"]
    again = archdsl.load(tmp_path / "small.yaml")
    module = archdsl.compile(again, mode="inference", weights=tmp_path / "small.safetensors")
    assert torch.equal(module(case.images), made.module()(case.images))
    assert archdsl.cost(again).mult_adds == made.after.mult_adds <= 0.6 * made.before.mult_adds


def unread(case, channels, times):
    """The original weights with zeros wherever somebody reads a channel that is to go."""
    state = {key: tensor.clone() for key, tensor in case.module.state_dict().items()}
    for node in case.architecture.graph().nodes:
        if not node.weights or node.op.name not in ("conv2d", "linear", "conv_transpose2d"):
            continue
        weight = state[state_key(node.path, "weight")]
        gone = [place for place, c in enumerate(channels.classes(node.operands[0])) if times[c] == 0]
        groups = getattr(node.op, "groups", 1)
        if node.op.name == "conv_transpose2d":
            weight[gone] = 0
        elif groups == 1:
            weight[:, gone] = 0
        else:
            width, rows = weight.shape[1], weight.shape[0] // groups
            for place in gone:
                group = place // width
                weight[group * rows : (group + 1) * rows, place % width] = 0
    return state


def test_equals_the_network_in_which_nobody_reads_what_was_pruned(case):
    network = weighted(case.architecture, case.module)
    channels = Channels(network.graph)
    units = _units(network, channels, "l1", "global")
    limits = {"params": int(0.7 * archdsl.cost(case.architecture).params)}
    times = _within(network, channels, _Order(units, 0.1, 1), limits).times
    masked = archdsl.compile(case.architecture, "inference", unread(case, channels, times))
    made = archdsl.prune(case.architecture, case.module, params=0.7)
    assert (times == 0).any()
    assert difference(made.module().double()(case.images.double()), masked.double()(case.images.double())) < 1e-12


def test_a_budget_of_everything_changes_nothing(case):
    made = archdsl.prune(case.architecture, case.module, params=1.0)
    assert made.changes == ()
    assert made.after.params == made.before.params
    assert torch.equal(made.module()(case.images), case.module(case.images))


def test_channels_of_a_sum_go_together(network):
    made = archdsl.prune(network("residual").architecture, params=0.5, allocation="uniform")
    kept = {change.path: change.figures["after"] for change in made.changes}
    assert kept["block[0]/branches[0]/conv2d_2"] == kept["block[1]/branches[0]/conv2d_2"] == kept["conv2d"]


def test_uniform_takes_equal_shares(network):
    made = archdsl.prune(network("chain").architecture, params=0.4, allocation="uniform")
    shares = [change.figures["after"] / change.figures["before"] for change in made.changes]
    assert len(shares) == 2
    assert abs(shares[0] - shares[1]) < 0.15


def test_numbers_of_filters_are_multiples(network):
    made = archdsl.prune(network("chain").architecture, params=0.8, multiple_of=4)
    assert {change.figures["after"] % 4 for change in made.changes} == {0}


def test_the_least_important_filter_goes_first(network):
    case = network("chain")
    state = case.module.state_dict()
    state["conv2d.weight"][3] *= 1e-3
    made = archdsl.prune(case.architecture, state, params=0.99)
    kept = made.weights["conv2d.weight"]
    expected = torch.cat([state["conv2d.weight"][:3], state["conv2d.weight"][4:]])
    assert torch.equal(torch.from_numpy(kept), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "there is no budget"),
        ({"params": 0.01}, "at the least, the budget is"),
        ({"params": -1}, "a share up to 1 or a number"),
        ({"params": 0.5, "keep_at_least": 0}, "keep_at_least"),
    ],
)
def test_what_cannot_be_is_said(network, options, message):
    with pytest.raises(archdsl.CompressionError, match=message):
        archdsl.prune(network("chain").architecture, **options)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "googlenet"])
def test_networks_that_come_with_archdsl(name):
    architecture = archdsl.load(name, inputs={"image": [3, 64, 64]})
    made = archdsl.prune(architecture, mult_adds=0.5, multiple_of=2)
    assert made.after.mult_adds <= 0.5 * made.before.mult_adds
    with torch.no_grad():
        assert made.module()(torch.rand(2, 3, 64, 64)).shape == (2, 1000)
