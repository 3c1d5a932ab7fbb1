"""Shuffles written as reshape, transpose, reshape: the same for all formats."""

from __future__ import annotations

from collections.abc import Sequence

Shape = tuple[int, ...]


def shuffled(before: Shape, apart: Shape, after: Shape, order: Sequence[int]) -> tuple[str, dict[str, int]] | None:
    """The operator and its attributes, if reshaping, transposing and reshaping again amount to one.

    Args:
        before: shape of the operand, the batch included.
        apart: shape in which it is transposed.
        after: shape of the result.
        order: the transposition's, the batch included.
    """
    swaps_channels = list(order) == [0, 2, 1, *range(3, len(apart))]
    if swaps_channels and before == after and len(before) > 1 and len(apart) > 2 and apart[1] * apart[2] == before[1]:
        return "channel_shuffle", {"groups": apart[1]}
    if len(before) != 4 or len(after) != 4 or len(apart) != 6:
        return None
    if list(order) == [0, 1, 4, 2, 5, 3] and apart[2] == apart[3] and apart[4:] == before[2:]:
        factor = apart[2]
        if after == (before[0], apart[1], factor * before[2], factor * before[3]):
            return "pixel_shuffle", {"upscale_factor": factor}
    if list(order) == [0, 1, 3, 5, 2, 4] and apart[3] == apart[5] and apart[1] == before[1]:
        factor = apart[3]
        if after == (before[0], before[1] * factor**2, before[2] // factor, before[3] // factor):
            return "pixel_unshuffle", {"downscale_factor": factor}
    return None
