"""Plain scalars by the core schema of YAML 1.2 (section 10.3.2): `no` is a text, `1e-5` a float, `0777` is 777."""

from __future__ import annotations

import re

from archdsl.spec.source.limits import LARGEST_INTEGER

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER = re.compile(
    r"(?P<int>[-+]?[0-9]+)|0x(?P<hex>[0-9a-fA-F]+)|0o(?P<oct>[0-7]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
)
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_STARTS = frozenset("0123456789-+.")
_LONGEST_DIGITS = 400


class TooLargeError(ValueError):
    """An integer beyond 2^53, or a float beyond the largest."""


class NotANumberError(ValueError):
    """`.inf` and `.nan`, which no attribute takes."""


def resolve(text: str) -> bool | int | float | str | None:
    """The value of a plain scalar.

    Raises:
        TooLargeError: the number does not fit.
        NotANumberError: it is `.inf` or `.nan`.
    """
    if text and text[0] in _NUMBER_STARTS:
        return _number(text)
    return _CONSTANTS.get(text, text) if len(text) < 6 else text


def _number(text: str) -> int | float | str:
    match = _NUMBER.fullmatch(text)
    if match is None:
        if _NO_NUMBER.fullmatch(text):
            raise NotANumberError(text)
        return text
    digits, base = match.group(match.lastgroup or 0), {"int": 10, "hex": 16, "oct": 8}.get(match.lastgroup or "")
    # Python refuses to read thousands of digits, and nothing that long fits anyway.
    if len(digits) > _LONGEST_DIGITS:
        raise TooLargeError(text)
    if base is None:
        return checked_float(digits)
    value = int(digits, base)
    if abs(value) > LARGEST_INTEGER:
        raise TooLargeError(text)
    return value


def checked_float(text: str) -> float:
    """The float that `text` writes; raises `TooLargeError` where that is infinite."""
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise TooLargeError(text)
    return value
