"""What stands in a box: operator with its telling attributes, shapes, figures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod

from archdsl.ir.graph import Graph, Node
from archdsl.ops.base import Operator, cost_of
from archdsl.report.units import human
from archdsl.types import TensorType

# Attributes that tell two uses of an operator apart at a glance, with what is written before the value.
_WINDOW = "kernel_size"
_TELLING = {
    "stride": "stride ",
    "dilation": "dilation ",
    "size": "to ",
    "output_size": "to ",
    "scale_factor": "by ",
    "upscale_factor": "by ",
    "hidden_size": "hidden ",
    "num_layers": "layers ",
    "chunks": "",
}


@lru_cache(maxsize=4096)
def operator_title(op: Operator, operands: tuple[TensorType, ...]) -> str:
    """`conv2d 3×3, stride 2`: name, window, and the telling attributes that differ from their defaults."""
    fields = type(op).model_fields
    title = op.name
    if _WINDOW in fields and getattr(op, _WINDOW) is not None:
        title += f" {_sizes(getattr(op, _WINDOW), always=True)}"
    parts = [title]
    for name, words in _TELLING.items():
        value = getattr(op, name, None)
        if name in fields and value is not None and _plain(value) not in (_plain(fields[name].default), 1):
            # A pooling's stride is its window unless given.
            if name == "stride" and "pool" in op.name and _plain(value) == _plain(getattr(op, _WINDOW, None)):
                continue
            # Most sizes are what comes out; an anchor's is its own.
            before = "size " if name == "size" and op.family == "detection" else words
            parts.append(before + _sizes(value))
    groups = getattr(op, "groups", 1) if "groups" in fields else 1
    if groups != 1:
        depthwise = op.family == "convolution" and groups == operands[0].shape[0]
        parts.append("depthwise" if depthwise else f"groups {groups}")
    return ", ".join(parts)


def _plain(value: object) -> object:
    """A pair of equal numbers as one number."""
    if isinstance(value, tuple) and value and all(v == value[0] for v in value):
        return value[0]
    return value


def _sizes(value: object, always: bool = False) -> str:
    if isinstance(value, tuple) and (always or _plain(value) is value):
        return "×".join(map(str, value))
    plain = _plain(value)
    return f"{plain:g}" if isinstance(plain, float) else str(plain)


def step_name(path: str, callee: str) -> str:
    """What the file calls a step, where that says more than the operator or cell does; else empty."""
    label = path.rpartition("/")[2]
    stem = label.rpartition("_")[0] if label.rpartition("_")[2].isdecimal() else label
    return "" if label.endswith("]") or stem == callee else label


def shape_text(types: Sequence[TensorType]) -> str:
    """Shapes for one sample, each different one once: `64 × 56 × 56`."""
    texts = dict.fromkeys(" × ".join(map(str, t.shape)) or "scalar" for t in types)
    shown = list(texts)[:3]
    return ", ".join(shown) + (", …" if len(texts) > 3 else "")


class Figures:
    """Parameters and multiply-adds of groups of nodes; shared weights count where they are first used."""

    def __init__(self, graph: Graph):
        first: dict[str, Node] = {}
        for node in graph.nodes:
            if node.weights:
                first.setdefault(node.path, node)
        self._owners = set(first.values())

    def params(self, nodes: Sequence[Node]) -> int:
        """Trainable parameters of these nodes."""
        specs = [spec for node in nodes if node in self._owners for spec in node.weights]
        return sum(prod(spec.shape) for spec in specs if spec.kind == "parameter")

    def mult_adds(self, nodes: Sequence[Node]) -> int:
        """Multiply-accumulates for one sample."""
        return sum(cost_of(node.op, node.operand_types).mult_adds for node in nodes)

    def text(self, nodes: Sequence[Node], times: int = 1) -> str:
        """`70.40 k params · 220.75 M mult-adds`, for each of `times` equal groups; only what is not zero."""
        params, mult_adds = self.params(nodes) // times, self.mult_adds(nodes) // times
        parts = [f"{human(params)} param{'s' if params != 1 else ''}"] if params else []
        if not params and any(node.weights for node in nodes):
            parts.append("shared weights")
        if mult_adds:
            parts.append(f"{human(mult_adds)} mult-adds")
        return " · ".join(parts) + (" each" if times > 1 and parts else "")
