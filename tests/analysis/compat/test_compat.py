"""The numbers of other cost counters, held against those tools."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.analysis.compat import TOOLS, compat_count
from archdsl.backends.torch import build_module
from archdsl.ir.graph import Graph, Value
from archdsl.ops.base import Operator, Sample
from archdsl.ops.registry import make, operators
from archdsl.types import TensorType
from tests.analysis.compat.tools import TOOLS as REAL
from tests.analysis.compat.written import Written
from tests.backends.torch.interpreter import example_inputs
from tests.specs.implementations import IMPLEMENTATIONS

pytestmark = pytest.mark.filterwarnings("ignore")

# fvcore's tracer fails on it.
UNTRACEABLE = {"max_unpool2d"}
# On the CPU these run as one kernel that FlopCounterMode doesn't know; on the meta device it counts them.
ON_META = {"lstm", "scaled_dot_product_attention"}


def of_sample(cls: type[Operator], sample: Sample) -> Graph:
    """A network of this one node."""
    types = sample.operands or (TensorType((3,)),)  # `constant` reads a hidden input
    values = [Value(t, f"x{i}") for i, t in enumerate(types)]
    graph = Graph("sample", {value.name: value for value in values})
    node = graph.add(make(cls, sample.attributes), values, "op")
    graph.outputs = {f"y{i}": value for i, value in enumerate(node.outputs)}
    return graph


def device_of(tool: str, graph: Graph) -> str:
    return "meta" if tool == "flopcounter" and any(node.op.name in ON_META for node in graph.nodes) else "cpu"


@pytest.mark.parametrize("tool", TOOLS)
def test_operators_as_compiled(tool: str) -> None:
    for name, cls in operators().items():
        if tool == "fvcore" and name in UNTRACEABLE:
            continue
        for sample in cls.samples():
            graph = of_sample(cls, sample)
            device = device_of(tool, graph)
            module = build_module(graph).eval().to(device)
            inputs = [x.to(device) for x in example_inputs(graph, n=1)]
            expected = REAL[tool](module, inputs)
            assert compat_count(graph, tool, "compiled").number == expected, (name, sample)  # type: ignore[arg-type]


FAST = [
    ("resnet18", 64),
    ("mobilenet_v2", 64),
    ("shufflenet_v2_x1_0", 64),
    ("googlenet", 64),
    ("alexnet", 96),
    ("crnn", None),
    ("lenet5", None),
]
SLOW = [
    ("resnet50", None),
    ("mobilenet_v2", None),
    ("shufflenet_v2_x1_0", None),
    ("densenet121", None),
    ("googlenet", None),
    ("vgg16", None),
    ("nasnet_large", None),
    ("googlenet_caffe", None),
    ("mobilenet_v3_large", None),
    ("seresnet50", None),
    ("inception_v3", None),
    ("unet", None),
    ("xception", None),
]
NETWORKS: list[Any] = [
    *(pytest.param(name, size, id=f"{name}-{size or 'own'}") for name, size in FAST),
    *(pytest.param(name, size, id=f"{name}-{size or 'own'}", marks=pytest.mark.slow) for name, size in SLOW),
]


@cache
def network(name: str, size: int | None) -> tuple[Graph, nn.Module, nn.Module, list[Tensor]]:
    net = archdsl.load(name)
    if size is not None:
        (image,) = net.graph().inputs.items()
        net = archdsl.load(name, inputs={image[0]: [image[1].type.shape[0], size, size]})
    graph = net.graph()
    return graph, archdsl.compile(net, "inference"), Written(graph).eval(), example_inputs(graph, n=1)


@pytest.mark.parametrize(("name", "size"), NETWORKS)
@pytest.mark.parametrize("form", ["compiled", "modules"])
def test_networks(name: str, size: int | None, form: Any) -> None:
    graph, compiled, written, inputs = network(name, size)
    module = compiled if form == "compiled" else written
    for tool in TOOLS:
        device = device_of(tool, graph)
        if device == "meta":
            with torch.device("meta"):
                counted = REAL[tool](build_module(graph).eval(), [x.to("meta") for x in inputs])
        else:
            counted = REAL[tool](module, inputs)
        assert compat_count(graph, tool, form).number == counted, tool


# How far torchvision's and timm's own code is from modules throughout: functional ReLUs, `x.mean([2, 3])`.
SAME_CODE = ["resnet50", "vgg16"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["resnet50", "mobilenet_v2", "shufflenet_v2_x1_0", "densenet121", "googlenet", "vgg16"]
)
@pytest.mark.parametrize("tool", TOOLS)
def test_other_implementations(name: str, tool: Any) -> None:
    module = IMPLEMENTATIONS[name].build().eval()
    counted = REAL[tool](module, [torch.randn(1, 3, 224, 224)])
    ours = compat_count(archdsl.load(name).graph(), tool).number
    if name in SAME_CODE or tool in ("flopcounter", "ptflops-aten", "torchinfo"):
        assert ours == counted
    else:
        assert ours == pytest.approx(counted, rel=0.02)


def test_the_count_is_itemised() -> None:
    found = compat_count(archdsl.load("resnet50").graph(), "fvcore")
    assert found.number == sum(found.by_operator.values()) == 4111512576
    assert set(found.by_operator) == {"conv2d", "linear", "batch_norm2d", "global_avg_pool2d"}
    assert found.unit == "flops, each a multiply-add"


def test_unknown_tools_and_forms() -> None:
    graph = archdsl.load("lenet5").graph()
    with pytest.raises(ValueError, match="the tool is one of fvcore, ptflops"):
        compat_count(graph, "calflops")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="modules or compiled"):
        compat_count(graph, "thop", "traced")  # type: ignore[arg-type]
