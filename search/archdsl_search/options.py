"""What mappings in a sweep file have in common."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class Options(BaseModel):
    """A mapping in a sweep file: what it doesn't know is refused, and `true` is no number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _a_truth_value_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        # pydantic takes it for 1 or 0, and a flag at the wrong place would go unnoticed.
        if isinstance(value, bool) and info.field_name is not None:
            kinds = set(_kinds(cls.model_fields[info.field_name].annotation))
            if kinds & {int, float} and not kinds & {bool, Any}:
                raise ValueError(f"a number is needed, not {str(value).lower()}")
        return value


def _kinds(annotation: Any) -> list[Any]:
    """The types that an annotation is made of."""
    parts = [kind for part in get_args(annotation) for kind in _kinds(part)]
    return parts or [annotation]
