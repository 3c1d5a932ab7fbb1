"""What differs between two networks, layer by layer: for reviews of a change to a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from archdsl.analysis.alignment import aligned

if TYPE_CHECKING:
    from archdsl.analysis.report import LayerCost
    from archdsl.report.data import NetworkData


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


def changes(before: NetworkData, after: NetworkData) -> list[Change]:
    """Layers that differ, the largest changes first. Which layer is which is what `archdsl diff` finds, too.

    A layer that only has another path is no change; one whose operator is another under the same path is one change.
    """
    rows = [dict(zip(map(id, data.graph.nodes), data.cost.layers, strict=True)) for data in (before, after)]
    pairs: list[tuple[LayerCost | None, LayerCost | None]] = []
    for a, b in aligned(before.graph, after.graph):
        pairs.append((rows[0].pop(id(a)), rows[1].pop(id(b))))
    gone, new = ([*side.values()] for side in rows)
    for row in gone:
        other = next((candidate for candidate in new if candidate.path == row.path), None)
        if other is not None:
            new.remove(other)
        pairs.append((row, other))
    pairs += [(None, row) for row in new]
    found = [Change((b or a).path, a, b) for a, b in pairs if _differ(a, b)]  # type: ignore[union-attr]
    return sorted(found, key=lambda c: (-abs(c.delta("mult_adds")), -abs(c.delta("params")), -abs(c.delta("flops"))))


def _differ(before: LayerCost | None, after: LayerCost | None) -> bool:
    """Whether figures or shapes do: places do not matter."""
    if before is None or after is None:
        return True
    return before._replace(cell=after.cell, path=after.path, key=after.key, merged_into=after.merged_into) != after
