"""Winograd's minimal filtering: a 3x3 convolution with fewer multiplications, as products of matrices.

Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, arXiv:1509.09308, section 4.1; the matrices
are those of F(2x2, 3x3) (section 4.1) and F(4x4, 3x3) (section 4.3).

Algebra, for one tile d of (m + 2) x (m + 2) inputs, a filter g and the m x m outputs y of the tile:

    y = A^T [ (G g G^T) * (B^T d B) ] A                                   * element by element

Summed over input channels, each of the (m + 2)^2 places is a matrix product of its own. With tiles, filters and outputs
as columns of numbers, and (x) the Kronecker product, a layer is

    V = (B^T (x) B^T) d         one product, [(m+2)^2, (m+2)^2] by [(m+2)^2, T C]
    M[p] = V[p] U[p]            one product for each place p, [T, C] by [C, K], where U = (G (x) G) g
    y = (A^T (x) A^T) M         one product, [m^2, (m+2)^2] by [(m+2)^2, T K]

for T tiles, C input and K output channels. A direct convolution multiplies 9 m^2 C K numbers for each tile, M needs
(m + 2)^2 C K: 2.25 times fewer for m = 2, 4 times fewer for m = 4. The second column of A^T is all ones, so a bias is
added to all outputs by adding it to M[(1, 1)].

Side conditions: kernel 3x3, stride 1, dilation 1, one group, padding with zeros (any number on each side). Rounding:
B and A have entries up to 5 and 8, which costs F(4x4, 3x3) about a digit against direct convolution.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from archdsl.backends.torch.inference.allocation import new_in_huge_pages
from archdsl.backends.torch.inference.planned.activations import Activation, Call

# Elements of one of the two working arrays of a block: more leave the cache, fewer make small products.
BLOCK_ELEMENTS = 1 << 20


class Transform(NamedTuple):
    """The three matrices for tiles of m x m outputs."""

    tile: int
    input: Tensor
    filter: Tensor
    output: Tensor

    @property
    def places(self) -> int:
        """Products: (m + 2)^2."""
        return (self.tile + 2) ** 2


def _matrix(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64, device="cpu")


TRANSFORMS: dict[int, Transform] = {
    2: Transform(
        2,
        _matrix((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
        _matrix((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1)),
        _matrix((1, 1, 1, 0), (0, 1, -1, -1)),
    ),
    4: Transform(
        4,
        _matrix(
            (4, 0, -5, 0, 1, 0),
            (0, -4, -4, 1, 1, 0),
            (0, 4, -4, -1, 1, 0),
            (0, -2, -1, 2, 1, 0),
            (0, 2, -1, -2, 1, 0),
            (0, 4, 0, -5, 0, 1),
        ),
        _matrix(
            (1 / 4, 0, 0),
            (-1 / 6, -1 / 6, -1 / 6),
            (-1 / 6, 1 / 6, -1 / 6),
            (1 / 24, 1 / 12, 1 / 6),
            (1 / 24, -1 / 12, 1 / 6),
            (0, 0, 1),
        ),
        _matrix((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1)),
    ),
}


class Filters(NamedTuple):
    """The weights of one convolution, transformed.

    Attributes:
        products: U, [(m + 2)^2, C, K].
        bias: [K], or None.
        input, output: B^T (x) B^T and A^T (x) A^T, in the weights' type.
    """

    tile: int
    products: Tensor
    bias: Tensor | None
    input: Tensor
    output: Tensor


def transformed(weight: Tensor, bias: Tensor | None, tile: int) -> Filters:
    """Weights [K, C, 3, 3] made ready for tiles of tile x tile outputs, in their own type."""
    transform = TRANSFORMS[tile]
    k, c = weight.shape[:2]
    kind = weight.dtype
    both = torch.kron(transform.filter, transform.filter).to(kind)
    taps = weight.permute(2, 3, 1, 0).reshape(9, c * k)
    products = torch.mm(both, taps, out=new_in_huge_pages(transform.places, c * k, dtype=kind))
    sides = [torch.kron(each, each).to(kind).contiguous() for each in (transform.input, transform.output)]
    return Filters(tile, products.view(transform.places, c, k), bias, *sides)


class Grid(NamedTuple):
    """How the outputs of a layer are cut into tiles and blocks of tiles.

    Attributes:
        samples, height, width: of the outputs.
        tile: outputs along each side of a tile.
    """

    samples: int
    height: int
    width: int
    tile: int

    @property
    def rows(self) -> int:
        """Tiles along the height."""
        return -(-self.height // self.tile)

    @property
    def columns(self) -> int:
        """Tiles along the width."""
        return -(-self.width // self.tile)

    @property
    def padded(self) -> tuple[int, int]:
        """Height and width of the input that whole tiles read."""
        return self.tile * self.rows + 2, self.tile * self.columns + 2

    def blocks(self, channels: int) -> Iterator[tuple[slice, slice]]:
        """Samples and rows of tiles that are computed at once, where the wider side has so many channels."""
        row = (self.tile + 2) ** 2 * self.columns * channels
        most = max(1, BLOCK_ELEMENTS // row)
        if most >= self.rows:
            step = _even(self.samples, most // self.rows)
            for i in range(0, self.samples, step):
                yield slice(i, min(self.samples, i + step)), slice(0, self.rows)
            return
        step = _even(self.rows, most)
        for i in range(self.samples):
            for r in range(0, self.rows, step):
                yield slice(i, i + 1), slice(r, min(self.rows, r + step))

    def scratch(self, channels: int) -> int:
        """Elements of one working array."""
        tiles: int = max((s.stop - s.start) * (r.stop - r.start) for s, r in self.blocks(channels)) * self.columns
        return (self.tile + 2) ** 2 * tiles * channels


def _even(total: int, most: int) -> int:
    """The size of parts, at most `most`, that are as equal as possible."""
    return -(-total // -(-total // most))


def calls(
    filters: Filters,
    x: Tensor,
    out: Tensor,
    before: tuple[int, int],
    padded: Tensor,
    scratch: Tensor,
    activation: Activation,
    residual: Tensor | None = None,
) -> list[Call]:
    """The steps of one layer: out = activation(convolution(x) + bias + residual).

    Args:
        filters: the weights.
        x: [N, H, W, C], any strides.
        out: [N, Ho, Wo, K], any strides; where they are computed to.
        before: rows and columns of zeros before x.
        padded: [N, *grid.padded, C], zeros around where x goes; written.
        scratch: two working arrays of `Grid.scratch(max(C, K))` elements, [2, S]; written.
        activation: what is done to each output.
        residual: like out, or out itself.
    """
    n, height, width, _ = out.shape
    grid = Grid(n, height, width, filters.tile)
    top, left = before
    rows, columns = min(x.shape[1], padded.shape[1] - top), min(x.shape[2], padded.shape[2] - left)
    done: list[Call] = [partial(padded[:, top : top + rows, left : left + columns].copy_, x[:, :rows, :columns])]
    for samples, tile_rows in grid.blocks(max(filters.products.shape[1:])):
        done += _block(filters, grid, samples, tile_rows, padded, scratch, out, activation, residual)
    return done


def _block(
    filters: Filters,
    grid: Grid,
    samples: slice,
    rows: slice,
    padded: Tensor,
    scratch: Tensor,
    out: Tensor,
    activation: Activation,
    residual: Tensor | None,
) -> list[Call]:
    m, (places, c, k) = grid.tile, filters.products.shape
    shape = (samples.stop - samples.start, rows.stop - rows.start, grid.columns)
    tiles = shape[0] * shape[1] * shape[2]
    sample, line, place, _ = padded.stride()
    start = padded.storage_offset() + samples.start * sample + m * rows.start * line
    read = padded.as_strided((m + 2, m + 2, *shape, c), (line, place, sample, m * line, m * place, 1), start)
    first, second = scratch
    cut = first[: places * tiles * c]
    moved = second[: places * tiles * c]
    product = first[: places * tiles * k].view(places, tiles, k)
    back = second[: m * m * tiles * k].view(m * m, tiles * k)
    done: list[Call] = [
        partial(cut.view(m + 2, m + 2, *shape, c).copy_, read),
        partial(torch.mm, filters.input, cut.view(places, tiles * c), out=moved.view(places, tiles * c)),
        partial(torch.bmm, moved.view(places, tiles, c), filters.products, out=product),
    ]
    if filters.bias is not None:
        done.append(partial(product[m + 3].add_, filters.bias))
    done.append(partial(torch.mm, filters.output, product.view(places, tiles * k), out=back))
    made = back.view(m, m, *shape, k).permute(2, 3, 0, 4, 1, 5)
    for tile_row, i, line_range in _cuts(rows.start, rows.stop, grid.height, m):
        for tile_column, j, place_range in _cuts(0, grid.columns, grid.width, m):
            where = (samples, line_range, place_range)
            counts = (tile_row.stop - tile_row.start, i.stop, tile_column.stop - tile_column.start, j.stop)
            added = None if residual is None else _tiled(residual[where], counts)
            done += activation.written(made[:, tile_row, i, tile_column, j], _tiled(out[where], counts), added)
    return done


def _cuts(first: int, last: int, size: int, m: int) -> Iterator[tuple[slice, slice, slice]]:
    """Along one axis, for tiles first to last: which of them, which outputs of each, and where these are."""
    end = min(size, m * last)
    whole = end // m - first
    if whole > 0:
        yield slice(0, whole), slice(0, m), slice(m * first, m * (first + whole))
    if end > m * (first + whole):
        yield slice(whole, whole + 1), slice(0, end - m * (first + whole)), slice(m * (first + whole), end)


def _tiled(y: Tensor, counts: tuple[int, int, int, int]) -> Tensor:
    """[n, H, W, K] as [n, tile rows, rows of a tile, tile columns, columns of a tile, K]."""
    line, place = y.stride()[1:3]
    (n, *_, k), (rows, inner, columns, step) = y.shape, counts
    strides = (y.stride(0), inner * line, line, step * place, place, y.stride(3))
    return y.as_strided((n, rows, inner, columns, step, k), strides, y.storage_offset())
