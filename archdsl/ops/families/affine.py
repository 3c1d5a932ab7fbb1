"""One learned number per channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample, WeightSpec
from archdsl.ops.lowering import Module, TorchLowering, X, call, leaf
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.checks import require_dtype
from archdsl.ops.rules.initialization import VectorInit, inits
from archdsl.types import TensorType

IMAGE = TensorType((3, 4, 5))


class PerChannel(Operator):
    """The number belongs to dimension 0 of the sample and holds for all further ones."""

    family: ClassVar[str] = "affine"
    weight_name: ClassVar[str]
    module: ClassVar[str]
    onnx_type: ClassVar[str]

    init: VectorInit

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_dtype(self, x)
        if x.rank == 0:
            raise OperatorError("E0301", f"`{self.name}` needs channels, and {x} has none")
        return operands

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        return (WeightSpec(self.weight_name, operands[0].shape[:1]),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """One operation per element."""
        n = operands[0].elements
        return OpCost(elementwise=n, reads=n, writes=n)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        # The module starts with the default, so that only another value needs a word.
        started = inits({self.weight_name: self.init if self.changed("init") else None})
        return TorchLowering(call(Module(), X), leaf(self.module, started, num_channels=operands[0].shape[0]))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        spatial = (1,) * (operands[0].rank - 1)
        weight = b.weight(self.weight_name, (lambda w: w.reshape(-1, *spatial)) if spatial else None)
        return [b.node(self.onnx_type, inputs[0], weight)]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({}, (IMAGE,)),
            Sample({"init": 2.5}, (TensorType((4,)),)),
            Sample({"init": "normal"}, (TensorType((4, 6)),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({}, (TensorType(()),), "E0301"),
            ErrorCase({}, (TensorType((3,), "int64"),), "E0309"),
        ]


class AddBias(PerChannel):
    """One learned number per channel is added: y = x + b."""

    name: ClassVar[str] = "add_bias"
    weight_name: ClassVar[str] = "bias"
    module: ClassVar[str] = "support.AddBias"
    onnx_type: ClassVar[str] = "Add"
    reference: ClassVar[str] = "the bias of torch.nn.Conv2d, by itself"

    init: VectorInit = Field(0.0, description="How the numbers start: a scheme of torch.nn.init, or a number.")


class Scale(PerChannel):
    """One learned factor per channel: y = w * x."""

    name: ClassVar[str] = "scale"
    keeps_zero: ClassVar[bool] = True
    weight_name: ClassVar[str] = "weight"
    module: ClassVar[str] = "support.Scale"
    onnx_type: ClassVar[str] = "Mul"
    reference: ClassVar[str] = "arXiv:2103.17239, section 2.2 (LayerScale)"

    init: VectorInit = Field(1.0, description="How the factors start: a scheme of torch.nn.init, or a number.")
