"""What is known about one code."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """A kind of finding.

    Attributes:
        title: a few words, the same for every finding with this code.
        explanation: what it means, why it is refused and how to mend it; paragraphs parted by an empty line.
        wrong: a short piece of a spec that has the mistake.
        right: the same piece, mended.
        reference: where the advice comes from; lints have one.
    """

    title: str
    explanation: str = ""
    wrong: str = ""
    right: str = ""
    reference: str = ""
