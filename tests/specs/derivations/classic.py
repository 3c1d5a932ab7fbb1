"""Networks before batch normalisation, and the Inception family, from the tables and figures of their papers."""

from __future__ import annotations

from tests.specs.derivations.tally import Tally


def alexnet_caffe() -> Tally:
    """Two groups, 227 x 227 (Krizhevsky et al. 2012, Figure 2): maps of 55, 27, 13, and 6 after the last pooling."""
    t = Tally()
    for inputs, outputs, kernel, size, groups in [
        (3, 96, 11, 55, 1),
        (96, 256, 5, 27, 2),
        (256, 384, 3, 13, 1),
        (384, 384, 3, 13, 2),
        (384, 256, 3, 13, 2),
    ]:
        t.conv(inputs, outputs, kernel, size, groups=groups, bias=True, norm=False)
    for inputs, outputs in [(256 * 6 * 6, 4096), (4096, 4096), (4096, 1000)]:
        t.linear(inputs, outputs)
    return t


def nin_imagenet() -> Tally:
    """The authors' model: a convolution and two 1x1 of its width, four times; maps of 54, 27, 13, 6."""
    t = Tally()
    last = 3
    for width, kernel, size, out in [(96, 11, 54, 96), (256, 5, 27, 256), (384, 3, 13, 384), (1024, 3, 6, 1000)]:
        t.conv(last, width, kernel, size, bias=True, norm=False)
        t.conv(width, width, 1, size, bias=True, norm=False)
        last = t.conv(width, out, 1, size, bias=True, norm=False)
    return t


def overfeat_accurate() -> Tally:
    """Table 3, 221 x 221: 7x7/2 to 108, pooled to 36, 7x7 to 30, pooled to 15, four of 3x3, pooled to 5."""
    t = Tally()
    for inputs, outputs, kernel, size in [
        (3, 96, 7, 108),
        (96, 256, 7, 30),
        (256, 512, 3, 15),
        (512, 512, 3, 15),
        (512, 1024, 3, 15),
        (1024, 1024, 3, 15),
    ]:
        t.conv(inputs, outputs, kernel, size, bias=True, norm=False)
    for inputs, outputs in [(1024 * 5 * 5, 4096), (4096, 4096), (4096, 1000)]:
        t.linear(inputs, outputs)
    return t


# Table 1 of GoogLeNet: size of the maps, 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
GOOGLENET = {
    "3a": (28, 64, 96, 128, 16, 32, 32),
    "3b": (28, 128, 128, 192, 32, 96, 64),
    "4a": (14, 192, 96, 208, 16, 48, 64),
    "4b": (14, 160, 112, 224, 24, 64, 64),
    "4c": (14, 128, 128, 256, 24, 64, 64),
    "4d": (14, 112, 144, 288, 32, 64, 64),
    "4e": (14, 256, 160, 320, 32, 128, 128),
    "5a": (7, 256, 160, 320, 32, 128, 128),
    "5b": (7, 384, 192, 384, 48, 128, 128),
}


def googlenet_caffe(training: bool = False) -> Tally:
    """Table 1; in training two heads of section 5: pooled to 4 x 4, 1x1 to 128, 1024, 1000."""
    t = Tally()
    t.conv(3, 64, 7, 112, bias=True, norm=False)
    t.conv(64, 64, 1, 56, bias=True, norm=False)
    last = t.conv(64, 192, 3, 56, bias=True, norm=False)
    for module, (size, one, reduce3, three, reduce5, five, projected) in GOOGLENET.items():
        for inputs, outputs, kernel in [
            (last, one, 1),
            (last, reduce3, 1),
            (reduce3, three, 3),
            (last, reduce5, 1),
            (reduce5, five, 5),
            (last, projected, 1),
        ]:
            t.conv(inputs, outputs, kernel, size, bias=True, norm=False)
        last = one + three + five + projected
        if training and module in ("4a", "4d"):
            t.conv(last, 128, 1, 4, bias=True, norm=False)
            t.linear(128 * 4 * 4, 1024)
            t.linear(1024, 1000)
    t.linear(last, 1000)
    return t


# Figure 5 of the paper on batch normalisation: size, 1x1, 3x3 reduce, 3x3, double 3x3 reduce, double 3x3, pool
# projection; without 1x1 and projection where the size is halved.
BN_INCEPTION = [
    (28, 64, 64, 64, 64, 96, 32),
    (28, 64, 64, 96, 64, 96, 64),
    (28, 0, 128, 160, 64, 96, 0),
    (14, 224, 64, 96, 96, 128, 128),
    (14, 192, 96, 128, 96, 128, 128),
    (14, 160, 128, 160, 128, 160, 128),
    (14, 96, 128, 192, 160, 192, 128),
    (14, 0, 128, 192, 192, 256, 0),
    (7, 352, 192, 320, 160, 224, 128),
    (7, 352, 192, 320, 192, 224, 128),
]


def bn_inception(*, bias: bool, excited: bool) -> Tally:
    """Batch normalisation behind every convolution; with squeeze-and-excitation (r = 16) behind every module."""
    t = Tally()
    t.conv(3, 64, 7, 112, bias=bias)
    t.conv(64, 64, 1, 56, bias=bias)
    last = t.conv(64, 192, 3, 56, bias=bias)
    for size, one, reduce3, three, reduce5, five, projected in BN_INCEPTION:
        halved = one == 0
        after = size // 2 if halved else size
        if not halved:
            t.conv(last, one, 1, size, bias=bias)
            t.conv(last, projected, 1, size, bias=bias)
        t.conv(last, reduce3, 1, size, bias=bias)
        t.conv(reduce3, three, 3, after, bias=bias)
        t.conv(last, reduce5, 1, size, bias=bias)
        t.conv(reduce5, five, 3, size, bias=bias)
        t.conv(five, five, 3, after, bias=bias)
        last = three + five + (last if halved else one + projected)
        if excited:
            t.linear(last, last // 16)
            t.linear(last // 16, last)
    t.linear(last, 1000)
    return t


def inception_resnet_v1() -> Tally:
    """Figures 10 to 15: 5, 10 and 5 blocks at 35, 17 and 8; the last 1x1 of a block has biases and no normalisation."""
    t = Tally()
    for inputs, outputs, kernel, size in [
        (3, 32, 3, 149),
        (32, 32, 3, 147),
        (32, 64, 3, 147),
        (64, 80, 1, 73),
        (80, 192, 3, 71),
        (192, 256, 3, 35),
    ]:
        t.conv(inputs, outputs, kernel, size)
    for _ in range(5):  # Figure 10
        for inputs, outputs, kernel in [
            (256, 32, 1),
            (256, 32, 1),
            (32, 32, 3),
            (256, 32, 1),
            (32, 32, 3),
            (32, 32, 3),
        ]:
            t.conv(inputs, outputs, kernel, 35)
        t.conv(96, 256, 1, 35, bias=True, norm=False)
    for inputs, outputs, kernel, size in [(256, 384, 3, 17), (256, 192, 1, 35), (192, 192, 3, 35), (192, 256, 3, 17)]:
        t.conv(inputs, outputs, kernel, size)  # Figure 7 with k, l, m, n = 192, 192, 256, 384
    for _ in range(10):  # Figure 11
        t.conv(896, 128, 1, 17)
        t.conv(896, 128, 1, 17)
        t.conv(128, 128, (1, 7), 17)
        t.conv(128, 128, (7, 1), 17)
        t.conv(256, 896, 1, 17, bias=True, norm=False)
    for inputs, outputs, kernel, size in [
        (896, 256, 1, 17),
        (256, 384, 3, 8),
        (896, 256, 1, 17),
        (256, 256, 3, 8),
        (896, 256, 1, 17),
        (256, 256, 3, 17),
        (256, 256, 3, 8),
    ]:
        t.conv(inputs, outputs, kernel, size)  # Figure 12
    for _ in range(5):  # Figure 13
        t.conv(1792, 192, 1, 8)
        t.conv(1792, 192, 1, 8)
        t.conv(192, 192, (1, 3), 8)
        t.conv(192, 192, (3, 1), 8)
        t.conv(384, 1792, 1, 8, bias=True, norm=False)
    t.linear(1792, 1000)
    return t
