"""Kinds of attributes that several operators share. Files give lists; models hold tuples."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

# Integers of the language, and every product of them that is a size, stay below this.
LARGEST = 2**53


def _pair(value: Any) -> Any:
    """One number for both directions."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value, value)
    return value


PositiveInt: TypeAlias = Annotated[int, Field(ge=1, lt=LARGEST)]
NonNegativeInt: TypeAlias = Annotated[int, Field(ge=0, lt=LARGEST)]
Dimension: TypeAlias = Annotated[int, Field(ge=-8, le=8)]

Finite: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
PositiveFloat: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Probability: TypeAlias = Annotated[float, Field(ge=0, le=1)]

# A spatial size: one int for height and width, or [height, width].
Size2: TypeAlias = Annotated[tuple[PositiveInt, PositiveInt], BeforeValidator(_pair)]
Size2OrZero: TypeAlias = Annotated[tuple[NonNegativeInt, NonNegativeInt], BeforeValidator(_pair)]

# Padding of a 2-d window: int, [vertical, horizontal], [left, right, top, bottom], `half` =
# dilation * (kernel_size - 1) // 2 on both sides, `same` = TensorFlow's: the output has ceil(size / stride), the odd
# element goes to the bottom and right.
Padding2: TypeAlias = (
    Annotated[tuple[NonNegativeInt, NonNegativeInt], BeforeValidator(_pair)]
    | tuple[NonNegativeInt, NonNegativeInt, NonNegativeInt, NonNegativeInt]
    | Literal["half", "same"]
)
# The same along one axis: int, [left, right], `half`, `same`.
Padding1: TypeAlias = NonNegativeInt | tuple[NonNegativeInt, NonNegativeInt] | Literal["half", "same"]

PADDING2 = (
    "Zeros around the input: int, [vertical, horizontal], [left, right, top, bottom], `half` "
    "(dilation * (kernel_size - 1) // 2), or `same` (TensorFlow's: the output has ceil(size / stride), the odd "
    "element at the bottom and right)."
)
