"""One step of a recurrent layer, its state read and given as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample, WeightSpec
from archdsl.ops.lowering import Constant, Items, LeafModule, Module, Operand, TorchLowering, X, call, leaf
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import PositiveInt
from archdsl.ops.rules.checks import require_form
from archdsl.ops.rules.gates import GRU_ORDER, LSTM_ORDER, reordered
from archdsl.ops.rules.initialization import BIAS_INIT, INIT, MatrixInit, VectorInit, inits
from archdsl.types import TensorType

if TYPE_CHECKING:
    import numpy as np

FEATURES, STATE = TensorType((5,)), TensorType((4,))


class RecurrentCell(Operator):
    """Reads x [F] and a state of values [hidden_size], gives the next state."""

    family: ClassVar[str] = "recurrent"
    gates: ClassVar[int]
    activations: ClassVar[int]
    module: ClassVar[str]
    onnx_order: ClassVar[tuple[int, ...]]

    hidden_size: PositiveInt = Field(description="Features of the state.")
    biases: Annotated[int, Field(ge=0, le=2)] = Field(
        2, description="2 as in PyTorch (one for x and one for h), 1 for their sum as one weight, 0 for none."
    )
    init: MatrixInit | None = Field(None, description=f"Both weight matrices. {INIT}")
    bias_init: VectorInit | None = Field(None, description=f"All biases. {BIAS_INIT}")

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        for operand, x in zip(self.operands, operands, strict=True):
            require_form(self, x, "[N, F]" if operand == "x" else "[N, hidden_size]", operand=operand)
        for operand, x in list(zip(self.operands, operands, strict=True))[1:]:
            if x.shape[0] != self.hidden_size:
                message = f"`{operand}` of `{self.name}` is {x}, with hidden_size={self.hidden_size}"
                raise OperatorError("E0305", message, "hidden_size", f"{x.shape[0]} fits this state")
        return operands[1:]

    def _bias_names(self) -> list[str]:
        return [[], ["bias"], ["bias_ih", "bias_hh"]][self.biases]

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        rows = self.gates * self.hidden_size
        matrices = (("weight_ih", operands[0].shape[0]), ("weight_hh", self.hidden_size))
        found = [WeightSpec(name, (rows, columns)) for name, columns in matrices]
        return (*found, *(WeightSpec(name, (rows,)) for name in self._bias_names()))

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """gates * hidden_size * (features + hidden_size) multiply-adds; elementwise as in the layer."""
        rows = self.gates * self.hidden_size
        work = rows * (operands[0].shape[0] + self.hidden_size)
        elementwise = rows * (1 + self.biases) + self.activations * self.hidden_size
        return OpCost(work, elementwise, sum(x.elements for x in operands), sum(x.elements for x in outputs))

    def leaf(self, operands: Sequence[TensorType]) -> LeafModule:
        """The torch module with the weights."""
        schemes: dict[str, str | float | None] = {"weight_ih": self.init, "weight_hh": self.init}
        schemes |= dict.fromkeys(self._bias_names(), self.bias_init)
        kwargs: dict[str, Constant] = {"input_size": operands[0].shape[0], "hidden_size": self.hidden_size}
        if self.biases == 0:
            kwargs["bias"] = False
        return leaf(f"support.{self.module}" if self.biases == 1 else f"nn.{self.module}", inits(schemes), **kwargs)

    def onnx_operands(self, b: OnnxBuilder, inputs: Sequence[str]) -> list[str]:
        """What the ONNX layer reads for a sequence of one step: X, W, R, B, no lengths, then the states."""
        order = self.onnx_order
        first = b.constant([0])
        x, *states = [b.node("Unsqueeze", value, first) for value in inputs]
        matrices = [b.weight(name, lambda m: reordered(m, order)[None]) for name in ("weight_ih", "weight_hh")]
        return [x, *matrices, self._onnx_bias(b), "", *states]

    def _onnx_bias(self, b: OnnxBuilder) -> str:
        order = self.onnx_order

        def join(*biases: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            import numpy as np

            ordered = [reordered(v, order) for v in biases]
            # A single bias stands on the side of x, the other side has none.
            return np.concatenate([*ordered, np.zeros_like(ordered[0])][:2])[None]

        return b.weights(self._bias_names(), join) if self.biases else ""

    @classmethod
    def samples(cls) -> list[Sample]:
        operands = (FEATURES, *(STATE,) * (len(cls.operands) - 1))
        return [
            Sample({"hidden_size": 4}, operands),
            Sample({"hidden_size": 4, "biases": 1, "init": "xavier_uniform", "bias_init": 0.5}, operands),
            Sample({"hidden_size": 4, "biases": 1}, operands),
            Sample({"hidden_size": 4, "biases": 0}, operands),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        states = (STATE,) * (len(cls.operands) - 1)
        return [
            ErrorCase({"hidden_size": 5}, (FEATURES, *states), "E0305", "hidden_size"),
            ErrorCase({"hidden_size": 4}, (TensorType((2, 5)), *states), "E0301"),
            ErrorCase({"hidden_size": 4}, (TensorType((5,), "int64"), *states), "E0309"),
        ]


class LSTMCell(RecurrentCell):
    """One step of long short-term memory: x, h, c to the next h and c."""

    name: ClassVar[str] = "lstm_cell"
    operands: ClassVar[tuple[str, ...]] = ("x", "h", "c")
    gates: ClassVar[int] = 4
    activations: ClassVar[int] = 9
    module: ClassVar[str] = "LSTMCell"
    onnx_order: ClassVar[tuple[int, ...]] = LSTM_ORDER
    reference: ClassVar[str] = "torch.nn.LSTMCell"

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(call(Module(), X, Items((Operand(1), Operand(2)))), self.leaf(operands))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        made = b.nodes("LSTM", *self.onnx_operands(b, inputs), outputs=3, hidden_size=self.hidden_size)
        return [b.node("Squeeze", value, b.constant([0])) for value in made[1:]]


class GRUCell(RecurrentCell):
    """One step of a gated recurrent unit: x, h to the next h. With one bias it stands on the side of x."""

    name: ClassVar[str] = "gru_cell"
    operands: ClassVar[tuple[str, ...]] = ("x", "h")
    gates: ClassVar[int] = 3
    activations: ClassVar[int] = 8
    module: ClassVar[str] = "GRUCell"
    onnx_order: ClassVar[tuple[int, ...]] = GRU_ORDER
    reference: ClassVar[str] = "arXiv:1406.1078; torch.nn.GRUCell"

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        return TorchLowering(call(Module(), X, Operand(1)), self.leaf(operands))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        operand_names = self.onnx_operands(b, inputs)
        made = b.nodes("GRU", *operand_names, outputs=2, hidden_size=self.hidden_size, linear_before_reset=1)
        return [b.node("Squeeze", made[1], b.constant([0]))]
