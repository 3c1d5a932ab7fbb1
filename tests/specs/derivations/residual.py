"""Residual and densely connected networks for CIFAR, and CondenseNet, from the tables of their papers."""

from __future__ import annotations

from tests.specs.derivations.tally import Tally

CIFAR_SIZES = (32, 16, 8)


def resnet_cifar(blocks: int, *, projected: bool) -> Tally:
    """Section 4.2: 6 n + 2 layers of 16, 32 and 64; option A has no weights in shortcuts, option B projects."""
    t = Tally()
    last = t.conv(3, 16, 3, 32)
    for width, size in zip((16, 32, 64), CIFAR_SIZES, strict=True):
        for _ in range(blocks):
            t.conv(last, width, 3, size)
            t.conv(width, width, 3, size)
            if projected and last != width:
                t.conv(last, width, 1, size)
            last = width
    t.linear(last, 10)
    return t


def preresnet_cifar(units: int) -> Tally:
    """Pre-activation bottlenecks of 9 n + 2 layers: normalisation before each convolution, and after the last unit."""
    t = Tally()
    last = t.conv(3, 16, 3, 32, norm=False)
    before = 32
    for width, size in zip((16, 32, 64), CIFAR_SIZES, strict=True):
        for _ in range(units):
            t.norm(last)
            t.conv(last, width, 1, before, norm=False)
            t.norm(width)
            t.conv(width, width, 3, size, norm=False)
            t.norm(width)
            t.conv(width, 4 * width, 1, size, norm=False)
            if last != 4 * width:
                t.conv(last, 4 * width, 1, size, norm=False)
            last, before = 4 * width, size
    t.norm(last)
    t.linear(last, 10)
    return t


def wide_resnet_cifar(units: int, widen: int) -> Tally:
    """Table 1: pairs of 3x3 of 16 k, 32 k, 64 k, normalised before; 1x1 where the width changes."""
    t = Tally()
    last = t.conv(3, 16, 3, 32, norm=False)
    for width, size in zip((16 * widen, 32 * widen, 64 * widen), CIFAR_SIZES, strict=True):
        for _ in range(units):
            t.norm(last)
            t.conv(last, width, 3, size, norm=False)
            t.norm(width)
            t.conv(width, width, 3, size, norm=False)
            if last != width:
                t.conv(last, width, 1, size, norm=False)
            last = width
    t.norm(last)
    t.linear(last, 10)
    return t


def densenet_bc_cifar(layers: int, growth: int) -> Tally:
    """Section 3: three blocks; 1x1 to four times the growth before each 3x3; transitions halve the channels."""
    t = Tally()
    last = t.conv(3, 2 * growth, 3, 32, norm=False)
    for size in CIFAR_SIZES:
        if size < 32:
            t.norm(last)
            last = t.conv(last, last // 2, 1, 2 * size, norm=False)
        for _ in range(layers):
            t.norm(last)
            t.conv(last, 4 * growth, 1, size)
            t.conv(4 * growth, growth, 3, size, norm=False)
            last += growth
    t.norm(last)
    t.linear(last, 10)
    return t


def condensenet74(groups: int, *, learned: bool) -> Tally:
    """Table 2 and section 4.2: blocks of 4, 6, 8, 10, 8 layers whose growth is 8, 16, 32, 64, 128.

    A learned group convolution reads everything while it is trained; with a condensation factor as large as the number
    of groups, a group keeps one in so many inputs, which are as many as before in all. The classifier keeps half.
    """
    t = Tally()
    last = t.conv(3, 16, 3, 112, norm=False)
    for layers, growth, size in [(4, 8, 112), (6, 16, 56), (8, 32, 28), (10, 64, 14), (8, 128, 7)]:
        for _ in range(layers):
            t.norm(last)
            t.conv(last, 4 * growth, 1, size, groups=1 if learned else groups)
            t.conv(4 * growth, growth, 3, size, groups=groups, norm=False)
            last += growth
    t.norm(last)
    t.linear(last if learned else last // 2, 1000)
    return t
