"""Routes: where the channels of a value come from, through nodes that only hand channels on.

Such nodes are concat, split, chunk and slice along the channels, channel_shuffle and index_select. A route is a list of
runs: `(value, start, stop)` for channels that lie behind one another in a value that is computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from archdsl.ir.graph import Graph, Node, Value

Run: TypeAlias = "tuple[Value, int, int]"
Route: TypeAlias = "tuple[Run, ...]"
ROUTING = frozenset({"concat", "split", "chunk", "slice", "channel_shuffle", "index_select"})


def routes(graph: Graph) -> dict[Value, Route]:
    """The route of every value that a routing node makes."""
    found: dict[Value, Route] = {}
    for node in graph.nodes:
        if is_routing(node):
            found.update(zip(node.outputs, _routes(node, found), strict=True))
    return found


def is_routing(node: Node) -> bool:
    """Whether a node only hands channels on."""
    if node.op.name not in ROUTING or node.outputs[0].type.dtype != "float32":
        return False
    if node.op.name == "channel_shuffle":
        return True
    return bool(node.op.canonical_attributes(node.operand_types)["dim"] == 0)


def joined(runs: Iterable[Run]) -> Route:
    """The runs with neighbours that continue each other made one."""
    found: list[Run] = []
    for value, start, stop in runs:
        if found and found[-1][0] is value and found[-1][2] == start:
            found[-1] = (value, found[-1][1], stop)
        elif start < stop:
            found.append((value, start, stop))
    return tuple(found)


def cut(route: Route, start: int, stop: int) -> Route:
    """The channels from `start` to `stop` of a route."""
    found: list[Run] = []
    place = 0
    for value, first, last in route:
        low, high = max(start, place), min(stop, place + last - first)
        if low < high:
            found.append((value, first + low - place, first + high - place))
        place += last - first
    return joined(found)


def channels(route: Route) -> list[tuple[Value, int]]:
    """Each channel by itself."""
    return [(value, channel) for value, start, stop in route for channel in range(start, stop)]


def whole(value: Value, known: dict[Value, Route]) -> Route:
    """The route of a value; itself if it is computed."""
    return known.get(value) or ((value, 0, value.type.shape[0]),)


def _routes(node: Node, known: dict[Value, Route]) -> Iterator[Route]:
    if node.op.name == "concat":
        yield joined(run for value in node.operands for run in whole(value, known))
        return
    route = whole(node.operands[0], known)
    if node.op.name in ("split", "chunk"):
        place = 0
        for made in node.outputs:
            yield cut(route, place, place + made.type.shape[0])
            place += made.type.shape[0]
        return
    size = node.operands[0].type.shape[0]
    yield joined((*_one(route, channel),) for channel in _order(node, size))


def _one(route: Route, channel: int) -> Run:
    for value, start, stop in route:
        if channel < stop - start:
            return value, start + channel, start + channel + 1
        channel -= stop - start
    raise IndexError(channel)


def _order(node: Node, size: int) -> list[int]:
    """The channels of the operand that the result takes, in order."""
    attributes = node.op.canonical_attributes(node.operand_types)
    if node.op.name == "channel_shuffle":
        groups = attributes["groups"]
        return [group * (size // groups) + place for place in range(size // groups) for group in range(groups)]
    if node.op.name == "slice":
        start, stop, step = _range(attributes, size)
        return list(range(start, stop, step))
    return [int(index) % size for index in attributes["index"]]


def _range(attributes: dict[str, object], size: int) -> tuple[int, int, int]:
    given = slice(attributes.get("start"), attributes.get("stop"), attributes.get("step"))
    return given.indices(size)
