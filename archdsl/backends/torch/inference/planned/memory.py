"""The memory of one run at a time: the block that values share, and views of it."""

from __future__ import annotations

from collections.abc import Set
from copy import copy
from math import prod

import torch
from torch import Tensor

from archdsl.backends.torch.inference.allocation import new_in_huge_pages
from archdsl.backends.torch.inference.planned.layout import Layout, is_image, is_planned
from archdsl.ir.graph import Value

KINDS = {"int64": torch.int64, "bool": torch.bool}


class Memory:
    """Views of the values of a graph for batches of one size."""

    def __init__(self, layout: Layout, samples: int, scratch: int):
        """`scratch` is the number of elements of each of the two arrays that steps work in."""
        self.samples = samples
        self._batch = samples
        self._layout = layout
        self._block = new_in_huge_pages(samples * layout.size)
        self._others: dict[Value, Tensor] = {}
        self._padded: dict[tuple[int, ...], Tensor] = {}
        self._first = 0
        self._inner: Set[Value] = frozenset()
        self.scratch = new_in_huge_pages(2, scratch)

    def sample(self, number: int, inner: Set[Value]) -> Memory:
        """The same memory for one sample; roots that are `inner` are the same for all samples."""
        one = copy(self)
        one.samples, one._first, one._inner = 1, number, inner
        return one

    def _start(self, root: Value) -> int:
        skipped = 0 if root in self._inner else self._first * prod(root.type.shape)
        return self._batch * self._layout.offsets[root] + skipped

    def value(self, value: Value) -> Tensor:
        """A value as torch's functions see it, [N, ...]; images [N, C, H, W]."""
        if is_image(value):
            return self.pixels(value).permute(0, 3, 1, 2)
        if not is_planned(value):
            if value not in self._others:
                shape = (self.samples, *value.type.shape)
                self._others[value] = torch.empty(shape, dtype=KINDS[value.type.dtype])
            return self._others[value]
        root, channel = self._layout.place(value)
        start = self._start(root)
        if root is not value and is_image(root):  # one pixel
            length = root.type.shape[0]
            return self._block.as_strided((self.samples, *value.type.shape), (length, 1), start + channel)
        return self._block[start : start + self.samples * prod(value.type.shape)].view(self.samples, *value.type.shape)

    def pixels(self, value: Value) -> Tensor:
        """An image as [N, H, W, C]."""
        root, channel = self._layout.place(value)
        c, h, w = value.type.shape
        length = root.type.shape[0]
        start = self._start(root) + channel
        return self._block.as_strided((self.samples, h, w, c), (h * w * length, w * length, length, 1), start)

    def rows(self, value: Value) -> Tensor:
        """An image as a matrix, a row for each pixel: [N H W, C]."""
        x = self.pixels(value)
        n, h, w, c = x.shape
        return x.as_strided((n * h * w, c), (x.stride(2), 1), x.storage_offset())

    def padded(self, channels: int, height: int, width: int, before: tuple[int, int], size: tuple[int, int]) -> Tensor:
        """[N, height, width, C], zeros around the rectangle of `size` behind `before`; layers alike share it."""
        key = (self.samples, channels, height, width, *before, *size)
        if key not in self._padded:
            self._padded[key] = torch.zeros(self.samples, height, width, channels)
        return self._padded[key]
