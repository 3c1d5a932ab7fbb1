"""Networks for tests, written directly as graphs: cells as context managers, steps as calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from archdsl.ir.graph import Graph, Scope, Value
from archdsl.ops.registry import make, operators
from archdsl.types import TensorType


class Builder:
    """Adds steps to a graph; paths follow the cell in which they are written."""

    def __init__(self, name: str = "net", **inputs: tuple[int, ...]):
        self.graph = Graph(name, root=Scope(name))
        self.graph.inputs = {key: Value(TensorType(shape), key) for key, shape in inputs.items()}
        self.scope = self.graph.root

    @property
    def x(self) -> Value:
        """The first input."""
        return next(iter(self.graph.inputs.values()))

    def path(self, label: str) -> str:
        return f"{self.scope.path}/{label}" if self.scope.path else label

    @contextmanager
    def cell(self, name: str, label: str = "") -> Iterator[None]:
        outer = self.scope
        self.scope = Scope(name, self.path(label or name), outer)
        try:
            yield
        finally:
            self.scope = outer

    def many(self, op: str, *operands: Value, label: str = "", **attributes: Any) -> tuple[Value, ...]:
        node = self.graph.add(make(operators()[op], attributes), operands, self.path(label or op), self.scope)
        return node.outputs

    def step(self, op: str, *operands: Value, label: str = "", name: str = "", **attributes: Any) -> Value:
        (made,) = self.many(op, *operands, label=label, **attributes)
        made.name = name
        return made

    def done(self, **outputs: Value) -> Graph:
        self.graph.outputs = dict(outputs)
        return self.graph


def conv_bn(
    b: Builder, x: Value, channels: int, size: int = 1, stride: int = 1, *, act: bool = False, label: str = ""
) -> Value:
    cell = "conv_bn_act" if act else "conv_bn"
    with b.cell(cell, label or cell):
        padding = size // 2
        x = b.step("conv2d", x, out_channels=channels, kernel_size=size, stride=stride, padding=padding, bias=False)
        x = b.step("batch_norm2d", x)
        return b.step("relu", x) if act else x


def bottleneck(b: Builder, x: Value, width: int, stride: int, label: str) -> Value:
    with b.cell("bottleneck", label):
        y = conv_bn(b, x, width, act=True, label="branches[0]/conv_bn_act")
        y = conv_bn(b, y, width, 3, stride, act=True, label="branches[0]/conv_bn_act_2")
        y = conv_bn(b, y, 4 * width, label="branches[0]/conv_bn")
        if stride != 1 or x.type.shape[0] != 4 * width:
            with b.cell("projection", "branches[1]/shortcut"):
                x = conv_bn(b, x, 4 * width, 1, stride)
        return b.step("relu", b.step("add", y, x))


def resnet(depths: tuple[int, ...] = (3, 4, 6, 3), size: int = 224, width: int = 64, classes: int = 1000) -> Graph:
    """ResNet with bottlenecks."""
    b = Builder("resnet", image=(3, size, size))
    with b.cell("imagenet_stem", "stem"):
        x = conv_bn(b, b.x, width, 7, 2, act=True)
        x = b.step("max_pool2d", x, kernel_size=3, stride=2, padding=1)
    with b.cell("stages", "features"):
        for stage, depth in enumerate(depths):
            for i in range(depth):
                stride = 2 if stage and not i else 1
                x = bottleneck(b, x, width << stage, stride, f"stage[{stage}]/feature[{i}]")
                x.name = "feature"
    x = b.step("global_avg_pool2d", x)
    return b.done(logits=b.step("linear", x, out_features=classes, name="logits"))
