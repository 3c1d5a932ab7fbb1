"""The engine of torch on a CPU: oneDNN's convolutions with what follows them fused in.

Where convolutions are better made of matrix products, `planned` runs instead.

Weights are laid out once, for the sizes they will meet; values lie channels last. The graph becomes one flat Python
function without attribute look-ups, since on small networks a microsecond for each layer counts. Steps that oneDNN
does not fuse run as they do anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl.backends.runtimes.huge_pages import Growth
from archdsl.backends.runtimes.session import Array
from archdsl.backends.torch import support
from archdsl.backends.torch.inference.generic import channels_last
from archdsl.backends.torch.inference.leaves import Leaves
from archdsl.backends.torch.inference.planned.convolutions import BEHIND_SUM, UNARY
from archdsl.backends.torch.inference.recipe import Setting
from archdsl.backends.torch.members import lowering_of
from archdsl.backends.torch.printing import print_expression
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.families.convolution import Conv2d
from archdsl.ops.families.fused import FusedConv2d


def can_fuse(setting: Setting) -> bool:
    """Whether oneDNN's fused kernels are there for this device and type."""
    if setting.device.type != "cpu" or not torch._C._has_mkldnn:
        return False
    fast_bfloat16 = setting.dtype is torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return setting.dtype is torch.float32 or fast_bfloat16


class FusedEngine:
    """A flat function over oneDNN's operators."""

    def __init__(self, graph: Graph, weights: Mapping[str, Array], setting: Setting):
        self._growth = Growth()
        writer = _Writer(graph, weights, setting)
        self._function = writer.function()

    def __call__(self, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        """See `Engine`."""
        with torch.no_grad():
            made = self._function(*[channels_last(x) for x in inputs])
        self._growth.settle_aside()
        return made


def readings(
    graph: Graph, weights: Mapping[str, Array], setting: Setting, clock: Callable[[], float]
) -> Callable[..., Sequence[float]]:
    """What `FusedEngine` runs, as a function of its inputs that gives the clock before the first, after each step."""
    return _Writer(graph, weights, setting).function(clock)


class _Writer:
    """Writes the function and collects what it refers to."""

    def __init__(self, graph: Graph, weights: Mapping[str, Array], setting: Setting):
        self.graph = graph
        self.setting = setting
        self.names: dict[Value, str] = {}
        self.bound: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, "self": SimpleNamespace(training=False)}
        self.bound |= {name: value for name, value in vars(support).items() if not name.startswith("_")}
        self.bound["conv"] = torch.ops.mkldnn._convolution_pointwise.default
        self.bound["conv_sum"] = torch.ops.mkldnn._convolution_pointwise.binary
        self.leaves = Leaves(weights, setting)
        self.modules: dict[str, str] = {}

    def function(self, clock: Callable[[], float] | None = None) -> Callable[..., Sequence[Any]]:
        """The function, compiled; with a clock, one that gives its readings before the first and after each step."""
        for value in self.graph.inputs.values():
            self._name(value)
        arguments = ", ".join(self.names.values())
        freed = _freed(self.graph)
        lines = [f"def run({arguments}):", *(["    t = [clock()]"] if clock else [])]
        self.bound["clock"] = clock
        for node in self.graph.nodes:
            lines.append(f"    {self._statement(node)}")
            gone = [self.names[value] for value in freed.get(node, ())]
            if gone:
                lines.append(f"    del {', '.join(gone)}")
            if clock:
                lines.append("    t.append(clock())")
        outputs = ", ".join([self.names[value] for value in self.graph.outputs.values()])
        lines.append("    return t" if clock else f"    return [{outputs}]")
        exec(compile("\n".join(lines), f"<archdsl fused {self.graph.name}>", "exec"), self.bound)
        return cast(Callable[..., Sequence[Any]], self.bound["run"])

    def _name(self, value: Value) -> str:
        self.names[value] = f"v{len(self.names)}"
        return self.names[value]

    def _statement(self, node: Node) -> str:
        operands = [self.names[value] for value in node.operands]
        text = self._convolution(node, operands) if _is_fusable(node) else None
        if text is None:
            leaf = self._leaf(node)
            text = print_expression(lowering_of(node).result, operands, leaf)
        targets = [self._name(value) for value in node.outputs]
        return f"{', '.join(targets)}{',' if len(targets) > 1 else ''} = {text}"

    def _convolution(self, node: Node, operands: list[str]) -> str | None:
        """A call of oneDNN's convolution; None where it has no such activation."""
        op = cast(Conv2d, node.op)
        activation = op.activation if isinstance(op, FusedConv2d) else "none"
        alpha = op.alpha if isinstance(op, FusedConv2d) else None
        if activation not in UNARY or (len(operands) == 2 and activation not in BEHIND_SUM):
            return None
        unary, numbers, algorithm = UNARY[activation]
        numbers = numbers if alpha is None else (alpha,)
        window = op.window(node.operand_types[0])
        sizes = ([before for before, _ in window.padding], list(window.stride), list(window.dilation))
        weight, bias = self._packed(node, *sizes)
        places = ", ".join(self._bind("a", each) for each in sizes)
        if len(operands) == 1:
            tail = f'"{unary}", {self._bind("a", list(numbers))}, "{algorithm}"'
            return f"conv({operands[0]}, {weight}, {bias}, {places}, {op.groups}, {tail})"
        behind = '"relu", [], ""' if activation == "relu" else "None, [], None"
        return f'conv_sum({operands[0]}, {operands[1]}, {weight}, {bias}, {places}, {op.groups}, "add", 1.0, {behind})'

    def _packed(self, node: Node, padding: list[int], stride: list[int], dilation: list[int]) -> tuple[str, str]:
        op = cast(Conv2d, node.op)
        weight = self.leaves.tensor(node, "weight")
        sizes = [self.setting.batch_size, *node.operand_types[0].shape]
        packed = torch.ops.mkldnn._reorder_convolution_weight(weight, padding, stride, dilation, op.groups, sizes)
        bias = self._bind("b", self.leaves.tensor(node, "bias")) if op.bias else "None"
        return self._bind("w", packed), bias

    def _leaf(self, node: Node) -> str | None:
        """The module that holds the weights of any other step; nodes that share weights share it."""
        module = self.leaves.module(node)
        if module is None:
            return None
        if node.path not in self.modules:
            self.modules[node.path] = self._bind("m", module)
        return self.modules[node.path]

    def _bind(self, kind: str, value: Any) -> str:
        name = f"{kind}{len(self.bound)}"
        self.bound[name] = value
        return name


def _is_fusable(node: Node) -> bool:
    if not isinstance(node.op, Conv2d) or node.op.padding_mode != "zeros":
        return False
    return node.op.window(node.operand_types[0]).symmetric


def _freed(graph: Graph) -> dict[Node, list[Value]]:
    """For each node the values that nobody reads after it; inputs and outputs are the caller's."""
    kept = {*graph.inputs.values(), *graph.outputs.values()}
    last: dict[Value, Node] = {}
    for node in graph.nodes:
        for value in (*node.outputs, *node.operands):
            last[value] = node
    freed: dict[Node, list[Value]] = {}
    for value, node in last.items():
        if value not in kept:
            freed.setdefault(node, []).append(value)
    return freed
