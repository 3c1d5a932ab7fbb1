"""Networks for mobile devices, from the tables of their papers."""

from __future__ import annotations

from tests.specs.derivations.tally import Tally


def mobilenet_v1(width: float) -> Tally:
    """Table 1, all channels times `width`."""
    t = Tally()
    last = t.conv(3, int(32 * width), 3, 112)
    table = [(64, 112), (128, 56), (128, 56), (256, 28), (256, 28), (512, 14), *[(512, 14)] * 5, (1024, 7), (1024, 7)]
    for channels, size in table:
        t.depthwise(last, 3, size)
        last = t.conv(last, int(channels * width), 1, size)
    t.linear(last, 1000)
    return t


# Table 1 of ShuffleNet: channels of stage 2 by the number of groups.
SHUFFLENET_V1 = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}


def shufflenet_v1(groups: int) -> Tally:
    """Table 1 and Figure 2: bottlenecks of a quarter of the unit's channels; the very first 1x1 has no groups.

    A unit with stride 2 makes what the concatenated average of its input doesn't give.
    """
    t = Tally()
    last = t.conv(3, 24, 3, 112)
    for stage, (repeats, size) in enumerate([(4, 28), (8, 14), (4, 7)]):
        channels = SHUFFLENET_V1[groups] * 2**stage
        for unit in range(repeats):
            made = channels - last if unit == 0 else channels
            inner = channels // 4
            before = 2 * size if unit == 0 else size
            t.conv(last, inner, 1, before, groups=1 if stage == unit == 0 else groups)
            t.depthwise(inner, 3, size)
            t.conv(inner, made, 1, size, groups=groups)
            last = channels
    t.linear(last, 1000)
    return t


# Table 5 of ShuffleNetV2: channels of stages 2 to 4, and of the last convolution.
SHUFFLENET_V2 = {
    "x0_5": ((48, 96, 192), 1024),
    "x1_0": ((116, 232, 464), 1024),
    "x1_5": ((176, 352, 704), 1024),
    "x2_0": ((244, 488, 976), 2048),
}


def shufflenet_v2(scale: str, *, excited: bool) -> Tally:
    """Table 5 and Figure 3 (c), (d); with squeeze-and-excitation as wide as the branch at the end of each."""
    t = Tally()
    widths, final = SHUFFLENET_V2[scale]
    last = t.conv(3, 24, 3, 112)
    for width, repeats, size in zip(widths, (4, 8, 4), (28, 14, 7), strict=True):
        half = width // 2
        for unit in range(repeats):
            down = unit == 0
            if down:
                t.depthwise(last, 3, size)
                t.conv(last, half, 1, size)
            t.conv(last if down else half, half, 1, 2 * size if down else size)
            t.depthwise(half, 3, size)
            t.conv(half, half, 1, size)
            if excited:
                t.linear(half, half)
                t.linear(half, half)
            last = width
    t.conv(last, final, 1, 7)
    t.linear(final, 1000)
    return t
