"""Where the cost of a network sits: by part of the network and by operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archdsl.analysis.report import CostReport, LayerCost

# The figures by which parts are compared.
SHARES = ("params", "mult_adds", "memory_access")
# With a device also this one.
TIME = "seconds"

_MOST_PARTS = 16
_WORTH_SPLITTING = 0.5


@dataclass
class Part:
    """Some layers of a network, with their sums.

    Attributes:
        name: path of the part, or name of the operator.
        layers: how many there are.
    """

    name: str
    layers: int = 0
    params: int = 0
    mult_adds: int = 0
    flops: int = 0
    memory_access: int = 0
    memory_access_bytes: int = 0
    seconds: float = 0.0

    def add(self, other: LayerCost | Part, seconds: float = 0.0) -> None:
        """Count a layer, or another part; with the seconds of a layer."""
        self.seconds += other.seconds if isinstance(other, Part) else seconds
        self.layers += other.layers if isinstance(other, Part) else 1
        self.params += other.params
        self.mult_adds += other.mult_adds
        self.flops += other.flops
        self.memory_access += other.memory_access
        self.memory_access_bytes += other.memory_access_bytes

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return dict(vars(self))


@dataclass
class _Branch:
    """A path with what is under it; a path that ends here has its layers in `own`."""

    part: Part
    rows: list[tuple[LayerCost, str, float]] = field(default_factory=list)


def share(part: Part, report: CostReport, key: str) -> float:
    """What a part has of the whole network's figure; 0 if that is 0."""
    total = int(getattr(report, key))
    return int(getattr(part, key)) / total if total else 0.0


def operator_parts(report: CostReport, times: Sequence[float] = ()) -> list[Part]:
    """One part for each kind of operator, the one with the most operations first, small ones put together."""
    found: dict[str, Part] = {}
    for layer, seconds in _timed(report, times):
        found.setdefault(layer.op, Part(layer.op)).add(layer, seconds)
    order = sorted(found.values(), key=lambda part: (-_weight(part, report), part.name))
    return _bounded(order, report)


def _timed(report: CostReport, times: Sequence[float]) -> Iterator[tuple[LayerCost, float]]:
    """The layers with their seconds, 0 where none are known."""
    return zip(report.layers, times or [0.0] * len(report.layers), strict=True)


def path_parts(report: CostReport, times: Sequence[float] = ()) -> list[Part]:
    """The network cut along its paths into some sixteen parts, in order.

    The first cut is by the first step of each path; then the part that has most of any figure is cut by the next
    step, as long as it has half and the number allows.
    """
    rows = [(layer, layer.path, seconds) for layer, seconds in _timed(report, times)]
    parts = _cut(Part(""), rows)
    done: set[int] = set()
    while len(parts) < _MOST_PARTS:
        open_ = [branch for branch in parts if id(branch) not in done]
        largest = max(open_, key=lambda branch: _weight(branch.part, report), default=None)
        if largest is None or _weight(largest.part, report) < _WORTH_SPLITTING:
            break
        pieces = _cut(largest.part, largest.rows)
        is_leaf = len(pieces) == 1 and pieces[0].part.name == largest.part.name
        if is_leaf or len(parts) + len(pieces) - 1 > _MOST_PARTS:
            done.add(id(largest))
        else:
            at = parts.index(largest)
            parts[at : at + 1] = pieces
    return _bounded([branch.part for branch in parts], report)


def _cut(parent: Part, rows: list[tuple[LayerCost, str, float]]) -> list[_Branch]:
    """By the next step of the paths, in order of the first layer; a layer that ends here keeps its name."""
    found: dict[str, _Branch] = {}
    for layer, rest, seconds in rows:
        label, _, after = rest.partition("/")
        name = "/".join(text for text in (parent.name, label) if text)
        branch = found.get(name)
        if branch is None:
            branch = found[name] = _Branch(Part(name))
        branch.part.add(layer, seconds)
        branch.rows.append((layer, after, seconds))
    return list(found.values())


def _weight(part: Part, report: CostReport) -> float:
    """The largest share in any of the figures."""
    return max(share(part, report, key) for key in SHARES)


def _bounded(parts: list[Part], report: CostReport) -> list[Part]:
    """At most the number that people can look at: the smallest ones are put together, at the end."""
    if len(parts) <= _MOST_PARTS:
        return parts
    largest = sorted(parts, key=lambda part: -_weight(part, report))[: _MOST_PARTS - 1]
    kept = {id(part) for part in largest}
    others = Part(f"{len(parts) - len(largest)} others")
    for part in parts:
        if id(part) not in kept:
            others.add(part)
    return [*(part for part in parts if id(part) in kept), others]
