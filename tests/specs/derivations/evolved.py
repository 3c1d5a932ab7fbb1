"""NASNet-A, PNASNet-5 and AmoebaNet, from the authors' lists of operations and states and their cell.

The lists are those of TF-slim (nets/nasnet) and of tensorflow/tpu (amoeba_net/model_specs.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.specs.derivations.tally import Tally

Block = tuple[str, int, str, int]


@dataclass(frozen=True)
class Cell:
    """Five blocks: an operation and the state it reads, twice each; the states whose concatenation is the output.

    State 0 is the output of the cell before, state 1 that of the one before it, state k + 2 is block k.
    """

    blocks: tuple[Block, ...]
    joined: tuple[int, ...]


NASNET = (
    Cell(
        (
            ("separable_5x5", 0, "separable_3x3", 1),
            ("separable_5x5", 1, "separable_3x3", 1),
            ("avg_pool_3x3", 0, "none", 1),
            ("avg_pool_3x3", 1, "avg_pool_3x3", 1),
            ("separable_3x3", 0, "none", 0),
        ),
        (1, 2, 3, 4, 5, 6),
    ),
    Cell(
        (
            ("separable_5x5", 0, "separable_7x7", 1),
            ("max_pool_3x3", 0, "separable_7x7", 1),
            ("avg_pool_3x3", 0, "separable_5x5", 1),
            ("none", 3, "avg_pool_3x3", 2),
            ("separable_3x3", 2, "max_pool_3x3", 0),
        ),
        (3, 4, 5, 6),
    ),
)
PNASNET = Cell(
    (
        ("separable_5x5", 1, "max_pool_3x3", 1),
        ("separable_7x7", 0, "max_pool_3x3", 0),
        ("separable_5x5", 0, "separable_3x3", 0),
        ("separable_3x3", 4, "max_pool_3x3", 0),
        ("separable_3x3", 1, "none", 0),
    ),
    (2, 3, 4, 5, 6),
)
NORMAL = {
    "a": Cell(
        (
            ("avg_pool_3x3", 0, "max_pool_3x3", 0),
            ("separable_3x3", 1, "none", 1),
            ("none", 0, "avg_pool_3x3", 1),
            ("separable_3x3", 0, "separable_5x5", 2),
            ("avg_pool_3x3", 5, "separable_3x3", 0),
        ),
        (1, 3, 4, 6),
    ),
    "b": Cell(
        (
            ("1x1", 1, "max_pool_3x3", 1),
            ("none", 1, "separable_3x3", 0),
            ("1x1", 1, "separable_3x3", 0),
            ("1x1", 2, "none", 2),
            ("avg_pool_3x3", 1, "1x1", 5),
        ),
        (0, 3, 4, 6),
    ),
    "c": Cell(
        (
            ("avg_pool_3x3", 0, "separable_3x3", 0),
            ("none", 0, "separable_3x3", 0),
            ("avg_pool_3x3", 2, "separable_3x3", 1),
            ("none", 0, "separable_3x3", 1),
            ("avg_pool_3x3", 3, "separable_3x3", 0),
        ),
        (1, 2, 4, 5, 6),
    ),
    "d": Cell(
        (
            ("1x1", 1, "max_pool_3x3", 1),
            ("none", 1, "1x7_7x1", 0),
            ("1x1", 0, "1x7_7x1", 0),
            ("max_pool_3x3", 2, "none", 2),
            ("avg_pool_3x3", 1, "1x1", 5),
        ),
        (0, 3, 4, 6),
    ),
}
REDUCTION = {
    "a": Cell(
        (
            ("separable_3x3", 1, "avg_pool_3x3", 0),
            ("max_pool_3x3", 0, "separable_7x7", 2),
            ("max_pool_3x3", 1, "max_pool_3x3", 0),
            ("separable_3x3", 4, "1x7_7x1", 0),
            ("avg_pool_3x3", 1, "separable_7x7", 0),
        ),
        (2, 3, 4, 5, 6),
    ),
    "b": Cell(
        (
            ("max_pool_2x2", 0, "max_pool_3x3", 0),
            ("none", 2, "3x3", 1),
            ("dil_2_separable_5x5", 2, "max_pool_3x3", 2),
            ("none", 3, "separable_3x3", 1),
            ("avg_pool_3x3", 4, "1x1", 3),
        ),
        (5, 6),
    ),
    "c": Cell(
        (
            ("max_pool_3x3", 0, "max_pool_3x3", 0),
            ("separable_7x7", 2, "separable_3x3", 0),
            ("separable_7x7", 0, "max_pool_3x3", 1),
            ("separable_5x5", 4, "separable_5x5", 4),
            ("max_pool_3x3", 1, "separable_3x3", 1),
        ),
        (0, 2, 3, 4, 5, 6),
    ),
    "d": Cell(
        (
            ("max_pool_2x2", 0, "max_pool_3x3", 0),
            ("none", 2, "3x3", 1),
            ("1x7_7x1", 2, "max_pool_3x3", 2),
            ("none", 3, "max_pool_2x2", 1),
            ("avg_pool_3x3", 2, "1x1", 3),
        ),
        (4, 5, 6),
    ),
}


def _halved(t: Tally, inputs: int, filters: int, size: int) -> None:
    """Half of the channels from even positions, half from odd ones."""
    t.conv(inputs, filters // 2, 1, size, norm=False)
    t.conv(inputs, filters - filters // 2, 1, size, norm=False)
    t.norm(filters)


def _operation(t: Tally, name: str, inputs: int, filters: int, size: int, before: int, strided: bool) -> None:
    """An operation that makes `filters` channels; `strided` if it makes maps of `size` out of maps of `before`."""
    if "separable" in name:
        kernel = int(name[-1])
        for channels in (inputs, filters):
            t.depthwise(channels, kernel, size, norm=False)
            t.conv(channels, filters, 1, size)
    elif name == "3x3":  # between 1x1 to a quarter of the channels and back
        inner = t.conv(inputs, filters // 4, 1, before if strided else size)
        t.conv(inner, inner, 3, size)
        t.conv(inner, filters, 1, size)
    elif name == "1x7_7x1":
        inner = t.conv(inputs, filters // 4, 1, before if strided else size)
        t.conv(inner, inner, (1, 7), 1)  # the width is halved first
        t.mult_adds += 7 * inner * inner * ((before if strided else size) * size - 1)
        t.conv(inner, inner, (7, 1), size)
        t.conv(inner, filters, 1, size)
    elif name == "1x1" or inputs != filters or (name == "none" and strided):
        t.conv(inputs, filters, 1, size)


def network(
    cells: tuple[Cell, Cell],
    repeats: int,
    filters: int,
    *,
    sizes: tuple[int, ...],
    stem: int = 0,
    stem_cells: int = 0,
    inline: bool = False,
    classes: int = 10,
    auxiliary: bool = False,
) -> Tally:
    """A network of a normal and a reduction cell.

    Args:
        cells: the two.
        repeats: normal cells in each of three stages.
        filters: of the first stage.
        sizes: of the maps behind the first convolution and behind each reduction.
        stem: filters of the first convolution; three times those of the first stage if 0.
        stem_cells: reductions before the first stage, at a quarter and half of its filters.
        inline: whether a reduction is the first of a stage's cells.
        classes: of the images.
        auxiliary: whether there is a second classifier at the end of the second stage.
    """
    t = Tally()
    stem = stem or 3 * filters
    t.conv(3, stem, 3, sizes[0])
    states = [(0, 0), (stem, sizes[0])]  # channels and size of the two last outputs; nothing is before the first
    place = 0

    def cell(kind: Cell, width: int, reduces: bool) -> None:
        states[:] = [states[1], _cell(t, kind, states[0], states[1], width, sizes[place], reduces)]

    for number in range(stem_cells):
        place += 1
        cell(cells[1], filters // 2 ** (stem_cells - number), True)
    for stage in range(3):
        if stage:
            place += 1
            cell(cells[1], filters * 2**stage, True)
        for _ in range(repeats - 1 if stage and inline else repeats):
            cell(cells[0], filters * 2**stage, False)
        if stage == 1 and auxiliary:
            _second_classifier(t, *states[1], classes)
    t.linear(states[1][0], classes)
    return t


def _cell(
    t: Tally, kind: Cell, before: tuple[int, int], last: tuple[int, int], width: int, size: int, reduces: bool
) -> tuple[int, int]:
    """A cell on the channels and sizes of the two outputs before it; gives its own."""
    if before[0] and before[1] != last[1]:
        _halved(t, before[0], width, last[1])
    elif before[0]:
        t.conv(before[0], width, 1, last[1])
    channels = {1: width if before[0] else last[0]}
    t.conv(last[0], width, 1, last[1])
    for left, a, right, b in kind.blocks:
        for name, source in ((left, a), (right, b)):
            _operation(t, name, channels.get(source, width), width, size, last[1], reduces and source < 2)
    for state in kind.joined:
        if state < 2 and (reduces or channels.get(state, width) != width):
            _halved(t, channels.get(state, width), width, size)
    return len(kind.joined) * width, size


def _second_classifier(t: Tally, channels: int, size: int, classes: int) -> None:
    """Averages of 5 x 5 with stride 3, 1x1 to 128, all positions to 768, and the classes."""
    after = (size - 5) // 3 + 1
    t.conv(channels, 128, 1, after)
    t.conv(128 * after * after, 768)
    t.linear(768, classes)


CIFAR = {"sizes": (32, 16, 8)}
MOBILE = {"sizes": (111, 56, 28, 14, 7), "stem": 32, "stem_cells": 2, "classes": 1000}
LARGE = {"sizes": (165, 83, 42, 21, 11), "stem_cells": 2, "classes": 1000}
AMOEBANET = {which: (NORMAL[which], REDUCTION[which]) for which in NORMAL}
