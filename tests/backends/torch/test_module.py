"""Modules: sharing, the two modes, memory, devices, copies, errors."""

from __future__ import annotations

import copy
import gc
import linecache
import pickle
import traceback
import weakref
from random import Random
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch import Tensor, nn

from archdsl.backends.torch import build_module, to_source
from archdsl.ir.graph import Graph
from archdsl.ir.naming import state_key
from tests.backends.torch.builder import Builder, bottleneck, conv_bn
from tests.backends.torch.interpreter import example_inputs, interpret
from tests.graphs.random_graphs import RandomGraph, graphs, random_graph


def agrees_with_interpreter(made: RandomGraph) -> None:
    graph = made.graph
    module = build_module(graph).eval()
    assert set(module.state_dict()) == {state_key(node.path, spec.name) for node, spec in graph.weights()}
    inputs = example_inputs(graph, ranges=made.integer_ranges)
    with torch.no_grad():
        found, expected = module(*inputs), interpret(graph, module, inputs)
    if len(expected) == 1:
        found = dict.fromkeys(expected, found)
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert torch.allclose(found[name], value, rtol=0, atol=0, equal_nan=True), name
        assert tuple(value.shape[1:]) == graph.outputs[name].type.shape


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs(seed: int) -> None:
    agrees_with_interpreter(random_graph(Random(seed), steps=25))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs(steps=12))
def test_any_graph(made: RandomGraph) -> None:
    agrees_with_interpreter(made)


def pyramid() -> Graph:
    """One head on three levels, called with maps of three sizes."""
    b = Builder("pyramid", image=(3, 32, 32))
    x, levels = b.x, []
    for i in range(3):
        x = b.step("conv2d", x, out_channels=8, kernel_size=3, stride=2, padding=1, label=f"down[{i}]/conv2d")
        levels.append(x)
    made = []
    for x in levels:
        with b.cell("head", "head"):
            y = conv_bn(b, x, 6, 3)
            with b.cell("rows", "rows"):
                y = b.step("reshape", y, shape=[2, 3, *y.type.shape[1:]])
                y = b.step("permute", y, dims=[2, 3, 0, 1])
                made.append(b.step("reshape", y, shape=[-1, 3], label="reshape_2"))
    return b.done(rows=b.step("concat", *made), coarse=levels[-1])


def test_shared_cells_are_one_module_that_is_given_the_sizes() -> None:
    graph = pyramid()
    text = to_source(graph)
    assert text.count("class Head(") == 1
    assert "def forward(self, x: Tensor, shape: tuple, shape_2: tuple) -> Tensor:" in text
    assert "forward_2" not in text
    module = build_module(graph)
    assert list(module(torch.zeros(1, 3, 32, 32))) == ["rows", "coarse"]
    assert sum(key.startswith("head.conv_bn.conv2d") for key in module.state_dict()) == 1
    agrees_with_interpreter(RandomGraph(graph))


def test_shared_cells_of_different_structure_have_two_methods() -> None:
    b = Builder(x=(4,))
    made = []
    for extra in (False, True, False):
        with b.cell("head", "head"):
            y = b.step("linear", b.x, out_features=4)
            made.append(b.step("relu", y) if extra else y)
    graph = b.done(y=b.step("concat", *made))
    text = to_source(graph)
    assert (text.count("self.head(x"), text.count("self.head.forward_2(x")) == (2, 1)
    agrees_with_interpreter(RandomGraph(graph))


def test_a_shared_leaf_is_called_several_times() -> None:
    b = Builder(x=(4,))
    x = b.x
    for _ in range(3):
        x = b.step("linear", x, out_features=4, label="shared")
    module = build_module(b.done(y=x))
    assert list(module.state_dict()) == ["shared.weight", "shared.bias"]
    calls = []
    module.shared.register_forward_hook(lambda *_: calls.append(1))  # type: ignore[union-attr]
    module(torch.zeros(1, 4))
    assert len(calls) == 3


def with_auxiliary_heads(training: bool, *, inside: bool = False) -> Graph:
    b = Builder("net", image=(3, 8, 8))
    x, heads = b.x, {}
    for i in range(3):
        x = conv_bn(b, x, 4, 3, act=True, label=f"unit[{i}]")
        if training and i < 2:
            with b.cell("auxiliary", f"auxiliary_{i}"):
                y = b.step("linear", b.step("global_avg_pool2d", x), out_features=5)
            y.name = f"aux{i}"
            heads[f"aux{i}"] = y
    if inside:
        with b.cell("tail"):
            y = b.step("relu", x)
            x = b.step("dropout", y, p=0.5) if training else y
    x = b.step("linear", b.step("global_avg_pool2d", x), out_features=5, name="logits")
    return b.done(logits=x, **heads)


def test_training_form() -> None:
    graph, training = with_auxiliary_heads(False), with_auxiliary_heads(True)
    text = to_source(graph, training)
    assert text.count("self.unit[0](image)") == 1
    module = build_module(graph, training)
    assert set(module.state_dict()) == {state_key(node.path, spec.name) for node, spec in training.weights()}
    assert [name for name, _ in module.named_children()] == ["unit", "auxiliary_0", "auxiliary_1", "linear"]
    x = torch.randn(2, 3, 8, 8)
    found = module(x)
    assert list(found) == ["logits", "aux0", "aux1"]
    expected = interpret(training, module.train(), [x])
    for name, value in expected.items():
        assert torch.allclose(found[name], value, atol=1e-5)
    module.eval()
    assert torch.equal(module(x), interpret(graph, module, [x])["logits"])


def first_output_only(graph: Graph) -> Graph:
    """What is needed for the first output, as a graph of its own that shares nodes with the whole."""
    name, value = next(iter(graph.outputs.items()))
    needed, nodes = {value}, []
    for node in reversed(graph.nodes):
        if not needed.isdisjoint(node.outputs):
            needed.update(node.operands)
            nodes.append(node)
    return Graph(graph.name, dict(graph.inputs), nodes[::-1], {name: value}, graph.root)


@pytest.mark.parametrize("seed", range(15))
def test_two_forms_of_random_graphs(seed: int) -> None:
    made = random_graph(Random(seed), steps=25)
    training, graph = made.graph, first_output_only(made.graph)
    (name,) = graph.outputs
    module = build_module(graph, training)
    inputs = example_inputs(graph, 4, made.integer_ranges)
    state = {key: value.clone() for key, value in module.state_dict().items()}
    torch.manual_seed(seed)
    found = module.train()(*inputs)
    module.load_state_dict(state)
    torch.manual_seed(seed)
    for key, value in interpret(training, module, inputs).items():
        trained = found[key] if len(training.outputs) > 1 else found
        assert torch.allclose(trained, value, rtol=0, atol=0, equal_nan=True), key
    module.eval()
    expected = interpret(graph, module, inputs)[name]
    assert torch.allclose(module(*inputs), expected, rtol=0, atol=0, equal_nan=True)


def test_a_cell_that_differs_in_training_chooses_by_itself() -> None:
    graph, training = (with_auxiliary_heads(t, inside=True) for t in (False, True))
    text = to_source(graph, training)
    assert text.count("self.tail(x)") == 1
    module = build_module(graph, training)
    x = torch.randn(2, 3, 8, 8)
    torch.manual_seed(0)
    trained = module.train()(x)["logits"]
    torch.manual_seed(0)
    assert torch.allclose(trained, interpret(training, module, [x])["logits"], atol=1e-6)
    module.eval()
    assert torch.equal(module(x), interpret(graph, module, [x])["logits"])


def test_meta_device_makes_meta_tensors_only() -> None:
    with torch.device("meta"):
        module = build_module(with_auxiliary_heads(True))
    assert {t.device.type for t in [*module.parameters(), *module.buffers()]} == {"meta"}
    with torch.device("meta"):
        for seed in range(10):
            module = build_module(random_graph(Random(seed)).graph)
            assert {t.device.type for t in [*module.parameters(), *module.buffers()]} <= {"meta"}


def test_initialisation_is_applied() -> None:
    b = Builder(x=(4,))
    for i in range(2):
        with b.cell("block", f"block[{i}]"):
            x = b.step("linear", b.x, out_features=4, init="zeros", bias_init=float(i))
    module: Any = build_module(b.done(y=x))
    assert module.block[1].linear.weight.abs().sum() == 0
    assert [unit.linear.bias.mean().item() for unit in module.block] == [0.0, 1.0]


class Probe(nn.Module):
    """A leaf that notes which of the tensors it has made are still alive when it is called."""

    alive: list[weakref.ref[Tensor]] = []  # noqa: RUF012
    seen: list[int] = []  # noqa: RUF012

    def forward(self, x: Tensor) -> Tensor:
        made = x + 1
        Probe.seen.append(sum(ref() is not None for ref in Probe.alive))
        Probe.alive.append(weakref.ref(made))
        return made


def probed(graph: Graph) -> list[int]:
    """For each weighted step in turn, how many earlier results of weighted steps are alive while it runs."""
    module = build_module(graph)

    def replace(parent: nn.Module) -> None:
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear):
                setattr(parent, name, Probe()) if not isinstance(parent, nn.ModuleDict | nn.ModuleList) else (
                    parent._modules.__setitem__(name, Probe())
                )
            else:
                replace(child)

    replace(module)
    Probe.alive.clear()
    Probe.seen.clear()
    with torch.no_grad():
        module(*example_inputs(graph))
    return list(Probe.seen)


def test_intermediates_are_freed_when_they_are_dead() -> None:
    b = Builder(x=(4,))
    x = b.x
    for i in range(5):
        x = b.step("linear", x, out_features=4, label=f"layers[{i}]")
    assert probed(b.done(y=x)) == [0, 1, 1, 1, 1]


def test_named_intermediates_are_deleted() -> None:
    b = Builder(x=(4,))
    x = b.x
    for name in ("a", "b", "c", "d"):
        x = b.step("linear", x, out_features=4, label=name, name=name)
    assert probed(b.done(y=x)) == [0, 1, 1, 1]


def test_arguments_of_a_cell_live_until_it_returns() -> None:
    b = Builder(x=(4,))
    x = b.step("linear", b.x, out_features=4, label="first")
    with b.cell("cell"):
        for i in range(3):
            x = b.step("linear", x, out_features=4, label=f"linear_{i}")
    x = b.step("linear", x, out_features=4, label="last")
    assert probed(b.done(y=b.step("linear", x, out_features=4, label="very_last"))) == [0, 1, 2, 2, 1, 1]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 3, 12, 8), "image is [N, 3, 12, 8], compiled for [N, 3, 8, 8]"),
        ((2, 4, 8, 8), "image is [N, 4, 8, 8], compiled for [N, 3, 8, 8]"),
        ((3, 8, 8), "image is [3, 8, 8], compiled for [N, 3, 8, 8]"),
    ],
)
def test_inputs_of_another_size_are_refused(shape: tuple[int, ...], message: str) -> None:
    module = build_module(with_auxiliary_heads(False)).eval()
    assert module(torch.zeros(5, 3, 8, 8)).shape == (5, 5)
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        module(torch.zeros(shape))
    assert str(caught.value) == message


def test_dynamic_size_checks_channels_only() -> None:
    module = build_module(with_auxiliary_heads(False), dynamic_size=True).eval()
    assert module(torch.zeros(1, 3, 12, 20)).shape == (1, 5)
    with pytest.raises(ValueError, match=r"image is \[N, 1, 8, 8\], compiled for \[N, 3, H, W\]"):
        module(torch.zeros(1, 1, 8, 8))


def test_tracebacks_show_the_generated_lines() -> None:
    module: Any = build_module(with_auxiliary_heads(False))
    module.linear = nn.Linear(7, 7)
    with pytest.raises(RuntimeError) as caught:
        module(torch.zeros(2, 3, 8, 8))
    shown = "".join(traceback.format_exception(caught.value))
    assert "return self.linear(x)" in shown


def test_copies_and_pickles() -> None:
    module = build_module(pyramid()).eval()
    x = torch.randn(1, 3, 32, 32)
    expected = module(x)["rows"]
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert type(other) is type(module)
        assert torch.equal(other(x)["rows"], expected)
        assert other.head.conv_bn.conv2d.weight is not module.head.conv_bn.conv2d.weight  # type: ignore[union-attr]


def test_generated_text_goes_with_the_last_module() -> None:
    b = Builder("short_lived", x=(4,))
    module = build_module(b.done(y=b.step("linear", b.x, out_features=3)))
    files = [name for name in linecache.cache if "short_lived" in name]
    assert len(files) == 1
    del module
    gc.collect()
    assert files[0] not in linecache.cache


def test_residual_cells_in_float64() -> None:
    b = Builder(image=(3, 8, 8))
    x = b.x
    for i in range(3):
        x = bottleneck(b, x, 2, 1, f"unit[{i}]")
    graph = b.done(x=x)
    module = build_module(graph).double().eval()
    inputs = [x.double() for x in example_inputs(graph)]
    assert torch.equal(module(*inputs), interpret(graph, module, inputs)["x"])


def test_long_functions() -> None:
    b = Builder(x=(2,))
    x = b.x
    for i in range(5_000):
        x = b.step("relu", x, label=f"relu_{i}")
        x = b.step("add", x, b.x, label=f"add_{i}")
    module = build_module(b.done(y=x))
    assert torch.equal(module(torch.ones(1, 2)), torch.full((1, 2), 5001.0))
