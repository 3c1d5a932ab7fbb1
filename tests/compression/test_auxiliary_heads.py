"""Auxiliary heads of training come along: they read what is left, and the new spec has them under `if: training`."""

from __future__ import annotations

import pytest
import torch

import archdsl
from tests.compression.conftest import difference

HEADS = """archdsl: 1
name: two_heads
inputs: {image: [3, 16, 16]}
cells:
  head:
    graph:
      - conv2d: {out_channels: 6, kernel_size: 1, bias: false}
      - batch_norm2d
      - relu
      - global_avg_pool2d
      - linear: {out_features: 5}
  unit:
    params: {channels: int}
    graph:
      - conv2d: {out_channels: channels, kernel_size: 3, padding: half, bias: false}
      - batch_norm2d
      - relu
graph:
  - unit: {channels: 8}
  - unit: {channels: 8}
    name: early
  - unit: {channels: 8}
  - max_pool2d: {kernel_size: 2}
  - unit: {channels: 12}
    name: late
  - global_avg_pool2d
  - linear: {out_features: 5}
    name: logits
  - head:
    from: early
    if: training
    name: first
  - head:
    from: late
    if: training
    name: second
  - add:
    from: [first, second]
    if: training
    name: both
outputs: [logits, second, both]
"""
ACTS = {
    "prune": lambda net, weights: archdsl.prune(net, weights, params=0.6),
    "factorize": lambda net, weights: archdsl.factorize(net, weights, params=0.8),
    "widen": lambda net, weights: archdsl.widen(net, weights, factor=1.5),
    "deepen": archdsl.deepen,
}


@pytest.fixture
def net(tmp_path):
    (tmp_path / "heads.yaml").write_text(HEADS)
    return archdsl.load(tmp_path / "heads.yaml")


@pytest.fixture
def module(net):
    torch.manual_seed(1)
    made = archdsl.compile(net)
    for key, tensor in made.state_dict().items():
        if tensor.is_floating_point() and not key.endswith("running_mean"):
            tensor.add_(torch.rand_like(tensor) * 0.3)
    return made


@pytest.mark.parametrize("act", ACTS)
def test_the_new_spec_has_the_heads(net, module, act, tmp_path):
    made = ACTS[act](net, module)
    assert made.notes == ()
    made.save(tmp_path / "new.yaml", tmp_path / "new.safetensors")
    assert [f.message for f in archdsl.check(tmp_path / "new.yaml")] == []
    again = archdsl.compile(archdsl.load(tmp_path / "new.yaml"), weights=tmp_path / "new.safetensors")
    images = torch.randn(4, 3, 16, 16)
    assert list(again.train()(images)) == ["logits", "second", "both"]
    assert again.eval()(images).shape == (4, 5)
    sum(value.sum() for value in again.train()(images).values()).backward()
    assert all(p.grad is not None for p in again.parameters())


@pytest.mark.parametrize("act", ["widen", "deepen"])
def test_growing_keeps_the_function_of_every_output(net, module, act):
    made = ACTS[act](net, module)
    images = torch.randn(4, 3, 16, 16, dtype=torch.float64)
    grown, before = made.module("train").double()(images), module.double()(images)
    assert all(difference(grown[name], before[name]) < 1e-6 for name in before)


def test_pruning_takes_filters_of_the_inference_form_alone(net, module):
    made = archdsl.prune(net, module, params=0.5)
    assert made.after.params <= 0.5 * made.before.params
    assert not any(change.path.startswith(("first", "second")) for change in made.changes)
    main = {node.path for node in made.architecture.graph().nodes}
    heads = [node for node in made.architecture.graph(training=True).nodes if node.path not in main]
    assert [node.op.out_channels for node in heads if node.op.name == "conv2d"] == [6, 6]


def test_the_heads_read_what_is_left(net, module):
    """The function is that of the network in which nobody reads what went."""
    state = {key: tensor.clone() for key, tensor in module.state_dict().items()}
    state["early.conv2d.weight"][2] *= 1e-3
    made = archdsl.prune(net, state, params=0.99)
    assert [change.path for change in made.changes] == ["early/conv2d"]
    for reader in ("unit_2.conv2d.weight", "first.conv2d.weight"):
        state[reader][:, 2] = 0
    images = torch.randn(4, 3, 16, 16, dtype=torch.float64)
    module.load_state_dict(state)
    found, expected = made.module("train").double()(images), module.double()(images)
    assert all(difference(found[name], expected[name]) < 1e-12 for name in expected)


def test_only_named_layers_of_heads_are_widened(net, module):
    assert not any(c.path.startswith("first") for c in archdsl.widen(net, module).changes)
    made = archdsl.widen(net, module, layers=["first/conv2d"], factor=2)
    assert [(c.path, c.figures["after"]) for c in made.changes] == [("first/conv2d", 12)]
    assert made.after.params == made.before.params


def test_weights_without_the_heads_leave_them_out(net):
    made = archdsl.prune(net, archdsl.compile(net, "inference"), params=0.6)
    assert made.notes == ("the weights have none for second, both of the training form: that is left out",)
    assert not made.architecture.has_training_form


def test_training_in_another_way_leaves_the_inference_form(tmp_path):
    text = HEADS.replace(
        "  - max_pool2d: {kernel_size: 2}\n", "  - max_pool2d: {kernel_size: 2}\n  - sigmoid:\n    if: training\n"
    )
    (tmp_path / "other.yaml").write_text(text)
    made = archdsl.prune(archdsl.load(tmp_path / "other.yaml"), params=0.6)
    assert made.notes[0].startswith("the training form computes the network in another way")
    assert not made.architecture.has_training_form


def test_heads_of_a_shipped_network():
    net = archdsl.load("googlenet", inputs={"image": [3, 64, 64]})
    module = archdsl.compile(net)
    made = archdsl.prune(net, module, mult_adds=0.5)
    with torch.no_grad():
        found = made.module("train")(torch.rand(2, 3, 64, 64))
    assert {name: tuple(value.shape) for name, value in found.items()} == dict.fromkeys(
        ["logits", "aux_logits2", "aux_logits1"], (2, 1000)
    )
    assert made.text.count("if: training") == 2
