"""Several values become one, element by element: sums, products, means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from archdsl.ops.base import ErrorCase, OpCost, Operator, Sample
from archdsl.ops.lowering import Expr, Infix, Literal, TorchLowering, call
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.broadcasting import aligned, aligned_onnx, broadcast, require_same_dtype
from archdsl.ops.rules.checks import require_dtype
from archdsl.types import TensorType

IMAGE = TensorType((3, 4, 5))
VECTOR = TensorType((5,))
TOKENS = TensorType((4,), "int64")

# Up to here a sum is written in a row; a longer one as a balanced tree, whose depth stays within what compilers take.
LONGEST_ROW = 16


class ElementwiseMerge(Operator):
    """Operands broadcast to one shape, then one result per element."""

    family: ClassVar[str] = "merging"
    operands: ClassVar[tuple[str, ...]] = ("*xs",)
    floats_only: ClassVar[bool] = False
    onnx_type: ClassVar[str]

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        require_same_dtype(self, operands)
        if self.floats_only:
            require_dtype(self, operands[0])
        return (TensorType(broadcast(self, operands), operands[0].dtype),)

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """One operation per element and further operand."""
        made = outputs[0].elements
        read = sum(x.elements for x in operands)
        return OpCost(elementwise=(len(operands) - 1) * made, reads=read, writes=made)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        rank = max(x.rank for x in operands)
        return TorchLowering(_folded(self.pair, [aligned(i, operands, rank) for i in range(len(operands))]))

    def pair(self, left: Expr, right: Expr) -> Expr:
        """Two operands in PyTorch."""
        raise NotImplementedError

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        rank = max(x.rank for x in operands)
        values = [aligned_onnx(b, value, x, rank) for value, x in zip(inputs, operands, strict=True)]
        if len(values) == 1:
            return [b.node("Identity", values[0])]
        return [_folded(lambda left, right: b.node(self.onnx_type, left, right), values)]

    @classmethod
    def samples(cls) -> list[Sample]:
        found = [
            Sample({}, (IMAGE, IMAGE)),
            Sample({}, (IMAGE, TensorType((3, 1, 1)))),
            Sample({}, (VECTOR, IMAGE)),
            Sample({}, (TensorType((4, 1)), TensorType(()))),
        ]
        if cls.operands == ("*xs",):
            found += [
                Sample({}, (IMAGE,)),
                Sample({}, (IMAGE, VECTOR, IMAGE)),
                Sample({}, (VECTOR,) * (LONGEST_ROW + 1)),
            ]
        return found if cls.floats_only else [*found, Sample({}, (TOKENS, TOKENS))]

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        return [
            ErrorCase({}, (IMAGE, TensorType((3, 4, 6))), "E0305"),
            ErrorCase({}, (IMAGE, TensorType((3,))), "E0305"),
            ErrorCase({}, (VECTOR, TensorType((5,), "int64")), "E0309"),
            *([ErrorCase({}, (TOKENS, TOKENS), "E0309")] if cls.floats_only else []),
        ]


def _folded(pair: Callable[[Any, Any], Any], values: Sequence[Any]) -> Any:
    if len(values) > LONGEST_ROW:
        middle = len(values) // 2
        return pair(_folded(pair, values[:middle]), _folded(pair, values[middle:]))
    result = values[0]
    for value in values[1:]:
        result = pair(result, value)
    return result


class Add(ElementwiseMerge):
    """Sum of the values, element by element."""

    name: ClassVar[str] = "add"
    onnx_type: ClassVar[str] = "Add"
    commutative: ClassVar[bool] = True
    reference: ClassVar[str] = "torch.add"

    def pair(self, left: Expr, right: Expr) -> Expr:
        return Infix("+", left, right)


class Mul(ElementwiseMerge):
    """Product of the values, element by element."""

    name: ClassVar[str] = "mul"
    onnx_type: ClassVar[str] = "Mul"
    commutative: ClassVar[bool] = True
    keeps_zero: ClassVar[bool] = True
    reference: ClassVar[str] = "torch.mul"

    def pair(self, left: Expr, right: Expr) -> Expr:
        return Infix("*", left, right)


class Maximum(ElementwiseMerge):
    """Largest of the values, element by element."""

    name: ClassVar[str] = "maximum"
    onnx_type: ClassVar[str] = "Max"
    commutative: ClassVar[bool] = True
    reference: ClassVar[str] = "torch.maximum"

    def pair(self, left: Expr, right: Expr) -> Expr:
        return call("torch.maximum", left, right)


class Minimum(ElementwiseMerge):
    """Smallest of the values, element by element."""

    name: ClassVar[str] = "minimum"
    onnx_type: ClassVar[str] = "Min"
    commutative: ClassVar[bool] = True
    reference: ClassVar[str] = "torch.minimum"

    def pair(self, left: Expr, right: Expr) -> Expr:
        return call("torch.minimum", left, right)


class Mean(ElementwiseMerge):
    """Mean of the values, element by element: their sum divided by their number."""

    name: ClassVar[str] = "mean"
    onnx_type: ClassVar[str] = "Add"
    commutative: ClassVar[bool] = True
    floats_only: ClassVar[bool] = True
    reference: ClassVar[str] = "torch.mean over stacked operands"

    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Additions as in `add`, and one division per element."""
        made = outputs[0].elements
        divided = made if len(operands) > 1 else 0
        return super().cost(operands, outputs)._replace(elementwise=(len(operands) - 1) * made + divided)

    def pair(self, left: Expr, right: Expr) -> Expr:
        return Infix("+", left, right)

    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        total = super().torch(operands)
        return total if len(operands) == 1 else TorchLowering(Infix("/", total.result, Literal(len(operands))))

    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        (total,) = super().onnx(b, inputs, operands)
        return [b.node("Div", total, b.constant(len(operands), "float32"))] if len(operands) > 1 else [total]


class Sub(ElementwiseMerge):
    """Difference a - b, element by element."""

    name: ClassVar[str] = "sub"
    operands: ClassVar[tuple[str, ...]] = ("a", "b")
    onnx_type: ClassVar[str] = "Sub"
    reference: ClassVar[str] = "torch.sub"

    def pair(self, left: Expr, right: Expr) -> Expr:
        return Infix("-", left, right)


class Div(ElementwiseMerge):
    """Quotient a / b, element by element."""

    name: ClassVar[str] = "div"
    operands: ClassVar[tuple[str, ...]] = ("a", "b")
    onnx_type: ClassVar[str] = "Div"
    floats_only: ClassVar[bool] = True
    reference: ClassVar[str] = "torch.div"

    def pair(self, left: Expr, right: Expr) -> Expr:
        return Infix("/", left, right)
