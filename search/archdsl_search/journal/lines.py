"""One line of a journal: a JSON object with its checksum.

    {"kind":"result", ... ,"sum":"1c291ca3","time":{"at":"2026-01-01T12:00:00Z", ... ,"sum":"0b8f7c11"}}

`sum` is the CRC-32, in eight hexadecimal digits, of the UTF-8 text of the object without `sum` and `time`, as this
module writes it. Whatever differs between two runs of one sweep stands in `time`, which has a sum of its own: without
`time`, the lines of two such runs are equal byte by byte.
"""

from __future__ import annotations

import json
from typing import Any
from zlib import crc32


class DamagedLineError(ValueError):
    """A line that is not what was written."""


def encode(fields: dict[str, Any], time: dict[str, Any]) -> bytes:
    """The line, with its end.

    Raises:
        ValueError: for a number that is not finite.
    """
    return f"{_summed(fields)[:-1]},{_text({'time': 0})[1:-2]}{_summed(time)}}}\n".encode()


def decode(line: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of a line, without its end, and what stands under `time`.

    Raises:
        DamagedLineError: if it is not exactly what `encode` wrote.
    """
    try:
        fields = json.loads(line)
        time = fields.pop("time")
        del fields["sum"], time["sum"]
        if encode(fields, time) == line + b"\n":
            return fields, time
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    raise DamagedLineError


def _summed(fields: dict[str, Any]) -> str:
    text = _text(fields)
    separator = "," if fields else ""
    return f'{text[:-1]}{separator}"sum":"{crc32(text.encode()):08x}"}}'


def _text(fields: dict[str, Any]) -> str:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
