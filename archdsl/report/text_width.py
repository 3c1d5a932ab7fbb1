"""How wide text is: drawings are laid out without a browser."""

from __future__ import annotations

import unicodedata

# Advance widths of Helvetica (and Arial, Liberation Sans) for the characters 32 to 126, in thousandths of the size;
# from the font's metrics file.
_ADVANCES = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 "
    "556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 "
    "1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 "
    "667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 "
    "333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 "
    "556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_WIDTHS = {chr(32 + i): int(width) for i, width in enumerate(_ADVANCES.split())} | {"×": 584, "·": 333, "…": 1000}

# Other fonts run wider than Helvetica; bold does as well.
_SLACK = 1.05
_BOLD = 1.07


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of one line in pixels, with some slack for other fonts."""
    units = sum(_WIDTHS.get(c) or (1000 if unicodedata.east_asian_width(c) in "WF" else 600) for c in text)
    return units * size / 1000 * _SLACK * (_BOLD if bold else 1.0)


def shortened(text: str, most: int) -> str:
    """At most `most` characters, the middle left out."""
    if len(text) <= most:
        return text
    kept = most - 1
    return text[: (kept + 1) // 2] + "…" + text[len(text) - kept // 2 :]
