"""A network with a module of torch.nn for every layer that has one, as most implementations are written."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl.backends.torch import build_module, support
from archdsl.backends.torch.printing import print_expression
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ir.naming import module_path
from archdsl.ops.rules.windows import scalar


def _pooling(made: Callable[..., nn.Module]) -> Callable[[Any, Node], nn.Module]:
    def build(op: Any, node: Node) -> nn.Module:
        window = op.window(node.operands[0].type)
        further = {"dilation": scalar(window.dilation)} if hasattr(op, "dilation") else {}
        if hasattr(op, "return_indices"):
            further["return_indices"] = op.return_indices
        settings = (scalar(window.kernel), scalar(window.stride))
        if op.pads_itself(window):
            return made(*settings, window.torch_padding(), ceil_mode=op.rounds_up(), **further)
        value = float("-inf") if hasattr(op, "dilation") else 0.0
        return nn.Sequential(nn.ConstantPad2d(window.flat_padding(), value), made(*settings, **further))

    return build


def _recurrent(made: Callable[..., nn.Module]) -> Callable[[Any, Node], nn.Module]:
    class First(nn.Module):
        def __init__(self, op: Any, features: int):
            super().__init__()
            self.layer = made(
                features, op.hidden_size, op.num_layers, op.bias, True, 0.0, bidirectional=op.bidirectional
            )

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x)[0]  # type: ignore[no-any-return]

    return lambda op, node: First(op, node.operands[0].type.shape[1])


MODULES: dict[str, Callable[[Any, Node], nn.Module]] = {
    "relu": lambda op, node: nn.ReLU(),
    "relu6": lambda op, node: nn.ReLU6(),
    "leaky_relu": lambda op, node: nn.LeakyReLU(op.negative_slope),
    "elu": lambda op, node: nn.ELU(),
    "gelu": lambda op, node: nn.GELU(op.approximate),
    "silu": lambda op, node: nn.SiLU(),
    "hardswish": lambda op, node: nn.Hardswish(),
    "hardsigmoid": lambda op, node: nn.Hardsigmoid(),
    "sigmoid": lambda op, node: nn.Sigmoid(),
    "softmax": lambda op, node: nn.Softmax(op.dim if op.dim < 0 else op.dim + 1),
    "max_pool1d": _pooling(nn.MaxPool1d),
    "max_pool2d": _pooling(nn.MaxPool2d),
    "avg_pool1d": _pooling(nn.AvgPool1d),
    "avg_pool2d": _pooling(nn.AvgPool2d),
    "adaptive_avg_pool2d": lambda op, node: nn.AdaptiveAvgPool2d(node.outputs[0].type.shape[1:]),
    "global_avg_pool2d": lambda op, node: nn.AdaptiveAvgPool2d(1),
    "interpolate": lambda op, node: nn.Upsample(op.size, op.scale_factor, op.mode),
    "dropout": lambda op, node: nn.Dropout(op.p),
    "lstm": _recurrent(nn.LSTM),
    "gru": _recurrent(nn.GRU),
    "rnn": _recurrent(nn.RNN),
}


class Written(nn.Module):
    """Runs a graph node by node; layers are its children."""

    def __init__(self, graph: Graph):
        super().__init__()
        self.graph = graph
        self.compiled = [build_module(graph).eval()]  # in a list: its modules are found by `layers` alone
        self.layers = nn.ModuleDict()
        self.keys: list[str] = []
        for node in graph.nodes:
            self.keys.append(self._layer(node))

    def _layer(self, node: Node) -> str:
        key = f"{module_path(node.path)}.{id(node.op)}".replace(".", "-")
        lowering = node.op.torch(node.operand_types)
        own = node.op.name in MODULES and "support." not in print_expression(lowering.result, ["x"] * 9, "leaf")
        if node.op.name in ("lstm", "gru", "rnn"):
            own = True
        if own:
            if key not in self.layers:
                self.layers[key] = MODULES[node.op.name](node.op, node)
        elif lowering.leaf is not None:
            self.layers[key] = self.compiled[0].get_submodule(module_path(node.path))
        else:
            return ""
        return f"{key}!" if own else key

    def forward(self, *inputs: Tensor) -> list[Tensor]:
        values: dict[Value, Tensor] = dict(zip(self.graph.inputs.values(), inputs, strict=True))
        names: dict[str, Any] = {**vars(support), "torch": torch, "F": F, "nn": nn}
        names["self"] = SimpleNamespace(training=False)
        for node, key in zip(self.graph.nodes, self.keys, strict=True):
            given = [values[value] for value in node.operands]
            if key.endswith("!"):
                result = self.layers[key[:-1]](*given)
                if node.op.name == "global_avg_pool2d":
                    result = result.flatten(1)
            else:
                operands = [f"v{i}" for i in range(len(given))]
                bound = dict(zip(operands, given, strict=True)) | ({"leaf": self.layers[key]} if key else {})
                text = print_expression(node.op.torch(node.operand_types).result, operands, "leaf" if key else None)
                result = eval(text, names | bound)
            made = (result,) if len(node.outputs) == 1 else result
            values.update(zip(node.outputs, made, strict=True))
        return [values[value] for value in self.graph.outputs.values()]
