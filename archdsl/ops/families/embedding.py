"""Learned vectors for numbered things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample, WeightSpec
from archdsl.ops.lowering import Constant, Module, TorchLowering, X, call, leaf
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import LARGEST, PositiveInt
from archdsl.ops.rules.checks import require_dtype
from archdsl.ops.rules.initialization import INIT, MatrixInit, inits
from archdsl.types import TensorType

TOKENS = TensorType((6,), "int64")


class Embedding(Operator):
    """A learned vector for each number: [...] int64 to [..., embedding_dim]."""

    name: ClassVar[str] = "embedding"
    family: ClassVar[str] = "embedding"
    reference: ClassVar[str] = "torch.nn.Embedding"

    num_embeddings: PositiveInt = Field(description="How many vectors; the operand's numbers are below it.")
    embedding_dim: PositiveInt = Field(description="Length of a vector.")
    padding_idx: Annotated[int, Field(gt=-LARGEST, lt=LARGEST)] | None = Field(
        None,
        description="The number that stands for nothing: its vector is zero at first and is not trained. Negative ones "
        "count from the end. (With `init` it starts like the others.)",
    )
    init: MatrixInit | None = Field(None, description=INIT)

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        (x,) = operands
        require_dtype(self, x, "int64")
        self._padding_row()
        return (TensorType((*x.shape, self.embedding_dim)),)

    def _padding_row(self) -> int | None:
        if self.padding_idx is None:
            return None
        if not -self.num_embeddings <= self.padding_idx < self.num_embeddings:
            message = f"padding_idx={self.padding_idx} is none of the {self.num_embeddings} numbers"
            raise OperatorError("E0303", message, "padding_idx", f"{-self.num_embeddings} to {self.num_embeddings - 1}")
        return self.padding_idx % self.num_embeddings

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        return (WeightSpec("weight", (self.num_embeddings, self.embedding_dim)),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """A look-up: no arithmetic."""
        return OpCost(reads=operands[0].elements, writes=outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        kwargs: dict[str, Constant] = {"num_embeddings": self.num_embeddings, "embedding_dim": self.embedding_dim}
        if self.padding_idx is not None:
            kwargs["padding_idx"] = self._padding_row()
        return TorchLowering(call(Module(), X), leaf("nn.Embedding", inits({"weight": self.init}), **kwargs))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        return [b.node("Gather", b.weight("weight"), inputs[0], axis=0)]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        found = super().canonical_attributes(operands)
        return found | ({"padding_idx": self._padding_row()} if self.padding_idx is not None else {})

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({"num_embeddings": 10, "embedding_dim": 4}, (TOKENS,)),
            Sample({"num_embeddings": 5, "embedding_dim": 3, "padding_idx": -1}, (TOKENS,), integer_range=5),
            Sample({"num_embeddings": 10, "embedding_dim": 4, "init": "normal"}, (TensorType((2, 3), "int64"),)),
            Sample({"num_embeddings": 10, "embedding_dim": 4, "init": 0.5}, (TensorType((), "int64"),)),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({"num_embeddings": 10, "embedding_dim": 4}, (TensorType((6,)),), "E0309"),
            ErrorCase({"num_embeddings": 4, "embedding_dim": 4, "padding_idx": 4}, (TOKENS,), "E0303", "padding_idx"),
        ]
