"""Budgets: the cost that a network may have, in numbers or as shares of what it has."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.analysis.costing import cost_report
from archdsl.compression.errors import CompressionError
from archdsl.ir.graph import Graph


@dataclass(frozen=True)
class Budget:
    """The most that is allowed: a share of what there is, up to 1, or a number. None is no limit."""

    params: float | None = None
    mult_adds: float | None = None

    def __post_init__(self) -> None:
        for name in ("params", "mult_adds"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise CompressionError(f"{name} = {value}: a budget is a share up to 1 or a number of them")
        if self.params is None and self.mult_adds is None:
            raise CompressionError("there is no budget: say params, mult_adds or both")

    def limits(self, graph: Graph) -> dict[str, int]:
        """The budget in numbers for this network."""
        report = cost_report(graph)
        wanted = {"params": self.params, "mult_adds": self.mult_adds}
        return {
            name: int(value * getattr(report, name) if value <= 1 else value)
            for name, value in wanted.items()
            if value is not None
        }


def excess(graph: Graph, limits: dict[str, int]) -> dict[str, int]:
    """What is above its limit, and how much there is of it."""
    report = cost_report(graph)
    return {name: getattr(report, name) for name, most in limits.items() if getattr(report, name) > most}
