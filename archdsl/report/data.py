"""What a report says, once, for every format: networks with their costs, parts, findings, and how they compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from archdsl.analysis.latency.device import DeviceProfile
from archdsl.analysis.latency.prediction import LatencyReport, predicted
from archdsl.analysis.latency.roofline import Bound, bound_of
from archdsl.ir.collector import paused
from archdsl.ir.graph import Graph
from archdsl.report.palette import FAMILIES
from archdsl.report.parts import Part, operator_parts, path_parts

if TYPE_CHECKING:
    from archdsl.analysis.report import CostReport

# Raised when a field of the JSON form changes its meaning or goes; new fields leave it.
SCHEMA_VERSION = 1


class Figure(NamedTuple):
    """A total that networks are compared by: attribute of `CostReport`, name for people, what it is counted in."""

    key: str
    label: str
    unit: str


FIGURES = (
    Figure("params", "Parameters", ""),
    Figure("mult_adds", "Multiply-adds", ""),
    Figure("flops", "Operations", ""),
    Figure("memory_access", "Memory access", "elements"),
    Figure("memory_access_bytes", "Memory access", "B"),
    Figure("peak_activation_bytes", "Peak activation", "B"),
)
# Less is better in each of them; the front is drawn over these.
PARETO = ("params", "mult_adds", "memory_access")


@dataclass(frozen=True)
class Finding:
    """A guideline or lint that a network breaks.

    Attributes:
        code: the stable code, `G0101`.
        message: one sentence.
        path: the step; empty for the whole network.
        place: file, line and column; empty if there is none.
        notes: numbers and explanations.
        edit: what to change; may be empty.
        gain: what that is predicted to save; may be empty.
    """

    code: str
    message: str
    path: str = ""
    place: str = ""
    notes: tuple[str, ...] = ()
    edit: str = ""
    gain: str = ""


@dataclass(frozen=True)
class NetworkData:
    """One network of a report.

    Attributes:
        label: its name in this report, unlike every other.
        spec: the file or name it was asked for by.
        form: `inference` or `training`.
        graph: what `cost` was counted on, its nodes in the order of `cost.layers`.
        findings: None where no lints were run.
        bound: with a device profile, how long this takes at least, else None.
        latency: with one that predicts, how long the inference form takes, else None.
    """

    label: str
    spec: str
    description: str
    references: tuple[str, ...]
    form: str
    cost: CostReport
    graph: Graph
    findings: tuple[Finding, ...] | None = None
    bound: Bound | None = None
    latency: LatencyReport | None = None

    @cached_property
    def times(self) -> tuple[float, ...]:
        """Seconds of each layer: predicted, or else how long it takes at least; empty without a device."""
        if self.latency is not None:
            return tuple(layer.seconds for layer in self.latency.layers)
        return self.bound.layers if self.bound is not None else ()

    @property
    def seconds(self) -> float:
        """All layers together; 0 without a device."""
        return self.latency.seconds if self.latency is not None else self.bound.seconds if self.bound else 0.0

    @cached_property
    def parts(self) -> list[Part]:
        """The network in a dozen parts or so, in order."""
        return path_parts(self.cost, self.times)

    @cached_property
    def operators(self) -> list[Part]:
        """Totals for each kind of operator, the largest first."""
        return operator_parts(self.cost, self.times)

    @cached_property
    def kinds(self) -> dict[str, str]:
        """For each operator the kind, a key of `palette.KINDS`."""
        return {node.op.name: FAMILIES.get(node.op.family, "other") for node in self.graph.nodes}

    def figure(self, key: str) -> int:
        """A total by its key in `FIGURES`."""
        return int(getattr(self.cost, key))


@dataclass(frozen=True)
class ReportData:
    """A report: at least one network, and the device whose bounds are asked for.

    Attributes:
        version: of archdsl.
    """

    networks: tuple[NetworkData, ...]
    version: str
    device: DeviceProfile | None = None

    @property
    def time_label(self) -> str:
        """What the seconds of the networks are; empty without a device."""
        if self.device is None:
            return ""
        return "Predicted time" if self.networks[0].latency is not None else "Time at least"

    @property
    def title(self) -> str:
        """`resnet50`, or `3 networks: googlenet, resnet50, ...`."""
        labels = [network.label for network in self.networks]
        return labels[0] if len(labels) == 1 else f"{len(labels)} networks: {', '.join(labels)}"

    @cached_property
    def front(self) -> set[int]:
        """Which networks no other one beats: none is as small in all of `PARETO` and smaller in one."""
        points = [[network.figure(key) for key in PARETO] for network in self.networks]
        return {i for i, point in enumerate(points) if not any(_beats(other, point) for other in points)}

    def ratio(self, number: int, key: str) -> float | None:
        """A figure of a network over that of the first one; None where that is 0."""
        base = self.networks[0].figure(key)
        return self.networks[number].figure(key) / base if base else None


def report_data(networks: Sequence[NetworkData], version: str, device: DeviceProfile | None = None) -> ReportData:
    """Put networks together: names made unlike each other, bounds of the device added."""
    taken: set[str] = set()
    made = []
    for number, network in enumerate(networks, 1):
        label = network.label
        if sum(other.label == label for other in networks) > 1:
            label = f"{label} ({network.spec})"
        while label in taken:
            label = f"{network.label} ({network.spec}, {number})"
            number += 1
        taken.add(label)
        bound = bound_of(network.cost.layers, device) if device else None
        predicts = device is not None and device.predictor is not None and device.mode == "plain"
        predicts = predicts and network.form == "inference"
        latency = predicted(network.graph, device, network.cost.batch_size) if device and predicts else None
        made.append(replace(network, label=label, bound=bound, latency=latency))
    return ReportData(tuple(made), version, device)


def to_dict(data: ReportData) -> dict[str, Any]:
    """The report as plain data, keys always in the same order."""
    with paused():
        return {
            "schema": "archdsl.report",
            "schema_version": SCHEMA_VERSION,
            "archdsl": data.version,
            "device": data.device.summary() if data.device else None,
            "networks": [_network(network) for network in data.networks],
            "comparison": _comparison(data) if len(data.networks) > 1 else None,
        }


def _network(network: NetworkData) -> dict[str, Any]:
    return {
        "label": network.label,
        "spec": network.spec,
        "form": network.form,
        "description": network.description,
        "references": list(network.references),
        "cost": network.cost.to_dict(),
        "parts": [part.to_dict() for part in network.parts],
        "bound": network.bound.to_dict() if network.bound else None,
        "latency": network.latency.to_dict() if network.latency else None,
        "findings": None if network.findings is None else [_finding(found) for found in network.findings],
    }


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "code": found.code,
        "message": found.message,
        "path": found.path,
        "place": found.place,
        "notes": list(found.notes),
        "edit": found.edit,
        "gain": found.gain,
    }


def _comparison(data: ReportData) -> dict[str, Any]:
    return {
        "baseline": data.networks[0].label,
        "ratios": {
            figure.key: [data.ratio(number, figure.key) for number in range(len(data.networks))] for figure in FIGURES
        },
        "pareto": {"figures": list(PARETO), "front": [data.networks[i].label for i in sorted(data.front)]},
    }


def _beats(one: Sequence[int], other: Sequence[int]) -> bool:
    return list(one) != list(other) and all(a <= b for a, b in zip(one, other, strict=True))
