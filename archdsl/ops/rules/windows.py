"""Windows that slide over one or two axes: what convolutions and pooling share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from archdsl.ops.lowering import Constant

Sides = tuple[int, int]


def per_axis(value: int | tuple[int, ...]) -> tuple[int, ...]:
    """A number of a 1-d operator as the tuple that a 2-d one has."""
    return (value,) if isinstance(value, int) else value


def scalar(values: Sequence[int]) -> Constant:
    """One number where all are equal: what a reader expects to see."""
    return values[0] if len(set(values)) == 1 else tuple(values)


class Window(NamedTuple):
    """A window with its shorthands resolved, one entry for each spatial axis.

    Attributes:
        kernel: elements of the window.
        stride: distance between two windows.
        dilation: distance between two elements of a window.
        padding: elements added before and after each axis.
        sizes: of the input's spatial axes.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[Sides, ...]
    sizes: tuple[int, ...]

    @classmethod
    @lru_cache(maxsize=4096)  # passes ask again and again
    def resolve(
        cls,
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        dilation: tuple[int, ...],
        padding: int | tuple[int, ...] | str,
        sizes: tuple[int, ...],
    ) -> Window:
        """The window over an input with these spatial sizes."""
        extents = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
        return cls(kernel, stride, dilation, _resolved_padding(padding, extents, stride, sizes), sizes)

    @property
    def extents(self) -> tuple[int, ...]:
        """Elements from the window's first to its last, gaps included."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    @property
    def symmetric(self) -> bool:
        """Whether as much is added before as after, as torch's own padding wants it."""
        return all(before == after for before, after in self.padding)

    @property
    def padded(self) -> bool:
        """Whether anything is added."""
        return any(before or after for before, after in self.padding)

    def outputs(self, ceil_mode: bool = False) -> tuple[int, ...]:
        """Windows along each axis; not positive where not even one fits."""
        return tuple(self._along(axis, ceil_mode) for axis in range(len(self.kernel)))

    def _along(self, axis: int, ceil_mode: bool) -> int:
        before, after = self.padding[axis]
        stride, size = self.stride[axis], self.sizes[axis]
        room = size + before + after - self.extents[axis]
        if not ceil_mode:
            return room // stride + 1
        count = -(-room // stride) + 1
        # A window must start inside the input or the padding before it.
        return count - 1 if (count - 1) * stride >= size + before else count

    def overhang(self, ceil_mode: bool) -> tuple[int, ...]:
        """By how much the last window leaves the padded input on each axis; 0 without ceil_mode."""
        ends = zip(self.outputs(ceil_mode), self.stride, self.extents, self.sizes, self.padding, strict=True)
        return tuple(max(0, (n - 1) * s + e - size - sum(sides)) for n, s, e, size, sides in ends)

    def torch_padding(self) -> Constant:
        """The `padding` of a torch function; only where `symmetric`."""
        return scalar([before for before, _ in self.padding])

    def flat_padding(self) -> tuple[int, ...]:
        """The `pad` of F.pad: the last axis first."""
        return tuple(side for sides in reversed(self.padding) for side in sides)

    def onnx_padding(self, more_after: Sequence[int] = ()) -> list[int]:
        """The `pads` of ONNX: all beginnings, then all ends, these enlarged by `more_after`."""
        more = more_after or [0] * len(self.padding)
        ends = [after + extra for (_, after), extra in zip(self.padding, more, strict=True)]
        return [before for before, _ in self.padding] + ends

    def canonical_padding(self) -> int | tuple[int, ...]:
        """The attribute `padding` in numbers: one for each axis, or all sides where they differ."""
        if not self.symmetric:
            return self.flat_padding()
        sides = tuple(before for before, _ in self.padding)
        return sides[0] if len(sides) == 1 else sides


def _resolved_padding(
    padding: int | tuple[int, ...] | str, extents: tuple[int, ...], stride: tuple[int, ...], sizes: tuple[int, ...]
) -> tuple[Sides, ...]:
    axes = len(extents)
    if padding == "half":
        return tuple(((e - 1) // 2, (e - 1) // 2) for e in extents)
    if padding == "same":
        return tuple(_same(*axis) for axis in zip(extents, stride, sizes, strict=True))
    assert not isinstance(padding, str)
    given = per_axis(padding)
    if len(given) == axes:
        return tuple((p, p) for p in given)
    pairs = [(given[i], given[i + 1]) for i in range(0, len(given), 2)]
    return tuple(reversed(pairs))


def _same(extent: int, stride: int, size: int) -> Sides:
    total = max(0, (-(-size // stride) - 1) * stride + extent - size)
    return total // 2, total - total // 2
