"""What differs between two networks, layer by layer: for reviews of a change to a spec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from archdsl.analysis.report import CostReport, LayerCost


class Change(NamedTuple):
    """A layer that only one of two networks has, or that has other figures or another shape in the second.

    Attributes:
        path: the layer's path.
        before, after: its row in each; None where it is missing.
    """

    path: str
    before: LayerCost | None
    after: LayerCost | None

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        """What happened to the layer."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    def delta(self, key: str) -> int:
        """How much a figure has grown."""
        return (getattr(self.after, key) if self.after else 0) - (getattr(self.before, key) if self.before else 0)


def changes(before: CostReport, after: CostReport) -> list[Change]:
    """Layers that differ, matched by path (the n-th call of a path with the n-th), the largest changes first."""
    old, new = dict(_keyed(before)), dict(_keyed(after))
    found = []
    for key in dict.fromkeys([*old, *new]):
        a, b = old.get(key), new.get(key)
        # `cell` is an index into the tree, which moves when a cell is added before it.
        if a is None or b is None or a._replace(cell=b.cell) != b:
            found.append(Change(key[0], a, b))
    return sorted(found, key=lambda c: (-abs(c.delta("mult_adds")), -abs(c.delta("params")), -abs(c.delta("flops"))))


def _keyed(report: CostReport) -> Iterator[tuple[tuple[str, int], LayerCost]]:
    calls: dict[str, int] = {}
    for layer in report.layers:
        calls[layer.path] = calls.get(layer.path, 0) + 1
        yield (layer.path, calls[layer.path]), layer
