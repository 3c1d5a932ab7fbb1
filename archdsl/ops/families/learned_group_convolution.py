"""CondenseNet's convolution in training: which inputs each group reads is learned by pruning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, Sample, WeightSpec
from archdsl.ops.lowering import Module, TorchLowering, X, call, leaf
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import PositiveInt
from archdsl.ops.rules.checks import require_divisor, require_form
from archdsl.ops.rules.initialization import INIT, ConvInit, inits
from archdsl.types import TensorType

IMAGE = TensorType((8, 5, 4))


class LearnedGroupConv2d(Operator):
    """A 1x1 convolution whose group g = o mod groups of outputs reads only the inputs i with mask[g, i] = 1.

    y[o] = sum over i of mask[o mod groups, i] * w[o, i] * x[i]. The mask is state, ones at first; training prunes it
    (`archdsl.training.condensation`). After that, an `index_select`, a grouped `conv2d` and a `channel_shuffle` give
    the same: groups are interleaved here because of that shuffle. Counted as the whole convolution that it computes.
    """

    name: ClassVar[str] = "learned_group_conv2d"
    family: ClassVar[str] = "convolution"
    reference: ClassVar[str] = "arXiv:1711.09224, section 4.1"

    out_channels: PositiveInt = Field(description="Channels of the output.")
    groups: PositiveInt = Field(description="Groups of outputs that read the same inputs; divides out_channels.")
    init: ConvInit | None = Field(None, description=INIT)

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_form(self, x, "[N, C, H, W]")
        require_divisor(self.groups, self.out_channels, "groups", "out_channels")
        return (TensorType((self.out_channels, *x.shape[1:])),)

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        channels = operands[0].shape[0]
        return (
            WeightSpec("weight", (self.out_channels, channels, 1, 1)),
            WeightSpec("mask", (self.groups, channels), "buffer"),
        )

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Per output element: in_channels multiply-adds, whatever the mask holds."""
        made = outputs[0].elements
        return OpCost(made * operands[0].shape[0], reads=operands[0].elements, writes=made)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        channels = operands[0].shape[0]
        started = inits({"weight": self.init})
        made = leaf(
            "support.LearnedGroupConv2d",
            started,
            in_channels=channels,
            out_channels=self.out_channels,
            output_groups=self.groups,
        )
        return TorchLowering(call(Module(), X), made)

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        channels = operands[0].shape[0]
        by_group = (-1, self.groups, channels, 1, 1)
        masked = b.node(
            "Mul",
            b.weight("weight", lambda w: w.reshape(by_group)),
            b.weight("mask", lambda m: m.reshape(by_group[1:])),
        )
        kernel = b.node("Reshape", masked, b.constant([self.out_channels, channels, 1, 1]))
        return [b.node("Conv", inputs[0], kernel, kernel_shape=(1, 1))]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"out_channels": 6, "groups": 2}, (IMAGE,)),
            Sample({"out_channels": 4, "groups": 4, "init": "kaiming_normal"}, (IMAGE,)),
            Sample({"out_channels": 3, "groups": 1}, (TensorType((5, 1, 7)),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"out_channels": 6, "groups": 2}, (TensorType((8, 9)),), "E0301"),
            ErrorCase({"out_channels": 6, "groups": 4}, (IMAGE,), "E0302", "groups"),
        ]
