"""Operators of optimized graphs: several steps in one, so that a value is changed before it is written.

Files can't name them; `archdsl.passes.inference` makes them. Each is defined by the steps it stands for, and its
lowerings are those steps in a row: what a runtime fuses is its own business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample, WeightSpec
from archdsl.ops.families.activation import GELU, LeakyReLU, ReLU, ReLU6
from archdsl.ops.families.convolution import IMAGE, Conv2d
from archdsl.ops.families.linear import Linear
from archdsl.ops.families.smooth_activation import ELU, HardSigmoid, HardSwish, Sigmoid, SiLU, Tanh
from archdsl.ops.lowering import Call, Expr, Infix, Module, Operand, TorchLowering, X, call, leaf
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.registry import make
from archdsl.ops.rules.attributes import Finite
from archdsl.ops.rules.checks import require_dtype
from archdsl.types import TensorType

Activation = Literal[
    "none", "relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "sigmoid", "hardsigmoid", "hardswish", "tanh"
]
_ACTIVATIONS: dict[str, type[Operator]] = {
    op.name: op for op in (ReLU, ReLU6, LeakyReLU, ELU, GELU, SiLU, Sigmoid, HardSigmoid, HardSwish, Tanh)
}
# The one number that an activation may have.
ALPHA = {"leaky_relu": "negative_slope", "elu": "alpha"}
ACTIVATION = "What is done to each element before it is written."
ALPHA_OF = "The number of `leaky_relu` (negative_slope) or `elu` (alpha); by default theirs."


def activation_attributes(op: Operator) -> dict[str, Any] | None:
    """The attributes `activation` and `alpha` that stand for an operator; None for one that can't be fused."""
    if op.name not in _ACTIVATIONS or (op.name == "gelu" and op.changed()):
        return None
    alpha = getattr(op, ALPHA[op.name]) if op.name in ALPHA else None
    return {"activation": op.name} | ({} if alpha is None else {"alpha": alpha})


def activation_operator(activation: str, alpha: float | None = None) -> Operator | None:
    """The operator that `activation` and `alpha` stand for; None for none."""
    if activation == "none":
        return None
    given = {ALPHA[activation]: alpha} if activation in ALPHA and alpha is not None else {}
    return make(_ACTIVATIONS[activation], given)


class Fused(Operator):
    """What fused operators share: the activation behind the others."""

    family: ClassVar[str] = "fused"
    internal: ClassVar[bool] = True

    activation: Activation = Field("none", description=ACTIVATION)
    alpha: Finite | None = Field(None, description=ALPHA_OF)

    def activated(self, made: Expr, type: TensorType) -> Expr:
        """The activation of a value, in PyTorch."""
        op = activation_operator(self.activation, self.alpha)
        if op is None:
            return made
        lowered = op.torch((type,)).result
        assert isinstance(lowered, Call)  # element-wise operators are one call on their operand
        return Call(lowered.function, (made, *lowered.args[1:]), lowered.kwargs)

    def onnx_activated(self, b: OnnxBuilder, made: str, type: TensorType) -> str:
        """The activation of a value, in ONNX."""
        op = activation_operator(self.activation, self.alpha)
        return made if op is None else op.onnx(b, [made], (type,))[0]

    def activation_flops(self, type: TensorType) -> int:
        """Element-wise operations of the activation."""
        op = activation_operator(self.activation, self.alpha)
        return 0 if op is None else op.cost((type,), (type,)).elementwise


class FusedConv2d(Fused, Conv2d):
    """A convolution, a sum and an activation: activation(conv2d(x) + residual)."""

    name: ClassVar[str] = "fused_conv2d"
    family: ClassVar[str] = "fused"
    operands: ClassVar[tuple[str, ...]] = ("x", "residual")
    optional_operands: ClassVar[int] = 1
    reference: ClassVar[str] = "the steps it stands for; oneDNN's post-operations"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        made = Conv2d.infer(self, operands[0])
        if len(operands) == 2 and operands[1] != made[0]:
            raise OperatorError("E0305", f"`{self.name}` adds {operands[1]} to a convolution that makes {made[0]}")
        return made

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Those of the steps, less what needn't be written and read between them."""
        plain = Conv2d.cost(self, operands[:1], outputs)
        added = sum(x.elements for x in operands[1:])
        extra = added + self.activation_flops(outputs[0])
        return OpCost(plain.mult_adds, plain.elementwise + extra, plain.reads + added, plain.writes)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        plain = Conv2d.torch(self, operands[:1])
        total = Infix("+", plain.result, Operand(1)) if len(operands) == 2 else plain.result
        return TorchLowering(self.activated(total, self.infer(*operands)[0]), plain.leaf)

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        (made,) = Conv2d.onnx(self, b, inputs[:1], operands[:1])
        if len(operands) == 2:
            made = b.node("Add", made, inputs[1])
        return [self.onnx_activated(b, made, self.infer(*operands)[0])]

    @classmethod
    def samples(cls) -> list[Sample]:
        common = {"out_channels": 6, "kernel_size": 3}
        plain = [s._replace(attributes=s.attributes | {"activation": "relu"}) for s in Conv2d.samples()]
        residual = TensorType((6, 9, 7))
        acts = [Sample(common | {"activation": name}, (IMAGE,)) for name in _ACTIVATIONS]
        return [
            *plain,
            *acts,
            Sample(common | {"activation": "leaky_relu", "alpha": 0.2}, (IMAGE,)),
            Sample(common | {"padding": 1}, (IMAGE, residual)),
            Sample(common | {"padding": 1, "activation": "elu", "alpha": 0.5}, (IMAGE, residual)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [*Conv2d.error_cases(), ErrorCase({"out_channels": 6, "kernel_size": 3}, (IMAGE, IMAGE), "E0305")]


class FusedLinear(Fused, Linear):
    """A linear layer and an activation."""

    name: ClassVar[str] = "fused_linear"
    family: ClassVar[str] = "fused"
    reference: ClassVar[str] = "the steps it stands for; oneDNN's post-operations"

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Those of the steps, less what needn't be written and read between them."""
        plain = Linear.cost(self, operands, outputs)
        return plain._replace(elementwise=plain.elementwise + self.activation_flops(outputs[0]))

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        plain = Linear.torch(self, operands)
        return TorchLowering(self.activated(plain.result, self.infer(*operands)[0]), plain.leaf)

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        (made,) = Linear.onnx(self, b, inputs, operands)
        return [self.onnx_activated(b, made, self.infer(*operands)[0])]

    @classmethod
    def samples(cls) -> list[Sample]:
        plain = [s._replace(attributes=s.attributes | {"activation": "relu"}) for s in Linear.samples()]
        return [*plain, Sample({"out_features": 4, "activation": "leaky_relu", "alpha": 0.3}, (TensorType((6,)),))]


class FusedAffine(Fused):
    """A factor and a number per channel, and an activation: activation(weight * x + bias).

    What is left of a batch norm in inference: weight = gamma / sqrt(variance + eps), bias = beta - mean * weight.
    """

    name: ClassVar[str] = "fused_affine"
    reference: ClassVar[str] = "arXiv:1502.03167, algorithm 2"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_dtype(self, x)
        if x.rank == 0:
            raise OperatorError("E0301", f"`{self.name}` needs channels, and {x} has none")
        return operands

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        shape = operands[0].shape[:1]
        return (WeightSpec("weight", shape), WeightSpec("bias", shape))

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Two per element, and the activation."""
        n = operands[0].elements
        return OpCost(elementwise=2 * n + self.activation_flops(outputs[0]), reads=n, writes=n)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        module = leaf("support.ChannelAffine", num_channels=operands[0].shape[0])
        return TorchLowering(self.activated(call(Module(), X), operands[0]), module)

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        (x,) = operands
        scale, shift = b.weight("weight"), b.weight("bias")
        if x.rank > 1:  # as a batch norm, which runtimes know best
            mean, variance = b.weight("bias", lambda v: v * 0), b.weight("weight", lambda v: v * 0 + 1)
            made = b.node("BatchNormalization", inputs[0], scale, shift, mean, variance, epsilon=0.0)
        else:
            made = b.node("Add", b.node("Mul", inputs[0], scale), shift)
        return [self.onnx_activated(b, made, x)]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({}, (TensorType((3, 4, 5)),)),
            Sample({"activation": "relu"}, (TensorType((4, 6)),)),
            Sample({"activation": "leaky_relu", "alpha": 0.2}, (TensorType((4,)),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [ErrorCase({}, (TensorType(()),), "E0301"), ErrorCase({}, (TensorType((3,), "int64"),), "E0309")]
