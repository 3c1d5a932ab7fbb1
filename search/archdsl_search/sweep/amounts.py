"""Seconds and bytes as people write them: 90, 20m, 2h; 500M, 4G."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_BYTES = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_AMOUNT = re.compile(r"\s*([0-9.]+)\s*([a-zA-Z]+)\s*")


def _seconds(value: Any) -> Any:
    return _amount(value, _SECONDS, "seconds, or an amount as in 90s, 20m, 2h")


def _bytes(value: Any) -> Any:
    found = _amount(value, _BYTES, "bytes, or an amount as in 500M, 4G")
    return int(found) if isinstance(found, float) else found


def _amount(value: Any, units: dict[str, int], meant: str) -> Any:
    if not isinstance(value, str):
        return value
    parts = _AMOUNT.fullmatch(value)
    unit = units.get(parts[2].lower().removesuffix("ib").removesuffix("b") or "b") if parts else None
    try:
        if parts and unit:
            return float(parts[1]) * unit
        return float(value)
    except ValueError:
        raise ValueError(f"{meant} is needed, not `{value}`") from None


Seconds: TypeAlias = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
Bytes: TypeAlias = Annotated[int, BeforeValidator(_bytes), Field(gt=0)]
