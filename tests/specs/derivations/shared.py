"""DARTS and ENAS, from the genotypes that their authors publish."""

from __future__ import annotations

from collections.abc import Sequence

from tests.specs.derivations.tally import Tally

# For each of four nodes two operations and what they read: 0 and 1 are the cells before (1 the last), then the nodes.
DARTS = {
    "v1": (
        "sep_3 1 sep_3 0 skip 0 sep_3 1 skip 0 sep_3 1 sep_3 0 skip 2",
        "max 0 max 1 skip 2 max 0 max 0 skip 2 skip 2 avg 0",
    ),
    "v2": (
        "sep_3 0 sep_3 1 sep_3 0 sep_3 1 sep_3 1 skip 0 skip 0 dil_3 2",
        "max 0 max 1 skip 2 max 1 max 0 skip 2 skip 2 max 1",
    ),
}


def _pairs(text: str) -> list[tuple[str, int]]:
    words = text.split()
    return [(name, int(source)) for name, source in zip(words[::2], words[1::2], strict=True)]


def _halved(t: Tally, inputs: int, filters: int, size: int) -> None:
    """Half of the channels from even positions, half from odd ones."""
    t.conv(inputs, filters // 2, 1, size, norm=False)
    t.conv(inputs, filters // 2, 1, size, norm=False)
    t.norm(filters)


def _separable(t: Tally, channels: int, kernel: int, size: int, times: int) -> None:
    for _ in range(times):
        t.depthwise(channels, kernel, size, norm=False)
        t.conv(channels, channels, 1, size)


def darts(which: str, *, imagenet: bool = False, training: bool = False) -> Tally:
    """20 cells of 36 channels for CIFAR, 14 of 48 for ImageNet; reductions at a third and two thirds."""
    t = Tally()
    layers, width, classes, size = (14, 48, 1000, 28) if imagenet else (20, 36, 10, 32)
    if imagenet:
        for inputs, outputs, after in [(3, 24, 112), (24, 48, 56), (48, 48, 28)]:
            t.conv(inputs, outputs, 3, after)
        before, last = (48, 56), (48, 28)
    else:
        t.conv(3, 108, 3, 32)
        before = last = (108, 32)
    for layer in range(layers):
        reduces = layer in (layers // 3, 2 * layers // 3)
        width, size = (2 * width, size // 2) if reduces else (width, size)
        if before[1] != last[1]:
            _halved(t, before[0], width, last[1])
        else:
            t.conv(before[0], width, 1, last[1])
        t.conv(last[0], width, 1, last[1])
        for name, source in _pairs(DARTS[which][reduces]):
            if name in ("sep_3", "dil_3"):
                _separable(t, width, 3, size, 2 if name == "sep_3" else 1)
            elif name == "skip" and reduces and source < 2:
                _halved(t, width, width, size)
        before, last = last, (4 * width, size)
        if training and layer == 2 * layers // 3:  # averages of 5 x 5 leave 2 x 2
            t.conv(last[0], 128, 1, 2)
            t.conv(128 * 4, 768, norm=not imagenet)
            t.linear(768, classes)
    t.linear(last[0], classes)
    return t


# cifar10_micro_final.sh: for each node two inputs and operations (0: 3x3, 1: 5x5, 2: average, 3: maximum, 4: identity).
ENAS_MICRO = ("0 2 0 0 0 4 0 1 0 4 1 1 1 0 0 1 0 2 1 1", "1 0 1 0 0 3 0 2 1 1 3 1 1 0 0 4 0 3 1 1")


def enas_micro(*, training: bool = False) -> Tally:
    """15 cells and 2 reductions of 36 channels at first; 1x1 where a width differs, and always on the last output."""
    t = Tally()
    width, size = 36, 32
    t.conv(3, 108, 3, 32)
    before = last = (108, 32)
    for layer in range(17):
        reduces = layer in (5, 11)
        width, size = (2 * width, size // 2) if reduces else (width, size)
        if before[1] != last[1]:
            _halved(t, before[0], width, last[1])
        elif before[0] != width:
            t.conv(before[0], width, 1, last[1])
        if last[0] != width:
            t.conv(last[0], width, 1, last[1])
        t.conv(width, width, 1, last[1])
        numbers = [int(n) for n in ENAS_MICRO[reduces].split()]
        for source, operation in zip(numbers[::2], numbers[1::2], strict=True):
            if operation < 2:
                _separable(t, width, (3, 5)[operation], size, 2)
            elif operation == 4 and reduces and source < 2:
                _halved(t, width, width, size)
        before, last = last, (len({*range(2, 7)} - {*numbers[::2]}) * width, size)
        if training and layer == 12:  # averages of 5 x 5 leave 2 x 2, and so does the padded 2 x 2 on them
            t.conv(last[0], 128, 1, 2)
            t.conv(128, 768, 2, 2)
            t.linear(768, 10, bias=False)
    t.linear(last[0], 10, bias=False)
    return t


# cifar10_macro_final.sh: for each layer the operation (0, 1: 3x3; 2, 3: 5x5), then which earlier outputs are joined.
ENAS_MACRO = """
0
3 0
0 1 0
2 0 0 1
2 0 0 0 0
3 1 1 0 1 0
2 0 0 0 0 0 1
2 0 1 1 0 1 1 1
1 0 1 1 1 0 1 0 1
0 0 0 0 0 0 0 0 0 0
2 0 0 0 0 0 1 0 0 0 0
0 1 0 0 1 1 0 0 0 0 1 1
2 0 1 0 0 0 0 0 1 0 1 1 0
1 0 0 1 0 0 0 1 1 1 0 1 0 1
0 1 1 0 1 0 1 0 0 0 0 0 1 0 0
2 0 0 1 0 0 0 0 0 0 0 1 0 1 0 1
2 0 1 0 0 0 1 0 0 1 1 1 1 0 0 1 0
2 0 0 0 0 1 0 1 0 1 0 0 1 0 1 0 0 1
3 0 1 1 0 1 0 0 0 0 0 1 0 1 0 1 0 0 0
3 0 1 1 0 0 0 0 0 0 0 0 0 1 1 0 0 0 0 1
0 1 0 0 1 0 1 1 0 0 0 1 0 0 0 0 0 1 1 0 0
3 0 1 0 1 1 0 0 1 0 1 1 0 1 1 0 1 0 0 1 0 0
0 1 0 1 0 1 0 0 0 0 0 0 0 0 1 0 1 0 0 1 0 0 0
0 1 1 0 0 0 1 1 1 0 1 0 0 0 1 0 1 0 0 1 1 0 0 0
"""


def enas_macro(width: int = 96) -> Tally:
    """24 layers of 96 channels, doubled behind each third; every earlier output is halved there, read or not."""
    t = Tally()
    arc: Sequence[list[int]] = [[int(n) for n in line.split()] for line in ENAS_MACRO.split("\n") if line]
    size = 32
    t.conv(3, width, 3, size)
    for layer, (operation, *joined) in enumerate(arc):
        t.conv(width, width, 1, size)
        t.conv(width, width, (3, 3, 5, 5)[operation], size)
        if layer:
            t.conv((sum(joined) + 1) * width, width, 1, size)
        if layer in (7, 15):
            size //= 2
            for _ in range(layer + 2):
                _halved(t, width, 2 * width, size)
            width *= 2
    t.linear(width, 10, bias=False)
    return t
