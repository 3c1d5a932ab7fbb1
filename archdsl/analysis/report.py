"""What a count of costs says: totals, one row per layer, one per cell call."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from archdsl.analysis.options import CostOptions

# Raised when a field of the JSON form changes its meaning or goes; new fields leave it.
SCHEMA_VERSION = 1


class OperatorCost(NamedTuple):
    """Totals over nodes: how many there are, and as in `CostReport`."""

    nodes: int
    params: int
    mult_adds: int
    flops: int
    memory_access: int


class LayerCost(NamedTuple):
    """One node.

    Attributes:
        path: the step's path.
        key: what the names of its weights in the `state_dict` begin with; empty if it has none.
        op: name of the operator.
        cell: the cell call it stands in, as an index into `CostReport.cells`.
        output_shapes: shape of each output for one sample.
        params: trainable parameters; 0 where an earlier node shares them.
        mult_adds, flops, memory_access, memory_access_bytes: for the whole batch, as in `CostReport`.
    """

    path: str
    key: str
    op: str
    cell: int
    output_shapes: tuple[tuple[int, ...], ...]
    params: int
    mult_adds: int
    flops: int
    memory_access: int
    memory_access_bytes: int
    merged_into: str = ""


class CellCost(NamedTuple):
    """One cell call, with all that is within it; the first is the network itself.

    Attributes:
        cell: name of the cell.
        path: path of the call; calls that share weights have one path and are several rows.
        parent: index of the cell call around it, -1 for the network.
        depth: how many calls are around it.
        nodes: how many nodes it has.
    """

    cell: str
    path: str
    parent: int
    depth: int
    nodes: int
    params: int
    mult_adds: int
    flops: int
    memory_access: int


@dataclass(frozen=True)
class CostReport:
    """Cost of one forward pass. All figures are exact integers for the whole batch.

    Attributes:
        name: the network's name.
        batch_size: samples in the batch.
        params: trainable parameters, shared ones once.
        buffers: elements of state that is not trained (running means).
        mult_adds: multiply-accumulates of convolutions, linears, matmuls, attention, recurrent layers and
            correlations, without biases: what most papers call FLOPs.
        flops: 2 * mult_adds and every element-wise operation (biases, activations, normalisation, pooling, sums).
        memory_access: elements read and written by all nodes, each for itself, weights and buffers included: shared
            weights whenever they are read (the memory access cost of arXiv:1807.11164).
        memory_access_bytes: the same in bytes, floats as `options.dtype` says, int64 in eight.
        peak_activation: the largest number of elements of activations alive at one time, inputs included.
        peak_activation_bytes: the largest number of bytes alive at one time.
        inputs, outputs: shapes for one sample.
        by_operator: totals for each kind of operator, by name: `flops` itemised.
        cells: the cell calls as a tree in pre-order; `parent` is an index into it.
        layers: one row for each node, in graph order.
        options: how the network is thought to be run.
    """

    name: str
    batch_size: int
    params: int
    buffers: int
    mult_adds: int
    flops: int
    memory_access: int
    memory_access_bytes: int
    peak_activation: int
    peak_activation_bytes: int
    inputs: dict[str, tuple[int, ...]]
    outputs: dict[str, tuple[int, ...]]
    by_operator: dict[str, OperatorCost]
    cells: tuple[CellCost, ...]
    layers: tuple[LayerCost, ...]
    options: CostOptions = field(default_factory=CostOptions)

    @property
    def arithmetic_intensity(self) -> float:
        """Floating-point operations for each byte moved; 0 for a network that moves nothing."""
        return self.flops / self.memory_access_bytes if self.memory_access_bytes else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data, keys always in the same order."""
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.name,
            "batch_size": self.batch_size,
            "params": self.params,
            "buffers": self.buffers,
            "mult_adds": self.mult_adds,
            "flops": self.flops,
            "memory_access": self.memory_access,
            "memory_access_bytes": self.memory_access_bytes,
            "peak_activation": self.peak_activation,
            "peak_activation_bytes": self.peak_activation_bytes,
            "arithmetic_intensity": self.arithmetic_intensity,
            "options": asdict(self.options),
            "inputs": {name: list(shape) for name, shape in self.inputs.items()},
            "outputs": {name: list(shape) for name, shape in self.outputs.items()},
            "by_operator": {op: total._asdict() for op, total in self.by_operator.items()},
            "cells": [cell._asdict() for cell in self.cells],
            "layers": [layer._asdict() for layer in self.layers],
        }

    def to_json(self, indent: int | None = None) -> str:
        """The report as JSON; `schema_version` tells readers what to expect."""
        return json.dumps(self.to_dict(), indent=indent)
