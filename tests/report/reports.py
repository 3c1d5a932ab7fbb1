"""Reports for tests, made of small graphs."""

from __future__ import annotations

from archdsl.analysis.costing import cost_report
from archdsl.analysis.latency.device import DeviceProfile
from archdsl.ir.graph import Graph
from archdsl.report.data import Finding, NetworkData, ReportData, report_data

DEVICE = DeviceProfile("bench <1>", 1e11, 2e10)
FINDING = Finding(
    "G0101", "memory access is 1.4 times its bound", "stem", "net.yaml:3:5", ("a note",), "widen it", "2 %"
)


def network(graph: Graph, label: str = "", findings: tuple[Finding, ...] | None = None) -> NetworkData:
    """What a report says about a graph."""
    name = label or graph.name
    return NetworkData(
        name, f"{name}.yaml", "Of `two` kinds.", ("arXiv:1",), "inference", cost_report(graph), graph, findings
    )


def report(
    *graphs: Graph, device: DeviceProfile | None = None, findings: tuple[Finding, ...] | None = None
) -> ReportData:
    """A report on some graphs, with a version that doesn't change."""
    return report_data([network(graph, findings=findings) for graph in graphs], "0", device)
