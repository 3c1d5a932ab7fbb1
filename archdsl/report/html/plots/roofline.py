"""Arithmetic intensity of the layers; with a device, under its roof.

Layers of one kind that lie in nearly the same place are one mark, so that a plot has a bounded number of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log10, sqrt
from typing import NamedTuple

from archdsl.analysis.latency.device import DeviceProfile
from archdsl.report.data import NetworkData
from archdsl.report.html.plots.scale import LogScale
from archdsl.report.palette import KINDS
from archdsl.report.text_width import shortened
from archdsl.report.units import human, human_seconds

WIDTH, HEIGHT = 560.0, 380.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 16.0, 16.0, 48.0
_CELLS = 12  # places in a decade
_SMALLEST, _LARGEST = 2.5, 16.0


class Mark(NamedTuple):
    """A circle: centre, radius, kind of operator, what it stands for."""

    x: float
    y: float
    radius: float
    kind: str
    text: str


@dataclass(frozen=True)
class Roofline:
    """The plot. `roof` is the path of the device's bounds, empty without one; `ridge` where they meet.

    Attributes:
        left_out: layers that move data and compute nothing; they have no place on a logarithmic axis.
        left_out_share: what these move, as a share of all bytes.
    """

    x: LogScale
    y: LogScale
    marks: list[Mark]
    kinds: list[tuple[str, str]]
    roof: str
    ridge: tuple[float, str] | None
    left_out: int
    left_out_share: float


@dataclass
class _Group:
    """Layers in one place of the plot."""

    ops: dict[str, int]
    flops: int = 0
    bytes: int = 0
    seconds: float = 0.0

    @property
    def layers(self) -> int:
        return sum(self.ops.values())


def roofline(network: NetworkData, device: DeviceProfile | None) -> Roofline | None:
    """The plot of a network; None if no layer computes anything."""
    groups = _groups(network)
    if not groups:
        return None
    intensities = [group.flops / group.bytes for group in groups.values()]
    heights = [_height(group, network, device) for group in groups.values()]
    spread = [*intensities, device.ridge] if device else intensities
    x = LogScale.around(spread, LEFT, WIDTH - RIGHT, 0.08)
    peak = [device.peak_flops, device.attainable(x.low)] if device else []
    y = LogScale.around([*heights, *peak], HEIGHT - BOTTOM, TOP, 0.08)
    marks = [_mark(key[0], group, x, y, network, device) for key, group in groups.items()]
    idle = [row for row in network.cost.layers if not row.flops and row.memory_access_bytes]
    total = network.cost.memory_access_bytes
    present = {mark.kind for mark in marks}
    return Roofline(
        x,
        y,
        sorted(marks, key=lambda mark: -mark.radius),
        [(kind, KINDS[kind].label) for kind in KINDS if kind in present],
        _roof(device, x, y) if device else "",
        (x.at(device.ridge), f"{device.ridge:.3g} operations per byte") if device else None,
        len(idle),
        sum(row.memory_access_bytes for row in idle) / total if total else 0.0,
    )


def _groups(network: NetworkData) -> dict[tuple[str, int, int], _Group]:
    kinds, times = network.kinds, network.times
    found: dict[tuple[str, int, int], _Group] = {}
    for number, row in enumerate(network.cost.layers):
        if not row.flops or not row.memory_access_bytes:
            continue
        intensity = row.flops / row.memory_access_bytes
        key = (kinds[row.op], round(_CELLS * log10(intensity)), round(_CELLS * log10(row.flops)))
        group = found.setdefault(key, _Group({}))
        group.ops[row.op] = group.ops.get(row.op, 0) + 1
        group.flops += row.flops
        group.bytes += row.memory_access_bytes
        group.seconds += times[number] if times else 0.0
    return found


def _height(group: _Group, network: NetworkData, device: DeviceProfile | None) -> float:
    """Operations a second: predicted, or what the device allows; without one, operations of a layer."""
    if network.latency is not None and group.seconds > 0:
        return group.flops / group.seconds
    return device.attainable(group.flops / group.bytes) if device else group.flops / group.layers


def _mark(
    kind: str, group: _Group, x: LogScale, y: LogScale, network: NetworkData, device: DeviceProfile | None
) -> Mark:
    report = network.cost
    part = group.seconds / network.seconds if network.seconds else group.flops / report.flops
    radius = max(_SMALLEST, min(_LARGEST, 30 * sqrt(part)))
    ops = shortened(", ".join(f"{n} × {op}" if n > 1 else op for op, n in group.ops.items()), 120)
    text = f"{ops}\n{group.flops / group.bytes:.3g} operations per byte, {human(group.flops)} operations"
    text += f" ({group.flops / report.flops:.1%} of all)"
    if device:
        text += f"\n{'predicted' if network.latency else 'at least'} {human_seconds(group.seconds)} ({part:.1%})"
    height = y.at(_height(group, network, device))
    return Mark(x.at(group.flops / group.bytes), height, round(radius, 1), kind, text)


def _roof(device: DeviceProfile, x: LogScale, y: LogScale) -> str:
    low, ridge, high = (y.at(device.attainable(i)) for i in (x.low, device.ridge, x.high))
    return f"M{x.start} {low}L{x.at(device.ridge)} {ridge}L{x.end} {high}"
