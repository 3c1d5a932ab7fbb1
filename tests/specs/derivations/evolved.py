"""AmoebaNet, from the authors' lists of operations and states (tensorflow/tpu, model_specs.py) and their cell."""

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


def _operation(t: Tally, name: str, filters: int, size: int, strided: bool) -> None:
    """An operation on as many channels as it makes; `strided` if it halves the maps to `size`."""
    if "separable" in name:
        kernel = int(name[-1])
        for _ in range(2):
            t.depthwise(filters, kernel, size, norm=False)
            t.conv(filters, filters, 1, size)
    elif name in ("3x3", "1x7_7x1"):  # between 1x1 to a quarter of the channels and back
        inner = filters // 4
        t.conv(filters, inner, 1, 2 * size - SIZES_ODD.get(size, 0) if strided else size)
        for kernel in ((3, 3),) if name == "3x3" else ((1, 7), (7, 1)):
            if name == "1x7_7x1" and strided and kernel == (1, 7):
                t.params += 7 * inner * inner + 2 * inner
                t.mult_adds += 7 * inner * inner * size * (2 * size - SIZES_ODD.get(size, 0))
            else:
                t.conv(inner, inner, kernel, size)
        t.conv(inner, filters, 1, size)
    elif name == "1x1" or (name == "none" and strided):
        t.conv(filters, filters, 1, size)


# Maps that are halved from an odd size n have (n + 1) / 2: the size before is 2 * after - 1.
SIZES_ODD = {83: 0, 42: 1, 21: 0, 11: 1, 56: 1, 28: 0, 14: 0, 7: 0}


def amoebanet(
    which: str, repeats: int, filters: int, *, stem: int, stem_cells: int, sizes: tuple[int, ...], classes: int
) -> Tally:
    """The network of a pair of cells.

    Args:
        which: of the cells.
        repeats: normal cells in each of three stages.
        filters: of the first stage.
        stem: filters of the first convolution.
        stem_cells: reductions before the first stage, at a quarter and half of its filters.
        sizes: of the maps behind the first convolution and behind each reduction.
        classes: of the images.
    """
    t = Tally()
    t.conv(3, stem, 3, sizes[0])
    states: list[tuple[int, int]] = [(0, 0), (stem, sizes[0])]  # channels and size of the two last outputs

    def cell(kind: Cell, width: int, size: int, reduces: bool) -> None:
        (before, before_size), (last, last_size) = states
        if before:
            if before_size != last_size:
                _halved(t, before, width, last_size)
            elif before != width:
                t.conv(before, width, 1, last_size)
        p_channels = width if before else last
        t.conv(last, width, 1, last_size)
        for left, a, right, b in kind.blocks:
            for name, source in ((left, a), (right, b)):
                strided = reduces and source < 2
                if source == 1 and p_channels != width:
                    _first(t, name, p_channels, width, size, last_size, strided)
                else:
                    _operation(t, name, width, size, strided)
        made = 0
        for state in kind.joined:
            channels = p_channels if state == 1 else width
            if state < 2 and (reduces or channels != width):
                _halved(t, channels, width, size)
            made += width
        states[:] = [states[1], (made, size)]

    place = 0
    for number in range(stem_cells):
        place += 1
        cell(REDUCTION[which], filters // 2 ** (stem_cells - number), sizes[place], True)
    for stage in range(3):
        if stage:
            place += 1
            cell(REDUCTION[which], filters * 2**stage, sizes[place], True)
        for _ in range(repeats):
            cell(NORMAL[which], filters * 2**stage, sizes[place], False)
    t.linear(states[-1][0], classes)
    return t


def _first(t: Tally, name: str, inputs: int, filters: int, size: int, before: int, strided: bool) -> None:
    """An operation on what is not yet as wide as the cell: the first cell of all has nothing before it."""
    if "separable" in name:
        kernel = int(name[-1])
        t.depthwise(inputs, kernel, size, norm=False)
        t.conv(inputs, filters, 1, size)
        t.depthwise(filters, kernel, size, norm=False)
        t.conv(filters, filters, 1, size)
    elif name in ("3x3", "1x7_7x1"):
        raise NotImplementedError(name)
    else:
        t.conv(inputs, filters, 1, size)
