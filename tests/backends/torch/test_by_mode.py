"""Steps with weights that are another module in training than in inference: one set of weights for both."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

import archdsl

IMAGE = "{x: [4, 8, 8]}"
SEQUENCE = "{x: [6, 4]}"
STEPS = {
    "dilation": (IMAGE, "conv2d: {out_channels: 6, kernel_size: 3, padding: half, dilation: 1 if training else 2}"),
    "stride": (IMAGE, "conv2d: {out_channels: 6, kernel_size: 3, stride: 2 if training else 1, padding: same}"),
    "margin": (
        IMAGE,
        "conv2d: {out_channels: 6, kernel_size: 2, padding: 1, padding_mode: reflect if training else zeros}",
    ),
    "bias": (IMAGE, "conv2d: {out_channels: 6, kernel_size: 1, bias: training}"),
    "transposed": (IMAGE, "conv_transpose2d: {out_channels: 6, kernel_size: 3, stride: 1 if training else 2}"),
    "linear": ("{x: [4]}", "linear: {out_features: 6, bias: training}"),
    "statistics": (IMAGE, "batch_norm2d: {track_running_stats: training}"),
    "epsilon": (IMAGE, "batch_norm2d: {eps: 0.1 if training else 0.001}"),
    "affine": (IMAGE, "batch_norm2d: {affine: training}"),
    "groups": (IMAGE, "group_norm: {num_groups: 4 if training else 2}"),
    "layer_norm": (SEQUENCE, "layer_norm: {bias: training}"),
    "lstm": (SEQUENCE, "lstm: {hidden_size: 5, dropout: 0 if training else 0.5, num_layers: 2}"),
    "gru": (SEQUENCE, "gru: {hidden_size: 5, bias: training}"),
}


@pytest.fixture
def net(tmp_path: Path) -> Callable[[str, str], archdsl.Architecture]:
    def load(inputs: str, step: str) -> archdsl.Architecture:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.yaml"
        path.write_text(f"archdsl: 1\nname: net\ninputs: {inputs}\ngraph:\n  - {step}\n    name: layer\n")
        return archdsl.load(path)

    return load


def in_mode(step: str, training: bool) -> str:
    """The step as it is in one form."""
    return step.replace("training", "true" if training else "false")


@pytest.mark.parametrize("kind", STEPS)
def test_each_mode_runs_its_own_module_with_the_weights_of_training(
    net: Callable[[str, str], archdsl.Architecture], kind: str
) -> None:
    inputs, step = STEPS[kind]
    architecture = net(inputs, step)
    module = archdsl.compile(architecture)
    alone = {training: archdsl.compile(net(inputs, in_mode(step, training))) for training in (True, False)}
    state = module.state_dict()
    assert list(state) == list(alone[True].state_dict())
    for other in alone.values():
        other.load_state_dict({name: state[name] for name in other.state_dict()})
    x = torch.randn(3, *next(iter(architecture.graph().inputs.values())).type.shape)
    for training, other in alone.items():
        made, expected = (m.train(training)(x) for m in (module, other))
        torch.testing.assert_close(made, expected, rtol=0, atol=0)
        if training:
            made.square().sum().backward()
            expected.square().sum().backward()
            for name, weight in other.named_parameters():
                torch.testing.assert_close(module.get_parameter(name).grad, weight.grad, rtol=0, atol=0)
            for name, buffer in other.named_buffers():  # running statistics
                assert torch.equal(module.get_buffer(name), buffer)
                if not other.get_buffer(name).is_floating_point():
                    assert buffer == 1
            alone[False].load_state_dict({name: module.state_dict()[name] for name in alone[False].state_dict()})
    optimized = archdsl.compile(architecture, "inference", weights=module)
    torch.testing.assert_close(optimized(x), module.eval()(x), rtol=1e-4, atol=1e-5)


def test_initial_weights_are_those_of_training(net: Callable[[str, str], archdsl.Architecture]) -> None:
    step = "conv2d: {out_channels: 2, kernel_size: 1, bias: training, init: 0.5 if training else 0, bias_init: 3}"
    state = archdsl.compile(net(IMAGE, step)).state_dict()
    assert (state["layer.weight"] == 0.5).all()
    assert (state["layer.bias"] == 3).all()
    other = archdsl.compile(net(IMAGE, "linear: {out_features: 2, bias_init: 1 if training else 2}"))
    assert type(other.get_submodule("layer")) is nn.Linear  # one module does for both
    assert (other.state_dict()["layer.bias"] == 1).all()


@pytest.mark.parametrize("kind", ["dilation", "bias", "statistics"])
def test_it_is_moved_copied_and_stored_as_any_module(
    net: Callable[[str, str], archdsl.Architecture], tmp_path: Path, kind: str
) -> None:
    module = archdsl.compile(net(*STEPS[kind]))
    x = torch.randn(2, 4, 8, 8)
    expected = module.eval()(x)
    twin = copy.deepcopy(module)
    with torch.no_grad():
        for weight in module.parameters():
            weight.zero_()
    torch.testing.assert_close(twin(x), expected)
    torch.testing.assert_close(pickle.loads(pickle.dumps(twin))(x), expected)
    torch.testing.assert_close(copy.deepcopy(twin).double()(x.double()).float(), expected)
    module.load_state_dict(twin.state_dict(), assign=True)
    torch.testing.assert_close(module(x), expected)
    functional = torch.func.functional_call(module, {n: w * 0 for n, w in module.named_parameters()}, (x,))
    assert not functional.any()


def test_the_source_stands_alone(net: Callable[[str, str], archdsl.Architecture]) -> None:
    text = archdsl.to_source(net(*STEPS["dilation"]))
    namespace: dict[str, object] = {}
    exec(text, namespace)  # the text is our own
    assert text.count("nn.Conv2d(") == 2
    assert "archdsl" not in "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    module = namespace["build"]()  # type: ignore[operator]
    assert module.train()(torch.zeros(1, 4, 8, 8)).shape == (1, 6, 8, 8)


def test_in_cells_called_twice_each_call_has_its_own_numbers(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("""archdsl: 1
name: net
inputs: {x: [4, 16, 16]}
cells:
  block:
    params: {rate: int}
    graph:
      - conv2d: {out_channels: 4, kernel_size: 3, padding: half, dilation: "1 if training else rate"}
        name: conv
graph:
  - for: {rate: "[1, 2, 3]"}
    do:
      - block: {rate: rate}
        name: block
""")
    net = archdsl.load(path)
    module = archdsl.compile(net)
    x = torch.randn(2, 4, 16, 16)
    plain = archdsl.compile(net, "inference", weights=module, optimize=False)
    torch.testing.assert_close(module.eval()(x), plain(x))
    assert not torch.allclose(module.train()(x), module.eval()(x))
