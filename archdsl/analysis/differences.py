"""What a comparison of two networks says: figures, cells, steps, weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

# Raised when a field of the JSON form changes its meaning or goes; new fields leave it.
SCHEMA_VERSION = 1
FIGURES = ("params", "buffers", "mult_adds", "flops", "memory_access", "memory_access_bytes", "peak_activation")

Kind = Literal["added", "removed", "changed", "renamed"]
Shapes = tuple[tuple[int, ...], ...]


class Figure(NamedTuple):
    """One figure of cost, for one sample."""

    before: int
    after: int

    @property
    def delta(self) -> int:
        """By how much it grew."""
        return self.after - self.before

    @property
    def percent(self) -> float | None:
        """The growth relative to before; None if there was nothing."""
        return 100 * self.delta / self.before if self.before else None


class LayerChange(NamedTuple):
    """A step that differs.

    Attributes:
        kind: `changed` if attributes, shapes or what it reads differ; `renamed` if only the path does.
        path_before, path_after: the step's paths; empty where it does not exist.
        op: the operator.
        cell: the path of the cell call it stands in, and the cell's name; after the change, where there is an after.
        attributes: values before and after of the attributes that differ.
        shapes_before, shapes_after: shapes of the outputs for one sample.
        reads_before, reads_after: paths of what it reads, where that differs.
        params_before, params_after: trainable parameters.
    """

    kind: Kind
    path_before: str
    path_after: str
    op: str
    cell: tuple[str, str]
    attributes: dict[str, tuple[Any, Any]]
    shapes_before: Shapes
    shapes_after: Shapes
    reads_before: tuple[str, ...]
    reads_after: tuple[str, ...]
    params_before: int
    params_after: int


class WeightFit(NamedTuple):
    """What becomes of the weights of the first network in the second, by key of the `state_dict`.

    Attributes:
        same: keys that both have, with one shape.
        renamed: weights of steps that correspond, with one shape, under another key.
        reshaped: keys or steps that correspond and have another shape: keys, then shapes before and after.
        gone: keys of the first that nothing in the second corresponds to.
        new: keys of the second that nothing in the first corresponds to.
        params: parameters of the first; `params_kept` those that fit, renamed ones included.
    """

    same: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    reshaped: tuple[tuple[str, str, tuple[int, ...], tuple[int, ...]], ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]
    params: int
    params_kept: int


class CellChange(NamedTuple):
    """A cell call that differs.

    Attributes:
        kind: `added` and `removed` for a call that is new or gone with all that is in it, which is counted here and has
            no rows of its own; `changed` for one whose own steps differ.
        path, cell: of the call.
        layers: how many of its steps differ.
        params: parameters that it adds, or that are gone with it.
    """

    kind: Kind
    path: str
    cell: str
    layers: int
    params: int


@dataclass(frozen=True)
class Comparison:
    """Two networks side by side.

    Attributes:
        names: of the two.
        equal: whether they are one network: equal canonical forms. Their steps may have other names.
        inputs, outputs: shapes by name, before and after, of those that differ; None where there is none.
        figures: cost by name (see `CostReport`), for one sample.
        cells: cell calls that are gone, then those that are new, then others with steps that differ.
        layers: steps that differ, in order of the first network, then what is added.
        weights: which weights of the first fit the second.
    """

    names: tuple[str, str]
    equal: bool
    inputs: dict[str, tuple[tuple[int, ...] | None, tuple[int, ...] | None]]
    outputs: dict[str, tuple[tuple[int, ...] | None, tuple[int, ...] | None]]
    figures: dict[str, Figure]
    cells: tuple[CellChange, ...]
    layers: tuple[LayerChange, ...]
    weights: WeightFit

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain data, keys always in the same order."""
        return {
            "schema_version": SCHEMA_VERSION,
            "before": self.names[0],
            "after": self.names[1],
            "equal": self.equal,
            "figures": {
                name: {**figure._asdict(), "delta": figure.delta, "percent": figure.percent}
                for name, figure in self.figures.items()
            },
            "inputs": {name: {"before": a, "after": b} for name, (a, b) in self.inputs.items()},
            "outputs": {name: {"before": a, "after": b} for name, (a, b) in self.outputs.items()},
            "cells": [cell._asdict() for cell in self.cells],
            "layers": [_layer_data(layer) for layer in self.layers],
            "weights": _weights_data(self.weights),
        }


def _layer_data(layer: LayerChange) -> dict[str, Any]:
    data = layer._asdict()
    path, cell = data.pop("cell")
    attributes = {name: {"before": a, "after": b} for name, (a, b) in data.pop("attributes").items()}
    return {**data, "cell_path": path, "cell": cell, "attributes": attributes}


def _weights_data(weights: WeightFit) -> dict[str, Any]:
    return {
        **weights._asdict(),
        "renamed": [{"before": a, "after": b} for a, b in weights.renamed],
        "reshaped": [{"before": a, "after": b, "shape_before": c, "shape_after": d} for a, b, c, d in weights.reshaped],
    }
