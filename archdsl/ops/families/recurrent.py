"""Recurrent layers over a sequence [T, F]."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, Sample, WeightSpec
from archdsl.ops.lowering import Constant, Module, TorchLowering, X, call, leaf
from archdsl.ops.onnx import Attribute, OnnxBuilder
from archdsl.ops.rules.attributes import PositiveInt, Probability
from archdsl.ops.rules.checks import require_form
from archdsl.ops.rules.gates import GRU_ORDER, LSTM_ORDER, reordered
from archdsl.ops.rules.initialization import BIAS_INIT, INIT, MatrixInit, VectorInit, inits
from archdsl.types import TensorType

if TYPE_CHECKING:
    import numpy as np

SEQUENCE = TensorType((5, 6))


class Recurrent(Operator):
    """The outputs of the last layer at every step, [T, F] to [T, D * hidden_size]; the states start as zeros.

    D is 2 with `bidirectional`: the forward outputs come first, then those of the backward direction.
    """

    family: ClassVar[str] = "recurrent"
    gates: ClassVar[int]
    activations: ClassVar[int]
    onnx_type: ClassVar[str]
    onnx_order: ClassVar[tuple[int, ...]]

    hidden_size: PositiveInt = Field(description="Features of the state of one direction.")
    num_layers: PositiveInt = Field(1, le=1000, description="Layers, each over the outputs of the one before.")
    bias: bool = Field(True, description="Whether the gates have biases (two each, as in PyTorch).")
    dropout: Probability = Field(0.0, description="Dropout on the outputs of every layer but the last, in training.")
    bidirectional: bool = Field(False, description="Whether a second direction reads the sequence backwards.")
    init: MatrixInit | None = Field(None, description=f"All weight matrices. {INIT}")
    bias_init: VectorInit | None = Field(None, description=f"All biases. {BIAS_INIT}")

    @property
    def directions(self) -> int:
        """1, or 2 where the sequence is read backwards too."""
        return 2 if self.bidirectional else 1

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_form(self, x, "[N, T, F]")
        return (TensorType((x.shape[0], self.directions * self.hidden_size)),)

    def _parts(self, features: int) -> Iterator[tuple[str, int]]:
        """Suffix of the weights and input features of every direction of every layer."""
        for level in range(self.num_layers):
            for suffix in ("", "_reverse")[: self.directions]:
                yield f"l{level}{suffix}", features
            features = self.directions * self.hidden_size

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        rows = self.gates * self.hidden_size
        found = []
        for suffix, features in self._parts(operands[0].shape[1]):
            found.append(WeightSpec(f"weight_ih_{suffix}", (rows, features)))
            found.append(WeightSpec(f"weight_hh_{suffix}", (rows, self.hidden_size)))
            if self.bias:
                found += [WeightSpec(f"bias_ih_{suffix}", (rows,)), WeightSpec(f"bias_hh_{suffix}", (rows,))]
        return tuple(found)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """For each step and direction gates * hidden_size * (features + hidden_size) multiply-adds.

        Elementwise are the sums of both products, the biases and what the gates do to the state.
        """
        (x,) = operands
        rows = self.gates * self.hidden_size
        work = sum(rows * (features + self.hidden_size) for _, features in self._parts(x.shape[1]))
        per_step = rows * (3 if self.bias else 1) + self.activations * self.hidden_size
        elementwise = x.shape[0] * self.num_layers * self.directions * per_step
        return OpCost(x.shape[0] * work, elementwise, x.elements, outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        kwargs: dict[str, Constant] = {"mode": self.mode(), "input_size": operands[0].shape[1]}
        kwargs["hidden_size"] = self.hidden_size
        kwargs |= self.changed("num_layers", "bias", *(["dropout"] if self.num_layers > 1 else []), "bidirectional")
        schemes: dict[str, str | float | None]
        schemes = {w.name: self.bias_init if w.name.startswith("bias") else self.init for w in self.weights(*operands)}
        return TorchLowering(call(Module(), X), leaf("support.Recurrent", inits(schemes), **kwargs))

    def mode(self) -> str:
        """What torch calls this kind of layer."""
        return self.onnx_type

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        value = b.node("Transpose", inputs[0], perm=[1, 0, 2])
        order = self.onnx_order
        for level in range(self.num_layers):
            parts = [f"l{level}{suffix}" for suffix in ("", "_reverse")[: self.directions]]
            matrices = [b.weights([f"weight_{side}_{p}" for p in parts], _stacked(order)) for side in ("ih", "hh")]
            biases = [f"bias_{side}_{p}" for p in parts for side in ("ih", "hh")]
            bias = [b.weights(biases, _joined(order))] if self.bias else []
            made = b.nodes(self.onnx_type, value, *matrices, *bias, outputs=1, **self.onnx_attributes())[0]
            # [T, directions, N, H] to [T, N, directions * H]
            turned = b.node("Transpose", made, perm=[0, 2, 1, 3])
            value = b.node("Reshape", turned, b.constant([0, 0, -1]))
        return [b.node("Transpose", value, perm=[1, 0, 2])]

    def onnx_attributes(self) -> dict[str, Attribute]:
        """Attributes of the ONNX node."""
        return {
            "hidden_size": self.hidden_size,
            "direction": "bidirectional" if self.bidirectional else "forward",
        }

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        found = super().canonical_attributes(operands)
        if self.num_layers == 1:
            found["dropout"] = 0.0
        return found

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"hidden_size": 4}, (SEQUENCE,)),
            Sample({"hidden_size": 3, "bias": False, "init": "orthogonal"}, (SEQUENCE,)),
            Sample({"hidden_size": 3, "num_layers": 2, "bidirectional": True, "dropout": 0.5}, (SEQUENCE,)),
            Sample({"hidden_size": 3, "init": 0.1, "bias_init": "zeros", "dropout": 0.1}, (TensorType((1, 2)),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"hidden_size": 4}, (TensorType((6,)),), "E0301"),
            ErrorCase({"hidden_size": 4}, (TensorType((5, 6), "int64"),), "E0309"),
            ErrorCase({"hidden_size": 10**9}, (SEQUENCE,), "E0905"),
        ]


def _stacked(order: tuple[int, ...]) -> Callable[..., np.ndarray[Any, Any]]:
    """One matrix per direction, gates in ONNX's order."""

    def stack(*matrices: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        return np.stack([reordered(m, order) for m in matrices])

    return stack


def _joined(order: tuple[int, ...]) -> Callable[..., np.ndarray[Any, Any]]:
    """Both biases of a direction behind one another, a row for each direction."""

    def join(*biases: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        ordered = [reordered(v, order) for v in biases]
        return np.stack([np.concatenate(ordered[i : i + 2]) for i in range(0, len(ordered), 2)])

    return join


class LSTM(Recurrent):
    """Long short-term memory."""

    name: ClassVar[str] = "lstm"
    gates: ClassVar[int] = 4
    activations: ClassVar[int] = 9
    onnx_type: ClassVar[str] = "LSTM"
    onnx_order: ClassVar[tuple[int, ...]] = LSTM_ORDER
    reference: ClassVar[str] = "torch.nn.LSTM"


class GRU(Recurrent):
    """Gated recurrent unit; the reset gate acts behind the product with the state, as in PyTorch."""

    name: ClassVar[str] = "gru"
    gates: ClassVar[int] = 3
    activations: ClassVar[int] = 8
    onnx_type: ClassVar[str] = "GRU"
    onnx_order: ClassVar[tuple[int, ...]] = GRU_ORDER
    reference: ClassVar[str] = "arXiv:1406.1078; torch.nn.GRU"

    def onnx_attributes(self) -> dict[str, Attribute]:
        return {**super().onnx_attributes(), "linear_before_reset": 1}


class RNN(Recurrent):
    """Elman network: h = tanh(W x + U h + b), or with a rectifier in place of tanh."""

    name: ClassVar[str] = "rnn"
    gates: ClassVar[int] = 1
    activations: ClassVar[int] = 1
    onnx_type: ClassVar[str] = "RNN"
    onnx_order: ClassVar[tuple[int, ...]] = (0,)
    reference: ClassVar[str] = "torch.nn.RNN"

    nonlinearity: Literal["tanh", "relu"] = Field("tanh", description="What the sum goes through.")

    def mode(self) -> str:
        return f"RNN_{self.nonlinearity.upper()}"

    def onnx_attributes(self) -> dict[str, Any]:
        function = {"tanh": "Tanh", "relu": "Relu"}[self.nonlinearity]
        return {**super().onnx_attributes(), "activations": [function] * self.directions}

    @classmethod
    def samples(cls) -> list[Sample]:
        return [*super().samples(), Sample({"hidden_size": 3, "nonlinearity": "relu"}, (SEQUENCE,))]
