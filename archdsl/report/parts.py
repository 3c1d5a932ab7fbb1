"""Where the cost of a network sits: by part of the network and by operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from archdsl.analysis.report import CostReport, LayerCost

# The figures by which parts are compared.
SHARES = ("params", "mult_adds", "memory_access")
# With a device also this one.
TIME = "seconds"

_MOST_PARTS = 16
_WORTH_SPLITTING = 0.5
_figures = attrgetter("params", "mult_adds", "flops", "memory_access", "memory_access_bytes")

# A layer, what is left of its path, its seconds.
_Row: TypeAlias = "tuple[LayerCost, str, float]"


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

    @classmethod
    def of(cls, name: str, rows: Sequence[_Row]) -> Part:
        """The sums of some layers, at least one."""
        params, mult_adds, flops, moved, bytes_moved = zip(*[_figures(layer) for layer, _, _ in rows], strict=True)
        seconds = sum([seconds for _, _, seconds in rows])
        return cls(name, len(rows), sum(params), sum(mult_adds), sum(flops), sum(moved), sum(bytes_moved), seconds)

    def add(self, other: Part) -> None:
        """Count another part."""
        self.seconds += other.seconds
        self.layers += other.layers
        self.params += other.params
        self.mult_adds += other.mult_adds
        self.flops += other.flops
        self.memory_access += other.memory_access
        self.memory_access_bytes += other.memory_access_bytes

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return dict(vars(self))


class _Branch(NamedTuple):
    """A part and its layers, each with what is left of its path below the part."""

    part: Part
    rows: Sequence[_Row]


def share(part: Part, report: CostReport, key: str) -> float:
    """What a part has of the whole network's figure; 0 if that is 0."""
    total = int(getattr(report, key))
    return int(getattr(part, key)) / total if total else 0.0


def operator_parts(report: CostReport, times: Sequence[float] = ()) -> list[Part]:
    """One part for each kind of operator, the one with the most operations first, small ones put together."""
    found: dict[str, list[_Row]] = {}
    for layer, seconds in _timed(report, times):
        found.setdefault(layer.op, []).append((layer, "", seconds))
    parts = [Part.of(op, rows) for op, rows in found.items()]
    order = sorted(parts, key=lambda part: (-_weight(part, report), part.name))
    return _bounded(order, report)


def _timed(report: CostReport, times: Sequence[float]) -> Iterator[tuple[LayerCost, float]]:
    """The layers with their seconds, 0 where none are known."""
    return zip(report.layers, times or [0.0] * len(report.layers), strict=True)


def path_parts(report: CostReport, times: Sequence[float] = ()) -> list[Part]:
    """The network cut along its paths into some sixteen parts, in order.

    The first cut is by the first step of each path; then the part that has most of any figure is cut by the next
    step, as long as it has half and the number allows.
    """
    parts = _cut("", [(layer, layer.path, seconds) for layer, seconds in _timed(report, times)])
    done: set[int] = set()
    while len(parts) < _MOST_PARTS:
        open_ = [branch for branch in parts if id(branch.part) not in done]
        largest = max(open_, key=lambda branch: _weight(branch.part, report), default=None)
        if largest is None or _weight(largest.part, report) < _WORTH_SPLITTING:
            break
        pieces = _cut(largest.part.name, largest.rows)
        is_leaf = len(pieces) == 1 and pieces[0].part.name == largest.part.name
        if is_leaf or len(parts) + len(pieces) - 1 > _MOST_PARTS:
            done.add(id(largest.part))
        else:
            at = next(i for i, branch in enumerate(parts) if branch is largest)
            parts[at : at + 1] = pieces
    return _bounded([branch.part for branch in parts], report)


def _cut(parent: str, rows: Sequence[_Row]) -> list[_Branch]:
    """By the next step of the paths, in order of the first layer; a layer that ends here keeps its name."""
    found: dict[str, list[_Row]] = {}
    for layer, rest, seconds in rows:
        label, _, after = rest.partition("/")
        members = found.get(label)
        if members is None:
            members = found[label] = []
        members.append((layer, after, seconds))
    names = {label: "/".join(filter(None, (parent, label))) for label in found}
    return [_Branch(Part.of(names[label], members), members) for label, members in found.items()]


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
