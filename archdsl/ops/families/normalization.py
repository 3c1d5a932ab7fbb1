"""Normalisation with statistics of the batch or of one sample's channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample, WeightSpec
from archdsl.ops.lowering import Literal, Module, TorchLowering, X, call, leaf
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import Finite, NonNegativeFloat, PositiveInt
from archdsl.ops.rules.checks import require_divisor, require_dtype, require_form
from archdsl.ops.rules.initialization import BIAS_INIT, INIT, Inits, VectorInit, inits
from archdsl.types import TensorType

IMAGE = TensorType((6, 4, 5))
SERIES = TensorType((6, 7))

EPS = "Added to the variance before its root is taken."
AFFINE = "Whether a learned scale and shift per channel follow."


class Normalization(Operator):
    """A value less its mean, over its standard deviation, scaled and shifted by learned numbers."""

    family: ClassVar[str] = "normalization"

    def has_scale(self) -> bool:
        """Whether there is a `weight`."""
        raise NotImplementedError

    def has_shift(self) -> bool:
        """Whether there is a `bias`."""
        raise NotImplementedError

    def affine_weights(self, shape: tuple[int, ...]) -> tuple[WeightSpec, ...]:
        """The scale and the shift, as far as they exist."""
        scale = (WeightSpec("weight", shape),) if self.has_scale() else ()
        return (*scale, WeightSpec("bias", shape)) if self.has_shift() else scale

    def affine_inits(self, init: str | float | None, bias_init: str | float | None) -> Inits:
        """How scale and shift start, as far as they exist."""
        return inits({"weight": init if self.has_scale() else None, "bias": bias_init if self.has_shift() else None})

    def onnx_affine(self, b: OnnxBuilder, x: str, trailing: int) -> str:
        """Scale and shift by numbers for channels that have `trailing` dimensions behind them."""
        ones = (1,) * trailing
        if self.has_scale():
            x = b.node("Mul", x, b.weight("weight", lambda w: w.reshape(-1, *ones)))
        if self.has_shift():
            x = b.node("Add", x, b.weight("bias", lambda w: w.reshape(-1, *ones)))
        return x


class ChannelNorm(Normalization):
    """Normalisation of each channel, with running statistics: what batch and instance norm share."""

    forms: ClassVar[tuple[str, ...]]
    module: ClassVar[str]
    function: ClassVar[str]

    eps: NonNegativeFloat = Field(1e-5, description=EPS)
    momentum: Finite = Field(0.1, description="Share of the new statistics in the running ones.")
    affine: bool
    track_running_stats: bool
    bias: bool = Field(True, description="Whether the affine map has a shift.")
    init: VectorInit | None = Field(None, description=INIT)
    bias_init: VectorInit | None = Field(None, description=BIAS_INIT)

    def has_scale(self) -> bool:
        return self.affine

    def has_shift(self) -> bool:
        return self.affine and self.bias

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_form(self, operands[0], *self.forms)
        return operands

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        shape = operands[0].shape[:1]
        found = self.affine_weights(shape)
        if not self.track_running_stats:
            return found
        return (
            *found,
            WeightSpec("running_mean", shape, "buffer"),
            WeightSpec("running_var", shape, "buffer"),
            WeightSpec("num_batches_tracked", (), "buffer", "int64"),
        )

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Two per element: the form of inference, one scale and one shift per channel."""
        n = operands[0].elements
        return OpCost(elementwise=2 * n, reads=n, writes=n)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        if not self.weights(*operands):
            return TorchLowering(self._stateless())
        kwargs = self.changed("eps", "momentum", "affine", "track_running_stats", "bias")
        started = self.affine_inits(self.init, self.bias_init)
        module = leaf(self.module, started, num_features=operands[0].shape[0], **kwargs)
        return TorchLowering(call(Module(), X), module)

    def _stateless(self) -> Any:
        raise NotImplementedError

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        rank = operands[0].rank
        if not self.track_running_stats:
            return [self.onnx_affine(b, onnx_standardized(b, inputs[0], self._axes(rank), self.eps), rank - 1)]
        scale = b.weight("weight") if self.has_scale() else b.weight("running_var", lambda v: v * 0 + 1)
        shift = b.weight("bias") if self.has_shift() else b.weight("running_mean", lambda v: v * 0)
        mean, variance = b.weight("running_mean"), b.weight("running_var")
        return [b.node("BatchNormalization", inputs[0], scale, shift, mean, variance, epsilon=self.eps)]

    def _axes(self, rank: int) -> list[int]:
        """The dimensions over which statistics go, N as 0, for samples of this rank."""
        raise NotImplementedError


class BatchNorm(ChannelNorm):
    """Batch normalisation: statistics of each channel over the batch; running ones in inference."""

    affine: bool = Field(True, description=AFFINE)
    track_running_stats: bool = Field(
        True, description="Whether running statistics are kept for inference; else it uses those of its batch, too."
    )

    def _stateless(self) -> Any:
        nothing = Literal(None)
        return call("F.batch_norm", X, nothing, nothing, training=Literal(True), **self.changed("eps"))

    def _axes(self, rank: int) -> list[int]:
        return [0, *range(2, rank + 1)]

    @classmethod
    def samples(cls) -> list[Sample]:
        x = (IMAGE if cls.forms == ("[N, C, H, W]",) else SERIES,)
        return [
            Sample({}, x),
            Sample({"eps": 1e-3, "momentum": 0.01, "init": "zeros", "bias_init": 0.5}, x),
            Sample({"affine": False}, x),
            Sample({"bias": False}, x),
            Sample({"track_running_stats": False}, x),
            Sample({"affine": False, "track_running_stats": False}, x),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({}, (TensorType(()),), "E0301"),
            ErrorCase({}, (TensorType((6, 4, 5, 5)),), "E0301"),
            ErrorCase({}, (TensorType((6, 4, 5)[: len(cls.forms[-1].split(",")) - 1], "int64"),), "E0309"),
        ]


class BatchNorm1d(BatchNorm):
    """Batch normalisation: statistics of each feature over the batch (and the positions); running ones in inference.

    y = (x - mean) / sqrt(variance + eps) * weight + bias
    """

    name: ClassVar[str] = "batch_norm1d"
    reference: ClassVar[str] = "arXiv:1502.03167; torch.nn.BatchNorm1d"
    forms: ClassVar[tuple[str, ...]] = ("[N, C]", "[N, C, L]")
    module: ClassVar[str] = "nn.BatchNorm1d"

    @classmethod
    def samples(cls) -> list[Sample]:
        return [Sample({}, (TensorType((6,)),)), *super().samples()]


class BatchNorm2d(BatchNorm):
    """Batch normalisation: statistics of each channel over batch, height and width; running ones in inference.

    y = (x - mean) / sqrt(variance + eps) * weight + bias
    """

    name: ClassVar[str] = "batch_norm2d"
    reference: ClassVar[str] = "arXiv:1502.03167; torch.nn.BatchNorm2d"
    forms: ClassVar[tuple[str, ...]] = ("[N, C, H, W]",)
    module: ClassVar[str] = "nn.BatchNorm2d"


class InstanceNorm2d(ChannelNorm):
    """Instance normalisation: statistics of each channel of each sample.

    y = (x - mean) / sqrt(variance + eps) * weight + bias
    """

    name: ClassVar[str] = "instance_norm2d"
    reference: ClassVar[str] = "arXiv:1607.08022; torch.nn.InstanceNorm2d"
    forms: ClassVar[tuple[str, ...]] = ("[N, C, H, W]",)
    module: ClassVar[str] = "nn.InstanceNorm2d"

    affine: bool = Field(False, description=AFFINE)
    track_running_stats: bool = Field(False, description="Whether running statistics are kept and used in inference.")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        made = super().infer(*operands)
        if operands[0].shape[1:] == (1, 1):
            message = f"`instance_norm2d` needs more than one element in each channel of {operands[0]}"
            raise OperatorError("E0301", message)
        return made

    def _stateless(self) -> Any:
        return call("F.instance_norm", X, **self.changed("eps"))

    def _axes(self, rank: int) -> list[int]:
        return list(range(2, rank + 1))

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({}, (IMAGE,)),
            Sample({"eps": 1e-3, "affine": True, "init": 2, "bias_init": "normal"}, (IMAGE,)),
            Sample({"affine": True, "bias": False}, (IMAGE,)),
            Sample({"track_running_stats": True, "momentum": 0.2}, (IMAGE,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({}, (SERIES,), "E0301"),
            ErrorCase({}, (TensorType((6, 1, 1)),), "E0301"),
            ErrorCase({}, (TensorType((6, 4, 5), "int64"),), "E0309"),
        ]


class GroupNorm(Normalization):
    """Group normalisation: statistics of each group of channels of each sample.

    y = (x - mean) / sqrt(variance + eps) * weight + bias, weight and bias one per channel
    """

    name: ClassVar[str] = "group_norm"
    reference: ClassVar[str] = "arXiv:1803.08494; torch.nn.GroupNorm"

    num_groups: PositiveInt = Field(description="Groups; divides the channels.")
    eps: NonNegativeFloat = Field(1e-5, description=EPS)
    affine: bool = Field(True, description=AFFINE)
    bias: bool = Field(True, description="Whether the affine map has a shift.")
    init: VectorInit | None = Field(None, description=INIT)
    bias_init: VectorInit | None = Field(None, description=BIAS_INIT)

    def has_scale(self) -> bool:
        return self.affine

    def has_shift(self) -> bool:
        return self.affine and self.bias

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_dtype(self, x)
        if x.rank == 0:
            raise OperatorError("E0301", f"`group_norm` reads [N, C, ...], not {x}")
        require_divisor(self.num_groups, x.shape[0], "num_groups", "channels")
        return operands

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        return self.affine_weights(operands[0].shape[:1])

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Per element: six for mean, variance and quotient, and the affine map."""
        n = operands[0].elements
        return OpCost(elementwise=(6 + self.has_scale() + self.has_shift()) * n, reads=n, writes=n)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        groups = self.num_groups
        if not self.affine:
            return TorchLowering(call("F.group_norm", X, num_groups=groups, **self.changed("eps")))
        started = self.affine_inits(self.init, self.bias_init)
        channels = operands[0].shape[0]
        kwargs = self.changed("eps", "bias")
        module = leaf("nn.GroupNorm", started, num_groups=groups, num_channels=channels, **kwargs)
        return TorchLowering(call(Module(), X), module)

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        # GroupNormalization of opset 18 has one scale for each group, not for each channel: it is written out.
        grouped = b.node("Reshape", inputs[0], b.constant([0, self.num_groups, -1]))
        normal = b.node("Reshape", onnx_standardized(b, grouped, [2], self.eps), b.node("Shape", inputs[0]))
        return [self.onnx_affine(b, normal, operands[0].rank - 1)]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"num_groups": 3}, (IMAGE,)),
            Sample({"num_groups": 1, "eps": 1e-3, "init": "uniform", "bias_init": 1}, (SERIES,)),
            Sample({"num_groups": 2, "bias": False}, (TensorType((6,)),)),
            Sample({"num_groups": 2, "affine": False}, (IMAGE,)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"num_groups": 4}, (IMAGE,), "E0302", "num_groups"),
            ErrorCase({"num_groups": 2}, (TensorType(()),), "E0301"),
            ErrorCase({"num_groups": 2}, (TensorType((6,), "int64"),), "E0309"),
        ]


def onnx_standardized(b: OnnxBuilder, x: str, axes: list[int], eps: float) -> str:
    """(x - mean) / sqrt(variance + eps), statistics over these axes (N is 0), the variance biased."""
    over = b.constant(axes)
    centred = b.node("Sub", x, b.node("ReduceMean", x, over, keepdims=1))
    variance = b.node("ReduceMean", b.node("Mul", centred, centred), over, keepdims=1)
    deviation = b.node("Sqrt", b.node("Add", variance, b.constant(eps, "float32")))
    return b.node("Div", centred, deviation)
