"""Memory of training and inference: by hand, and against the storages that torch really holds."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import archdsl
from archdsl.analysis.memory import OPTIMIZERS, Optimizer, memory_report
from archdsl.analysis.options import CostOptions
from archdsl.analysis.saving import _RULES
from archdsl.ops.registry import operators
from tests.analysis.allocations import Allocations, training_peak
from tests.backends.torch.builder import Builder
from tests.backends.torch.interpreter import example_inputs

OPTIMIZER: dict[str, Any] = {
    "sgd": lambda p: torch.optim.SGD(p, 0.0),
    "momentum": lambda p: torch.optim.SGD(p, 0.0, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, 0.0),
    "adamw": lambda p: torch.optim.AdamW(p, 0.0),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.0),
}
NETWORKS = [
    ("lenet5", None, 64, "sgd", True),
    ("resnet18", 64, 16, "momentum", True),
    ("mobilenet_v2", 64, 8, "adam", True),
    ("squeezenet1_0", 64, 16, "sgd", True),
    ("shufflenet_v2_x1_0", 64, 16, "adamw", True),
    ("mobilenet_v3_small", 64, 32, "rmsprop", True),
    ("googlenet", 64, 16, "sgd", False),
    ("vgg11_bn", 32, 8, "rmsprop", False),
    ("densenet40_12_cifar", None, 8, "momentum", False),
    ("seresnet50", 64, 16, "sgd", False),
    ("resnext50_32x4d", 64, 16, "adam", False),
    ("fractalnet20_cifar", None, 8, "sgd", False),
    ("alexnet_caffe", None, 8, "momentum", False),
    ("unet", None, 1, "sgd", False),
]
CASES: list[Any] = [pytest.param(*case[:4], id=case[0], marks=[] if case[4] else pytest.mark.slow) for case in NETWORKS]


@pytest.mark.parametrize(("name", "size", "batch_size", "optimizer"), CASES)
def test_training_agrees_with_torch(name: str, size: int | None, batch_size: int, optimizer: Optimizer) -> None:
    net = _network(name, size)
    graph = net.graph(training=True)
    module = archdsl.compile(net)
    held = training_peak(module, example_inputs(graph, n=batch_size), OPTIMIZER[optimizer](module.parameters()))
    assert memory_report(graph, batch_size, True, optimizer).peak == pytest.approx(held, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("name", "size", "batch_size"), [case[:3] for case in NETWORKS[:10]])
def test_every_optimizer_agrees_with_torch(name: str, size: int | None, batch_size: int, optimizer: Optimizer) -> None:
    test_training_agrees_with_torch(name, size, batch_size, optimizer)


# torch composes local response normalisation of seven operators; what they make is scratch space, and isn't counted.
WITHOUT_SCRATCH = [case for case in CASES if case.id != "alexnet_caffe"]


@pytest.mark.parametrize(("name", "size", "batch_size", "optimizer"), WITHOUT_SCRATCH)
def test_inference_agrees_with_torch(name: str, size: int | None, batch_size: int, optimizer: str) -> None:
    net = _network(name, size)
    module = archdsl.compile(net, "inference")
    inputs = example_inputs(net.graph(), n=batch_size)
    counter = Allocations([*module.parameters(), *module.buffers(), *inputs])
    with torch.no_grad(), counter:
        module(*inputs)
    assert memory_report(net.graph(), batch_size).peak == pytest.approx(counter.peak, rel=0.05)


def _network(name: str, size: int | None) -> archdsl.Architecture:
    net = archdsl.load(name)
    if size is None:
        return net
    ((image, value),) = net.graph().inputs.items()
    return archdsl.load(name, inputs={image: [value.type.shape[0], size, size]})


def test_a_training_step_by_hand() -> None:
    b = Builder(x=(10,))
    y = b.step("relu", b.step("linear", b.x, out_features=20, bias=False, label="first"))
    graph = b.done(y=b.step("linear", y, out_features=5, bias=False, label="second"))
    report = memory_report(graph, batch_size=3, training=True, optimizer="momentum")
    assert report.weights == report.gradients == report.optimizer_state == 4 * (200 + 100)
    # x for the first layer, the relu's result for itself and the second layer, the output. What relu read is gone.
    assert report.saved == 3 * 4 * (10 + 20 + 5)
    # The backward step of `second`: its gradients (5 and 20 numbers) besides; 100 of its weights. Then that of
    # `relu`: 20 and 20 of gradients, nothing of the second's. The last: the gradients of all weights, and of y.
    moments = [(35 + 5 + 20, 100), (35 + 20 + 20, 100), (10 + 5 + 20, 300)]
    assert report.peak == 2 * 1200 + 4 * max(3 * sample + weights for sample, weights in moments)


def test_the_largest_batch_is_where_the_peak_reaches_the_memory() -> None:
    graph = archdsl.load("resnet18").graph(training=True)
    for training in (True, False):
        report = memory_report(graph, training=training, optimizer="adam")
        for memory in (2**29, 2**30, 10**10):
            batch = report.largest_batch(memory)
            assert memory_report(graph, batch, training, "adam").peak <= memory
            assert memory_report(graph, batch + 1, training, "adam").peak > memory
        assert report.largest_batch(1000) == 0


def test_types_of_numbers() -> None:
    graph = archdsl.load("lenet5").graph()
    whole, half = (memory_report(graph, options=CostOptions(dtype=t)) for t in ("float32", "bfloat16"))
    assert half.peak * 2 == whole.peak
    assert memory_report(graph, options=CostOptions(dtype="int8")).peak * 4 == whole.peak


def test_every_optimizer_has_its_state() -> None:
    graph = archdsl.load("lenet5").graph()
    params = archdsl.cost(archdsl.load("lenet5")).params
    kept = {name: memory_report(graph, 1, True, name).optimizer_state // (4 * params) for name in OPTIMIZERS}
    assert kept == {"sgd": 0, "momentum": 1, "adam": 2, "adamw": 2, "rmsprop": 1}


def test_wrong_calls() -> None:
    graph = archdsl.load("lenet5").graph()
    with pytest.raises(ValueError, match="the optimizer is one of sgd"):
        memory_report(graph, 1, True, "lion")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 1"):
        memory_report(graph, 0)
    with pytest.raises(ValueError, match="for inference"):
        memory_report(graph, 1, True, "sgd", CostOptions(fuse=True))


def test_saving_rules_are_of_operators() -> None:
    # Those without a rule keep all they read and make, as these do.
    without = {"matmul", "cross_correlation", "maximum", "minimum", "reduce_l2", "reduce_max", "reduce_min"}
    assert set(operators()) - set(_RULES) == without
    assert set(_RULES) <= set(operators())
