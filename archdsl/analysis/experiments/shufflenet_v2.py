"""The networks of Tables 1 to 4 of ShuffleNetV2 (arXiv:1807.11164), by which it derives its guidelines.

All stack ten blocks on maps of 56 x 56, which the first block reads as the network's input. The factors 1, 2, 4
multiply all channels. The paper gives no normalisation; here the convolutions have neither that nor biases. Where it
leaves room:

- Table 3: widths follow from equal multiply-adds (128, 90, 64); parallel fragments are added.
- Table 4: the bottlenecks are ResNet's, c -> c / 4 -> c / 4 -> c with c = 32, 64, 128; ReLU follows each convolution,
  the last one behind the shortcut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from archdsl.ir.graph import Graph, Scope, Value
from archdsl.ops.registry import make, operators
from archdsl.types import TensorType

BLOCKS = 10
SIDE = 56
FACTORS = (1, 2, 4)


@dataclass(frozen=True)
class Experiment:
    """One row of a table at one factor.

    Attributes:
        table: number of the table.
        guideline: what the table shows.
        row: the row's label; the first row of a table is what the others are compared with.
        factor: what the channels are multiplied with.
        published: speed in the paper, and its unit.
        graph: the network.
    """

    table: str
    guideline: str
    row: str
    factor: int
    published: float
    unit: str
    graph: Graph


def experiments(factors: tuple[int, ...] = FACTORS) -> Iterator[Experiment]:
    """Every row of the four tables at these factors.

    Table 1 has two sets of widths: for the paper's GPU (batches a second) and its ARM device (images a second).
    """
    yield from _table("1", "G1", _BALANCE_GPU, _balance, "batches/s", factors)
    yield from _table("1 (small)", "G1", _BALANCE_ARM, _balance, "images/s", factors)
    yield from _table("2", "G2", _GROUPS, _grouped, "batches/s", factors)
    yield from _table("3", "G3", _FRAGMENTS, _fragmented, "batches/s", factors)
    yield from _table("4", "G4", _ELEMENTWISE, _bottlenecks, "batches/s", factors)


_Figures = tuple[float, float, float]

# Label: attributes of the network at factor 1, and the speeds at factors 1, 2, 4.
_BALANCE_GPU: dict[str, tuple[dict[str, Any], _Figures]] = {
    "1:1": ({"wide": (128, 128)}, (1480, 723, 232)),
    "1:2": ({"wide": (90, 180)}, (1296, 586, 206)),
    "1:6": ({"wide": (52, 312)}, (876, 489, 189)),
    "1:12": ({"wide": (36, 432)}, (748, 392, 163)),
}
_BALANCE_ARM: dict[str, tuple[dict[str, Any], _Figures]] = {
    "1:1": ({"wide": (32, 32)}, (76.2, 21.7, 5.3)),
    "1:2": ({"wide": (22, 44)}, (72.9, 20.5, 5.1)),
    "1:6": ({"wide": (13, 78)}, (69.1, 17.9, 4.6)),
    "1:12": ({"wide": (9, 108)}, (57.6, 15.1, 4.4)),
}
_GROUPS: dict[str, tuple[dict[str, Any], _Figures]] = {
    "1 group": ({"wide": 128, "groups": 1}, (2451, 1289, 437)),
    "2 groups": ({"wide": 180, "groups": 2}, (1725, 873, 341)),
    "4 groups": ({"wide": 256, "groups": 4}, (1026, 644, 338)),
    "8 groups": ({"wide": 360, "groups": 8}, (634, 445, 230)),
}
_FRAGMENTS: dict[str, tuple[dict[str, Any], _Figures]] = {
    "1 fragment": ({"wide": 128, "series": 1, "parallel": 1}, (2446, 1274, 434)),
    "2 in series": ({"wide": 90, "series": 2, "parallel": 1}, (1790, 909, 336)),
    "4 in series": ({"wide": 64, "series": 4, "parallel": 1}, (752, 745, 349)),
    "2 in parallel": ({"wide": 90, "series": 1, "parallel": 2}, (1537, 803, 320)),
    "4 in parallel": ({"wide": 64, "series": 1, "parallel": 4}, (691, 572, 292)),
}
_ELEMENTWISE: dict[str, tuple[dict[str, Any], _Figures]] = {
    "ReLU and shortcut": ({"wide": 32, "relu": True, "shortcut": True}, (2427, 2066, 1436)),
    "ReLU": ({"wide": 32, "relu": True, "shortcut": False}, (2647, 2256, 1735)),
    "shortcut": ({"wide": 32, "relu": False, "shortcut": True}, (2672, 2121, 1458)),
    "neither": ({"wide": 32, "relu": False, "shortcut": False}, (2842, 2376, 1782)),
}


def _table(
    table: str,
    guideline: str,
    rows: Mapping[str, tuple[dict[str, Any], _Figures]],
    build: Callable[..., Graph],
    unit: str,
    factors: tuple[int, ...],
) -> Iterator[Experiment]:
    for factor in factors:
        for row, (attributes, speeds) in rows.items():
            graph = build(factor=factor, **attributes)
            yield Experiment(table, guideline, row, factor, speeds[FACTORS.index(factor)], unit, graph)


class _Stack:
    """A network under construction: `stack.conv(x, channels)` adds a step."""

    def __init__(self, name: str, channels: int):
        self.graph = Graph(name, root=Scope(name))
        self.x = Value(TensorType((channels, SIDE, SIDE)), "x")
        self.graph.inputs = {"x": self.x}

    def step(self, name: str, *operands: Value, **attributes: Any) -> Value:
        path = f"{name}_{len(self.graph.nodes) + 1}"
        return self.graph.add(make(operators()[name], attributes), operands, path).outputs[0]

    def conv(self, x: Value, channels: int, kernel_size: int = 1, groups: int = 1) -> Value:
        return self.step(
            "conv2d", x, out_channels=channels, kernel_size=kernel_size, padding="half", groups=groups, bias=False
        )

    def done(self, y: Value) -> Graph:
        self.graph.outputs = {"y": y}
        return self.graph


def _balance(factor: int, wide: tuple[int, int]) -> Graph:
    first, second = (width * factor for width in wide)
    stack = _Stack("balance", first)
    x = stack.x
    for _ in range(BLOCKS):
        x = stack.conv(stack.conv(x, second), first)
    return stack.done(x)


def _grouped(factor: int, wide: int, groups: int) -> Graph:
    stack = _Stack("grouped", wide * factor)
    x = stack.x
    for _ in range(BLOCKS):
        x = stack.conv(x, wide * factor, groups=groups)
    return stack.done(x)


def _fragmented(factor: int, wide: int, series: int, parallel: int) -> Graph:
    stack = _Stack("fragmented", wide * factor)
    x = stack.x
    for _ in range(BLOCKS):
        for _ in range(series):
            made = [stack.conv(x, wide * factor) for _ in range(parallel)]
            x = stack.step("add", *made) if parallel > 1 else made[0]
    return stack.done(x)


def _bottlenecks(factor: int, wide: int, relu: bool, shortcut: bool) -> Graph:
    channels = wide * factor
    stack = _Stack("bottlenecks", channels)

    def active(x: Value) -> Value:
        return stack.step("relu", x) if relu else x

    x = stack.x
    for _ in range(BLOCKS):
        y = active(stack.conv(x, channels // 4))
        y = stack.conv(active(stack.conv(y, channels // 4, 3)), channels)
        x = active(stack.step("add", y, x) if shortcut else y)
    return stack.done(x)
