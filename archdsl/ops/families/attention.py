"""Products of matrices that are both computed, and attention."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt
from typing import Any, ClassVar

from pydantic import Field

from archdsl.ops.base import ErrorCase, OpCost, Operator, OperatorError, Sample
from archdsl.ops.lowering import Constant, Expr, Infix, Literal, Operand, TorchLowering, Training, X, call, method
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import PositiveFloat, Probability
from archdsl.ops.rules.broadcasting import aligned, aligned_onnx, broadcast, placed
from archdsl.ops.rules.checks import require_dtype
from archdsl.types import TensorType

IMAGE = TensorType((3, 4, 5))


class MatMul(Operator):
    """Product of two matrices per sample: [..., m, k] and [..., k, n] to [..., m, n].

    Dimensions in front of the last two broadcast. A value with one dimension is a row on the left and a column on the
    right, and the result lacks that dimension.
    """

    name: ClassVar[str] = "matmul"
    family: ClassVar[str] = "attention"
    operands: ClassVar[tuple[str, ...]] = ("a", "b")
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "torch.matmul"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        a, b = operands
        for operand, x in (("a", a), ("b", b)):
            require_dtype(self, x, operand=operand)
            if x.rank == 0:
                raise OperatorError("E0301", f"`{operand}` of `matmul` is [N, ..., rows, columns], not {x}")
        left, right = _as_matrices(a, b)
        if left.shape[-1] != right.shape[-2]:
            message = f"`matmul` cannot multiply {a} by {b}: {left.shape[-1]} columns, {right.shape[-2]} rows"
            raise OperatorError("E0305", message, hint="as many columns on the left as rows on the right")
        batch = broadcast(self, (left, right), inner=2)
        rows = () if a.rank == 1 else left.shape[-2:-1]
        columns = () if b.rank == 1 else right.shape[-1:]
        return (TensorType((*batch, *rows, *columns)),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """k multiply-adds for each element of the result."""
        a, b = operands
        return OpCost(a.shape[-1] * outputs[0].elements, 0, a.elements + b.elements, outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        matrices = _as_matrices(*operands)
        rank = max(x.rank for x in matrices)
        a, b = operands
        left = aligned(0, operands, rank) if a.rank > 1 else placed(Operand(0), rank - 1)
        right = aligned(1, operands, rank) if b.rank > 1 else placed(Operand(1), rank - 2, after=1)
        made: Expr = call("torch.matmul", left, right)
        gone = _dropped(a, b)
        return TorchLowering(method(made, "squeeze", gone[0] if len(gone) == 1 else gone) if gone else made)

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        matrices = _as_matrices(*operands)
        rank = max(x.rank for x in matrices)
        left, right = inputs
        if operands[0].rank == 1:
            left = b.node("Unsqueeze", left, b.constant([1]))
        if operands[1].rank == 1:
            right = b.node("Unsqueeze", right, b.constant([2]))
        left, right = (aligned_onnx(b, v, x, rank) for v, x in zip((left, right), matrices, strict=True))
        made = b.node("MatMul", left, right)
        gone = _dropped(*operands)
        return [b.node("Squeeze", made, b.constant(gone)) if gone else made]

    @classmethod
    def samples(cls) -> list[Sample]:
        return [
            Sample({}, (TensorType((4, 5)), TensorType((5, 2)))),
            Sample({}, (IMAGE, TensorType((3, 5, 2)))),
            Sample({}, (TensorType((2, 1, 4, 5)), TensorType((3, 5, 6)))),
            Sample({}, (TensorType((4, 5)), IMAGE._replace(shape=(3, 5, 2)))),
            Sample({}, (TensorType((5,)), TensorType((5, 2)))),
            Sample({}, (TensorType((4, 5)), TensorType((5,)))),
            Sample({}, (TensorType((3, 4, 5)), TensorType((5,)))),
            Sample({}, (TensorType((4,)), TensorType((3, 4, 2)))),
            Sample({}, (TensorType((5,)), TensorType((5,)))),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({}, (TensorType((4, 5)), TensorType((4, 5))), "E0305"),
            ErrorCase({}, (TensorType((2, 4, 5)), TensorType((3, 5, 4))), "E0305"),
            ErrorCase({}, (TensorType(()), TensorType((5,))), "E0301"),
            ErrorCase({}, (TensorType((4, 5)), TensorType((5, 4), "int64")), "E0309"),
        ]


def _as_matrices(a: TensorType, b: TensorType) -> tuple[TensorType, TensorType]:
    left = TensorType((1, *a.shape)) if a.rank == 1 else a
    right = TensorType((*b.shape, 1)) if b.rank == 1 else b
    return left, right


def _dropped(a: TensorType, b: TensorType) -> tuple[int, ...]:
    """Dimensions of the product that stand for the missing one of a vector."""
    return ((-2,) if a.rank == 1 else ()) + ((-1,) if b.rank == 1 else ())


class ScaledDotProductAttention(Operator):
    """softmax(scale * q kᵀ + mask) v, for each sample and each of the leading dimensions (heads).

    Shapes: q [..., L, E], k [..., S, E], v [..., S, V], mask (may be left out; added to the scores) broadcast to
    [..., L, S]; gives [..., L, V].
    """

    name: ClassVar[str] = "scaled_dot_product_attention"
    family: ClassVar[str] = "attention"
    operands: ClassVar[tuple[str, ...]] = ("q", "k", "v", "mask")
    optional_operands: ClassVar[int] = 1
    reference: ClassVar[str] = "arXiv:1706.03762, section 3.2.1; torch.nn.functional.scaled_dot_product_attention"

    dropout_p: Probability = Field(0.0, description="Probability that a weight is dropped in training.")
    is_causal: bool = Field(False, description="Whether position i sees positions 0 to i only; without `mask`.")
    scale: PositiveFloat | None = Field(None, description="Factor of the scores; by default 1 / sqrt(E).")
    enable_gqa: bool = Field(
        False,
        description="Whether k and v may have fewer heads (third dimension from the end) than q, each read by "
        "several heads of q.",
    )

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        for operand, x in zip(self.operands, operands, strict=False):
            require_dtype(self, x, operand=operand)
            if x.rank < 2 and operand != "mask":
                raise OperatorError("E0301", f"`{operand}` of `{self.name}` is [N, ..., positions, features], not {x}")
        q, k, v = operands[:3]
        if self.is_causal and len(operands) == 4:
            raise OperatorError("E0308", "is_causal=true goes with no `mask`", "is_causal", "leave one of them out")
        if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2] or not self._same_heads(q, k, v):
            message = f"`{self.name}` cannot bring q {q}, k {k} and v {v} together"
            hint = "q [N, ..., L, E], k [N, ..., S, E], v [N, ..., S, V], with the same heads"
            raise OperatorError("E0305", message, hint=hint)
        if len(operands) == 4:
            scores = TensorType((*q.shape[:-1], k.shape[-2]))
            if broadcast(self, (scores, operands[3])) != scores.shape:
                raise OperatorError("E0305", f"`mask` of `{self.name}` is {operands[3]}, the scores are {scores}")
        return (TensorType((*q.shape[:-1], v.shape[-1])),)

    def _same_heads(self, q: TensorType, k: TensorType, v: TensorType) -> bool:
        if k.shape[:-2] != v.shape[:-2]:
            return False
        if not self.enable_gqa or q.rank < 3:
            return q.shape[:-2] == k.shape[:-2]
        return k.rank == q.rank and q.shape[:-3] == k.shape[:-3] and q.shape[-3] % k.shape[-3] == 0

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """E multiply-adds per score, S per element of the result; four operations per score for scale and softmax."""
        q, k, _ = operands[:3]
        scores = prod(q.shape[:-1]) * k.shape[-2]
        work = scores * q.shape[-1] + outputs[0].elements * k.shape[-2]
        masked = scores if len(operands) == 4 else 0
        return OpCost(work, 4 * scores + masked, sum(x.elements for x in operands), outputs[0].elements)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        kwargs: dict[str, Expr | Constant] = {}
        if len(operands) == 4:
            kwargs["attn_mask"] = aligned(3, operands, operands[0].rank)
        if self.dropout_p:
            kwargs["dropout_p"] = Infix("*", Literal(self.dropout_p, "dropout_p"), Training())
        kwargs |= self.changed("is_causal", "scale", "enable_gqa")
        return TorchLowering(call("F.scaled_dot_product_attention", X, Operand(1), Operand(2), **kwargs))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        q, k = operands[:2]
        keys, values = (self._repeated(b, inputs[i], operands[i], q) for i in (1, 2))
        swap = [*range(q.rank - 1), q.rank, q.rank - 1]
        scale = b.constant(self.scale or 1 / sqrt(q.shape[-1]), "float32")
        scores = b.node("MatMul", b.node("Mul", inputs[0], scale), b.node("Transpose", keys, perm=swap))
        if len(operands) == 4:
            scores = b.node("Add", scores, aligned_onnx(b, inputs[3], operands[3], q.rank))
        if self.is_causal:
            rows = b.constant([[i] for i in range(q.shape[-2])])
            columns = b.constant([list(range(k.shape[-2]))])
            seen = b.node("GreaterOrEqual", rows, columns)
            scores = b.node("Where", seen, scores, b.constant(float("-inf"), "float32"))
        return [b.node("MatMul", b.node("Softmax", scores, axis=-1), values)]

    def _repeated(self, b: OnnxBuilder, value: str, x: TensorType, q: TensorType) -> str:
        """Keys or values with each head as often as heads of `q` read it."""
        if x.shape[:-2] == q.shape[:-2]:
            return value
        heads = x.rank - 2
        times = q.shape[-3] // x.shape[-3]
        apart = b.node("Unsqueeze", value, b.constant([heads + 1]))
        spread = b.node("Expand", apart, b.constant([1] * (heads + 1) + [times, 1, 1]))
        return b.node("Reshape", spread, b.constant([0, *q.shape[:-2], *x.shape[-2:]]))

    @classmethod
    def samples(cls) -> list[Sample]:
        heads = (TensorType((2, 4, 8)), TensorType((2, 5, 8)), TensorType((2, 5, 3)))
        single = (TensorType((4, 8)), TensorType((6, 8)), TensorType((6, 8)))
        return [
            Sample({}, heads),
            Sample({"scale": 0.5}, single),
            Sample({"is_causal": True, "dropout_p": 0.5}, heads),
            Sample({}, (*heads, TensorType((4, 5)))),
            Sample({}, (*heads, TensorType((5,)))),
            Sample({"enable_gqa": True}, (TensorType((4, 3, 8)), TensorType((2, 5, 8)), TensorType((2, 5, 8)))),
        ]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        q, k, v = TensorType((2, 4, 8)), TensorType((2, 5, 8)), TensorType((2, 5, 3))
        return [
            ErrorCase({}, (q, TensorType((2, 5, 7)), v), "E0305"),
            ErrorCase({}, (q, k, TensorType((2, 4, 3))), "E0305"),
            ErrorCase({}, (TensorType((3, 4, 8)), k, v), "E0305"),
            ErrorCase({"enable_gqa": True}, (TensorType((3, 4, 8)), k, v), "E0305"),
            ErrorCase({}, (q, k, v, TensorType((3, 4, 5))), "E0305"),
            ErrorCase({}, (q, k, v, TensorType((1, 2, 4, 5))), "E0305"),
            ErrorCase({"is_causal": True}, (q, k, v, TensorType((4, 5))), "E0308", "is_causal"),
            ErrorCase({}, (TensorType((8,)), k, v), "E0301"),
            ErrorCase({}, (q, TensorType((2, 5, 8), "int64"), v), "E0309"),
        ]

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        found = super().canonical_attributes(operands) | {"scale": self.scale or 1 / sqrt(operands[0].shape[-1])}
        if all(x.shape[:-2] == operands[0].shape[:-2] for x in operands[1:3]):
            found["enable_gqa"] = False
        return found
