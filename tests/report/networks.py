"""Networks with cells, written as the elaborator writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from archdsl.ir.graph import Graph, Scope, Value
from archdsl.ops.registry import make, operators
from archdsl.types import TensorType

Body = Callable[..., Any]


class Writer:
    """`w.op(...)` adds a step, `w.cell(...)` calls a function as a cell; paths and scopes are kept on the way."""

    def __init__(self, name: str, **inputs: Sequence[int]):
        values = {key: Value(TensorType(tuple(shape)), key) for key, shape in inputs.items()}
        self.graph = Graph(name, values, root=Scope(name))
        self.scope = self.graph.root
        self.taken: dict[str, int] = {}

    def op(self, name: str, *operands: Value, label: str = "", **attributes: Any) -> Value:
        node = self.graph.add(make(operators()[name], attributes), operands, self._path(label or name), self.scope)
        return node.outputs[0]

    def cell(self, name: str, body: Body, *arguments: Any, label: str = "", path: str = "") -> Any:
        """What `body` gives; with a `path` the call shares the weights of that path."""
        outer, self.scope = self.scope, Scope(name, path or self._path(label or name), self.scope)
        if path:
            self.taken = {key: n for key, n in self.taken.items() if not key.startswith(path + "/")}
        made = body(*arguments)
        self.scope = outer
        return made

    def conv(self, x: Value, channels: int, kernel_size: int = 3, **attributes: Any) -> Value:
        return self.op("conv2d", x, out_channels=channels, kernel_size=kernel_size, padding="half", **attributes)

    def out(self, **outputs: Value) -> Graph:
        self.graph.outputs = outputs
        return self.graph

    def _path(self, label: str) -> str:
        path = f"{self.scope.path}/{label}" if self.scope.path else label
        self.taken[path] = self.taken.get(path, 0) + 1
        return path if self.taken[path] == 1 else f"{path}_{self.taken[path]}"


def residual_network(blocks: int = 3) -> Graph:
    """A stem, equal residual blocks in a chain, a classifier."""
    w = Writer("small_resnet", image=(3, 16, 16))

    def block(x: Value) -> Value:
        y = w.op("relu", w.op("batch_norm2d", w.conv(x, 8)))
        return w.op("relu", w.op("add", w.conv(y, 8), x))

    x = w.op("relu", w.conv(w.graph.inputs["image"], 8, label="stem"))
    for _ in range(blocks):
        x = w.cell("block", block, x)
    return w.out(logits=w.op("linear", w.op("global_avg_pool2d", x), out_features=10))


def carrying_network(cells: int = 4) -> Graph:
    """Cells that read the two before them, as NASNet's do."""
    w = Writer("carrying", image=(8, 8, 8))

    def cell(h: Value, p: Value) -> Value:
        return w.op("add", w.conv(h, 8), w.conv(p, 8))

    p = w.conv(w.graph.inputs["image"], 8)
    h = w.conv(p, 8)
    for _ in range(cells):
        h, p = w.cell("normal", cell, h, p), h
    return w.out(y=w.op("concat", h, p))


def ladder_network(levels: int = 4) -> Graph:
    """An encoder and a decoder with skips between them."""
    w = Writer("ladder", image=(4, 32, 32))

    def double(x: Value, channels: int) -> Value:
        return w.op("relu", w.conv(w.op("relu", w.conv(x, channels)), channels))

    x, skips = w.graph.inputs["image"], []
    for level in range(levels):
        x = w.cell("double_conv", double, x, 4 * 2**level)
        skips.append(x)
        x = w.op("max_pool2d", x, kernel_size=2)
    for skip in reversed(skips):
        up = w.op("interpolate", x, scale_factor=2)
        x = w.cell("double_conv", double, w.op("concat", skip, up), skip.type.shape[0])
    return w.out(y=x)
