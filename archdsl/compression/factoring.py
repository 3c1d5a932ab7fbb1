"""Low-rank factorisation: a convolution or linear becomes two thinner ones, by singular values.

A weight seen as a matrix M is close to the product of two of rank r, from the r largest singular values; no other pair
of that rank is closer (Eckart and Young, 1936). `bottleneck` sees a convolution as [out, in * height * width]: the same
window with r filters, then 1x1 (arXiv:1404.0736, section 3.2). `spatial` sees it as [in * height, out * width]: a
column of the window, then a row (arXiv:1405.3866, section 2.2, scheme 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from archdsl.compression.budgets import Budget, excess
from archdsl.compression.compressed import Change, Compressed, compressed
from archdsl.compression.errors import CompressionError
from archdsl.compression.rewriting import Step, rewritten
from archdsl.compression.weighted import Array, WeightedGraph, float64, weighted
from archdsl.ir.graph import Node
from archdsl.ops.registry import make, operators
from archdsl.pipeline.architecture import Architecture

if TYPE_CHECKING:
    from archdsl.pipeline.building import Weights

Scheme = Literal["bottleneck", "spatial"]
# Shares of the squared singular values are tried in so many steps when a budget is to be met.
ENERGY_STEPS = 200


def factorize(
    architecture: Architecture,
    weights: Weights | None = None,
    *,
    energy: float | None = None,
    params: float | None = None,
    mult_adds: float | None = None,
    scheme: Scheme = "bottleneck",
) -> Compressed:
    """Replace convolutions and linears by pairs of low rank where that makes them smaller.

    Args:
        architecture: the network; layers of auxiliary heads stay as they are.
        weights: of it, as of `archdsl.compile`.
        energy: share of each layer's squared singular values that is kept; 0.9 if there is no budget.
        params, mult_adds: the budget, in place of `energy`: a share of what there is, up to 1, or a number. The
            largest energy within it is taken.
        scheme: `bottleneck` or `spatial`, for convolutions of more than one element each way; others and linears
            have but one way.

    Raises:
        CompressionError: if the budget cannot be reached, or nothing becomes smaller.
        ArchdslError: E1001 if the weights don't fit.
    """
    budgeted = params is not None or mult_adds is not None
    if budgeted and energy is not None:
        raise CompressionError("energy and a budget give different answers: take one of them")
    if energy is not None and not 0 < energy <= 1:
        raise CompressionError(f"energy = {energy} is out of range: above 0, up to 1")
    network = weighted(architecture, weights)
    layers = _layers(network, scheme)
    limits = Budget(params, mult_adds).limits(network.main) if budgeted else {}
    ranks = _ranks_within(network, layers, limits) if budgeted else _ranks(layers, energy or 0.9)
    if not ranks:
        raise CompressionError(f"no layer of {architecture.name} becomes smaller at this energy")
    made = _factored(network, layers, ranks)
    said = f"{architecture.name} with layers of low rank ({scheme})."
    changes = [layers[path].change(rank) for path, rank in ranks.items()]
    return compressed(made, architecture, said, f"{architecture.name}_factorized", changes)


@dataclass(eq=False)
class _Layer:
    """A weight that can be factorised, as a matrix.

    Attributes:
        path: of its nodes.
        matrix: [rows, columns], double precision.
        spatial: whether it is split along its window.
        node: the first node that reads it.
        arrays: its weights.
    """

    path: str
    matrix: Array
    spatial: bool
    node: Node
    arrays: Mapping[str, Array]

    @cached_property
    def svd(self) -> tuple[Array, Array, Array]:
        """Left vectors, singular values, right vectors."""
        left, values, right = np.linalg.svd(self.matrix, full_matrices=False)
        return left, values, right

    @cached_property
    def kept(self) -> Array:
        """Share of the squared singular values that each rank keeps, rank 1 first."""
        squares = self.svd[1] ** 2
        return np.asarray(np.cumsum(squares) / max(squares.sum(), np.finfo(np.float64).tiny))

    @property
    def smaller_below(self) -> int:
        """The first rank at which two layers have as many weights as one."""
        rows, columns = self.matrix.shape
        return int(-(-rows * columns // (rows + columns)))

    def rank(self, energy: float) -> int | None:
        """The least rank that keeps so much, or None if the pair would not be smaller."""
        rank = int(np.searchsorted(self.kept, energy - 1e-12)) + 1
        return rank if rank < self.smaller_below else None

    def change(self, rank: int) -> Change:
        """What happens to it at this rank."""
        error = float(np.sqrt(max(0.0, 1 - self.kept[rank - 1])))
        figures = {"full_rank": len(self.kept), "rank": rank, "relative_error": error}
        return Change(self.path, f"rank {len(self.kept)} -> {rank}, relative error {error:.3f}", figures)

    def steps(self, rank: int) -> list[Step]:
        """The pair of layers; each gets the square roots of the singular values."""
        left, values, right = self.svd
        roots = np.sqrt(values[:rank])
        first, second = roots[:, None] * right[:rank], left[:, :rank] * roots
        return self._spatial_pair(first, second, rank) if self.spatial else self._pair(first, second, rank)

    def _pair(self, first: Array, second: Array, rank: int) -> list[Step]:
        weight, name = self.arrays["weight"], self.node.op.name
        bias = {"bias": self.arrays["bias"]} if "bias" in self.arrays else {}
        thin = {"weight": _like(weight, first.reshape(rank, *weight.shape[1:]))}
        wide = {"weight": _like(weight, second.reshape(len(weight), rank, *[1] * (weight.ndim - 2))), **bias}
        if name == "linear":
            ops = {"out_features": rank, "bias": False}, {"out_features": len(weight), "bias": bool(bias)}
        else:
            kept = self.node.op.changed("kernel_size", "stride", "padding", "dilation", "padding_mode")
            ops = (
                {**kept, "out_channels": rank, "kernel_size": self.node.op.kernel_size, "bias": False},  # type: ignore[attr-defined]
                {"out_channels": len(weight), "kernel_size": 1, "bias": bool(bias)},
            )
        return [_step(name, ops[0], "_thin", thin), _step(name, ops[1], "_wide", wide)]

    def _spatial_pair(self, first: Array, second: Array, rank: int) -> list[Step]:
        """The matrix is [out * width, in * height]: the first layer is a column, the second a row."""
        weight, op = self.arrays["weight"], self.node.op
        out, read, height, width = weight.shape
        bias = {"bias": self.arrays["bias"]} if "bias" in self.arrays else {}
        column = {"weight": _like(weight, first.reshape(rank, read, height, 1))}
        row = {"weight": _like(weight, second.reshape(out, width, rank).transpose(0, 2, 1)[:, :, None, :]), **bias}
        pads = _paddings(self.node)
        steps = []
        for axis, (label, count, arrays) in enumerate((("_column", rank, column), ("_row", out, row))):
            attributes = {
                "out_channels": count, "kernel_size": _along(axis, (height, width), 1), "padding": pads[axis],
                "stride": _along(axis, op.stride, 1), "dilation": _along(axis, op.dilation, 1),  # type: ignore[attr-defined]
                "bias": "bias" in arrays,
            }  # fmt: skip
            steps.append(_step("conv2d", attributes, label, arrays))
        return steps


def _step(name: str, attributes: Mapping[str, Any], label: str, arrays: Mapping[str, Array]) -> Step:
    return Step(make(operators()[name], attributes), label, arrays)


def _along(axis: int, pair: Sequence[int], other: int) -> tuple[int, int]:
    """The number of this axis, `other` for the other one."""
    return (pair[0], other) if axis == 0 else (other, pair[1])


def _paddings(node: Node) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
    """Left, right, top, bottom for the column, then for the row."""
    top, left = node.op.window(node.operands[0].type).padding  # type: ignore[attr-defined]
    return (0, 0, *top), (*left, 0, 0)


def _like(weight: Array, made: Array) -> Array:
    return np.ascontiguousarray(made, dtype=weight.dtype)


def _layers(network: WeightedGraph, scheme: Scheme) -> dict[str, _Layer]:
    """Every layer that could become smaller, by path."""
    found: dict[str, _Layer] = {}
    for node in network.main.nodes:
        if node.path not in found and (layer := _layer(node, network, scheme)):
            found[node.path] = layer
    return found


def _layer(node: Node, network: WeightedGraph, scheme: Scheme) -> _Layer | None:
    name = node.op.name
    if name not in ("conv1d", "conv2d", "linear") or getattr(node.op, "groups", 1) != 1:
        return None
    arrays = network.arrays[node.path]
    weight = float64(arrays, "weight")
    spatial = scheme == "spatial" and weight.ndim == 4 and min(weight.shape[2:]) > 1
    if not spatial:
        return _Layer(node.path, weight.reshape(len(weight), -1), False, node, arrays)
    if node.op.padding_mode != "zeros":  # type: ignore[attr-defined]
        return None
    out, read, height, width = weight.shape
    matrix = weight.transpose(0, 3, 1, 2).reshape(out * width, read * height)
    return _Layer(node.path, matrix, True, node, arrays)


def _ranks(layers: Mapping[str, _Layer], energy: float) -> dict[str, int]:
    found = {path: layer.rank(energy) for path, layer in layers.items()}
    return {path: rank for path, rank in found.items() if rank is not None}


def _factored(network: WeightedGraph, layers: Mapping[str, _Layer], ranks: Mapping[str, int]) -> WeightedGraph:
    steps = {path: layers[path].steps(rank) for path, rank in ranks.items()}
    return rewritten(network, lambda node: steps.get(node.path))


def _ranks_within(network: WeightedGraph, layers: Mapping[str, _Layer], limits: dict[str, int]) -> dict[str, int]:
    """The ranks of the largest energy, in steps, at which the network is within its limits."""

    def attempt(step: int) -> tuple[dict[str, int], dict[str, int]]:
        ranks = _ranks(layers, step / ENERGY_STEPS)
        return ranks, excess(_factored(network, layers, ranks).main, limits)

    low, high = 1, ENERGY_STEPS
    ranks, over = attempt(low)
    if over:
        (name, value), *_ = over.items()
        raise CompressionError(f"low rank reaches {value:,} {name} at the least, the budget is {limits[name]:,}")
    while low < high:
        middle = (low + high + 1) // 2
        tried, over = attempt(middle)
        if over:
            high = middle - 1
        else:
            low, ranks = middle, tried
    return ranks
