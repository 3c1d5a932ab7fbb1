"""Where the batch stands in a value of a file, and the same value with the batch in front.

A file may move the batch behind other dimensions, and may join it with others in one dimension of a * N * b numbers:
`nn.MultiheadAttention` computes on [N * heads, T, D], window attention on [N * windows, T, C]. Our value has the batch
first and the other dimensions in their order, a and b apart: [N, T, heads, D], [N, windows, T, C].
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

Shape = tuple[int, ...]


class Layout(NamedTuple):
    """How a value of a file is laid out.

    Attributes:
        place: the dimension in which the batch is.
        outer: how many numbers are joined with it in front (1: none).
        inner: how many are joined with it behind.
    """

    place: int = 0
    outer: int = 1
    inner: int = 1

    @property
    def joined(self) -> Shape:
        """What the batch shares its dimension with, as dimensions of ours."""
        return tuple(size for size in (self.outer, self.inner) if size > 1)

    def ours(self, shape: Sequence[int], batch: int) -> Shape:
        """Our shape of a value with this shape in the file."""
        return (batch, *shape[: self.place], *self.joined, *shape[self.place + 1 :])

    def axis(self, number: int, rank: int) -> int:
        """Our number of a dimension of the file other than the batch's; `rank` is the file's.

        Raises:
            ValueError: for the batch's.
        """
        number %= rank
        if number == self.place:
            raise ValueError("the batch's own dimension")
        return number + 1 if number < self.place else number + len(self.joined)

    def without(self, number: int) -> Layout:
        """The layout once another dimension is gone."""
        return self._replace(place=self.place - 1) if number < self.place else self

    def permuted(self, order: Sequence[int]) -> tuple[list[int], Layout]:
        """Our permutation for one of the file, and the layout behind it."""
        ours = [0]
        for number in order:
            ours += self._axes(number, len(order))
        return ours, self._replace(place=list(order).index(self.place))

    def _axes(self, number: int, rank: int) -> list[int]:
        if number == self.place:
            return [1 + self.place + k for k in range(len(self.joined))]
        return [self.axis(number, rank)]

    def _preference(self, rank: int) -> tuple[int, bool, bool, int]:
        return len(self.joined), self.place == rank - 1, self.outer > 1, self.place

    def reshaped(self, before: Sequence[int], after: Sequence[int], batch: int) -> Layout | None:
        """The layout of a value once it is given another shape; None if the batch is torn apart.

        A batch of 1 may be in several places; those where it stands alone are preferred, then those before the last
        dimension, in which layers work, then those where it is joined with what follows.
        """
        in_front = prod(before[: self.place]) * self.outer
        found: list[Layout] = []
        for place, size in enumerate(after):
            taken = prod(after[:place])
            if not taken or in_front % taken or size % (in_front // taken * batch):
                continue
            outer = in_front // taken
            found.append(Layout(place, outer, size // (outer * batch)))
        return min(found, key=lambda each: each._preference(len(after)), default=None)
