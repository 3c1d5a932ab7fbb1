"""What a step that failed would most likely give, so that checking goes on behind it.

A guess is made only where it is hardly ever wrong; where it is, later steps would be blamed for the same mistake.
Nothing is ever built from a guess: there is an error already.
"""

from __future__ import annotations

from archdsl.ops.base import Operator, OperatorError, infer
from archdsl.ops.registry import ValidationError, make
from archdsl.types import TensorType

# Attributes that have no part in the shape of what an operator gives.
SHAPELESS = frozenset(
    ("groups", "bias", "p", "eps", "momentum", "affine", "init", "bias_init", "padding_mode", "align_corners")
)
_ELEMENTWISE = frozenset(("add", "sub", "mul", "div", "mean", "maximum", "minimum", "drop_path_mean"))
_SAME_SHAPE = frozenset(("softmax", "log_softmax"))


def likely_outputs(op: Operator, operands: tuple[TensorType, ...], attribute: str) -> tuple[TensorType, ...] | None:
    """Types of what an operator that refused its operands should give; None if that can't be told.

    Args:
        attribute: the one that the refusal names; may be empty.
    """
    if op.name in _ELEMENTWISE:
        return _joined(operands, None)
    if op.name == "concat":
        return _joined(operands, getattr(op, "dim", 0))
    if op.name in _SAME_SHAPE and len(operands) == 1:
        return operands
    if op.name == "reshape" and min(getattr(op, "shape", ()), default=0) > 0:
        return (TensorType(tuple(op.shape), operands[0].dtype),)  # type: ignore[attr-defined]
    if attribute in SHAPELESS:
        return _without(op, operands, attribute)
    return None


def _without(op: Operator, operands: tuple[TensorType, ...], attribute: str) -> tuple[TensorType, ...] | None:
    if type(op).model_fields[attribute].is_required():
        return None
    attributes = {name: value for name, value in op.changed().items() if name != attribute}
    try:
        return infer(make(type(op), attributes), operands)
    except (OperatorError, ValidationError):
        return None


def _joined(operands: tuple[TensorType, ...], dim: int | None) -> tuple[TensorType, ...] | None:
    """The shape that operands of one rank were probably meant to have; summed along `dim`."""
    ranks = {operand.rank for operand in operands}
    if len(ranks) != 1 or len({operand.dtype for operand in operands}) != 1:
        return None
    rank = ranks.pop()
    sizes = [_meant([operand.shape[i] for operand in operands], channels=i == 0) for i in range(rank)]
    if dim is not None:
        if not -rank <= dim < rank:
            return None
        sizes[dim] = sum(operand.shape[dim] for operand in operands)
    return (TensorType(tuple(sizes), operands[0].dtype),)


def _meant(sizes: list[int], channels: bool) -> int:
    """Of channels the most, since the others lack a projection; of heights and widths the half, if one is."""
    least, most = min(sizes), max(sizes)
    return least if not channels and least * 2 <= most + 1 else most


def is_misspelt(word: str, close: str) -> bool:
    """Whether `close` is so surely what was meant that checking goes on with it: longer words, no numbers confused."""
    return bool(close) and len(word) >= 4 and _digits(word) == _digits(close)


def _digits(word: str) -> str:
    return "".join(letter for letter in word if letter.isdigit())
