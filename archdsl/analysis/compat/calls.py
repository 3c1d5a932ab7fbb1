"""A node as the calls of torch that hooks and tracers see: modules, and functions.

There are two ways to write a network. In the form `compiled` the calls are those of the operator's own lowering. In
the form `modules` an activation, a pooling or a recurrent layer is a module of torch.nn, as in most implementations.
A module may call a patched function inside, and both are seen then.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import Literal, NamedTuple

from archdsl.ir.graph import Node
from archdsl.ops.base import Operator, WeightSpec, infer, weights_of
from archdsl.ops.families.pooling import Pooling
from archdsl.ops.lowering import Call as Called
from archdsl.ops.lowering import Expr, Infix, Item, Items, Method, Range, TorchLowering
from archdsl.types import TensorType

Form = Literal["modules", "compiled"]

# Operators without a leaf module of their own, for which torch.nn has one.
_MODULES = {
    "relu": "nn.ReLU",
    "relu6": "nn.ReLU6",
    "leaky_relu": "nn.LeakyReLU",
    "elu": "nn.ELU",
    "selu": "nn.SELU",
    "gelu": "nn.GELU",
    "silu": "nn.SiLU",
    "softmax": "nn.Softmax",
    "log_softmax": "nn.LogSoftmax",
    "max_pool1d": "nn.MaxPool1d",
    "max_pool2d": "nn.MaxPool2d",
    "avg_pool1d": "nn.AvgPool1d",
    "avg_pool2d": "nn.AvgPool2d",
    "adaptive_avg_pool2d": "nn.AdaptiveAvgPool2d",
    "adaptive_max_pool2d": "nn.AdaptiveMaxPool2d",
    "global_avg_pool2d": "nn.AdaptiveAvgPool2d",
    "interpolate": "nn.Upsample",
    "batch_norm1d": "nn.BatchNorm1d",
    "batch_norm2d": "nn.BatchNorm2d",
    "instance_norm2d": "nn.InstanceNorm2d",
    "group_norm": "nn.GroupNorm",
    "layer_norm": "nn.LayerNorm",
    "lstm": "nn.LSTM",
    "gru": "nn.GRU",
    "rnn": "nn.RNN",
}
# Results of these are transposed; recurrent layers work step by step and give the samples the first dimension.
_TRANSPOSING = frozenset({"permute", "lstm", "gru", "rnn"})
_CUTTING = frozenset({"chunk", "split", "slice", "select", "center_crop"})
_HANDING_ON = frozenset({"identity", "dropout", "dropout2d", "drop_path", "squeeze", "unsqueeze"})
# What the forward function of a module or of one of our functions calls.
_INSIDE = {
    "nn.ReLU": "F.relu",
    "nn.PReLU": "F.prelu",
    "nn.ELU": "F.elu",
    "nn.SELU": "F.selu",
    "nn.GELU": "F.gelu",
    "nn.SiLU": "F.silu",
    "nn.Softmax": "F.softmax",
    "nn.MaxPool1d": "F.max_pool1d",
    "nn.MaxPool2d": "F.max_pool2d",
    "nn.AvgPool1d": "F.avg_pool1d",
    "nn.AvgPool2d": "F.avg_pool2d",
    "nn.AdaptiveAvgPool2d": "F.adaptive_avg_pool2d",
    "nn.AdaptiveMaxPool2d": "F.adaptive_max_pool2d",
    "nn.Upsample": "F.interpolate",
    "support.max_pool2d_with_positions": "F.max_pool2d",
    "support.local_response_norm": "F.local_response_norm",
    "support.cross_correlation": "F.conv2d",
    "support.depthwise_cross_correlation": "F.conv2d",
}
_INSIDE_AVERAGE = {"support.avg_pool1d_inside": "F.avg_pool1d", "support.avg_pool2d_inside": "F.avg_pool2d"}


class Call(NamedTuple):
    """One call of a module or function on one sample.

    Attributes:
        name: `nn.Conv2d`, `support.Scale`, `F.relu`, `torch.matmul`.
        op: the operator that is lowered to it.
        operands: what the operator reads.
        shape: of the result, as the call gives it (before anything is cropped).
        given: elements of the first argument, as the call gets it (after padding).
        weights: what the module holds; empty for functions.
        strided: whether the first operand's elements don't lie in order, as a transposed tensor's.
    """

    name: str
    op: Operator
    operands: tuple[TensorType, ...]
    shape: tuple[int, ...]
    given: int
    weights: tuple[WeightSpec, ...]
    strided: bool = False

    @property
    def made(self) -> int:
        """Elements of the result."""
        return prod(self.shape)

    @property
    def has_weight(self) -> bool:
        """Whether there is a parameter `weight`."""
        return any(spec.name == "weight" for spec in self.weights)

    @property
    def has_bias(self) -> bool:
        """Whether there is a parameter `bias`."""
        return any(spec.name == "bias" for spec in self.weights)


def reads_strided(node: Node) -> bool:
    """Whether a node's first operand comes from one that transposes, or cuts across the rows, for one sample."""
    producer = node.operands[0].producer if node.operands else None
    while producer is not None and producer.op.name in _HANDING_ON and producer.operands:
        producer = producer.operands[0].producer
    if producer is None:
        return False
    return producer.op.name in _TRANSPOSING or (producer.op.name in _CUTTING and _cuts_rows(producer))


def _cuts_rows(node: Node) -> bool:
    """Whether the dimension that a view shortens has more than one index before it."""
    whole, part = node.operands[0].type.shape, node.outputs[0].type.shape
    axis = next((i for i, (a, b) in enumerate(zip(whole, part, strict=False)) if a != b), 0)
    return prod(whole[:axis]) > 1


@lru_cache(maxsize=1 << 16)
def calls_of(op: Operator, operands: tuple[TensorType, ...], form: Form, strided: bool = False) -> tuple[Call, ...]:
    """The calls that a node makes, those inside of modules included."""
    lowering = op.torch(operands)
    outer = _module(op, operands, lowering, form)
    names = [outer] if outer else list(_functions(lowering.result))
    shape = _uncropped(lowering.result, infer(op, operands)[0].shape)
    given = _given(op, operands)
    weights = weights_of(op, operands) if outer else ()
    found = [Call(name, op, operands, shape, given, weights, strided) for name in names]
    return tuple(inner for call in found for inner in _with_inner(call))


def _module(op: Operator, operands: tuple[TensorType, ...], lowering: TorchLowering, form: Form) -> str:
    """The module that a node is, or nothing."""
    if form == "modules" and op.name in _MODULES:
        return "" if any(name.startswith("support.") for name in _functions(lowering.result)) else _MODULES[op.name]
    return lowering.leaf.type if lowering.leaf is not None else ""


def _with_inner(call: Call) -> Iterator[Call]:
    yield call
    if call.name in _INSIDE:
        yield call._replace(name=_INSIDE[call.name], weights=())
    average = _INSIDE_AVERAGE.get(call.name)
    if average is not None:  # the map and a map of ones, of one channel and one sample
        yield call._replace(name=average)
        yield call._replace(name=average, given=call.given // call.operands[0].shape[0])


def _functions(expression: Expr) -> Iterator[str]:
    """Names of the functions that an expression calls; of methods and operators as `.mean` and `+`."""
    match expression:
        case Called(function, args, kwargs):
            if isinstance(function, str) and function != "F.pad":
                yield function
            for argument in (*args, *(value for _, value in kwargs)):
                yield from _functions(argument)
        case Method(target, name, args, kwargs):
            yield f".{name}"
            for argument in (target, *args, *(value for _, value in kwargs)):
                yield from _functions(argument)
        case Infix(symbol, left, right):
            yield symbol
            yield from _functions(left)
            yield from _functions(right)
        case Item(target, _):
            yield from _functions(target)
        case Items(members):
            for member in members:
                yield from _functions(member)


def _given(op: Operator, operands: tuple[TensorType, ...]) -> int:
    if not operands:
        return 0
    x = operands[0]
    if isinstance(op, Pooling) and not op.pads_itself(op.window(x)):
        window = op.window(x)
        padded = [size + sum(sides) for size, sides in zip(window.sizes, window.padding, strict=True)]
        return x.shape[0] * prod(padded)
    return x.elements


def _uncropped(expression: Expr, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape before the outermost crop of a leaf module's result."""
    if not isinstance(expression, Item) or not isinstance(expression.target, Called):
        return shape
    if isinstance(expression.target.function, str):
        return shape
    cuts = [r for r in expression.index[1:] if isinstance(r, Range)]
    more = [(r.start or 0) - (r.stop or 0) for r in cuts]
    return tuple(size + extra for size, extra in zip(shape, more, strict=True))
