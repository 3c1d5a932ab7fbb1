"""The flat graph folded back into the tree of cell calls.

A frame is one call of a cell; its body is the nodes written in the cell and the frames of the cells it calls, in
graph order. What a frame reads and makes is derived from the graph alone, so passes needn't keep signatures.

If a pass has put foreign nodes between the nodes of one call, the call gets a frame for each stretch: the order of
the graph is never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from archdsl.ir.graph import Graph, Node, Scope, Value

Item: TypeAlias = "Node | Frame"


class Frame:
    """One call of a cell.

    Attributes:
        scope: the call. Calls that share weights have equal `scope.path`.
        body: nodes and the frames of calls made here, in graph order.
        inputs: values made outside and read inside, in order of first reading; the root's are the graph's inputs.
        outputs: values made inside and read outside, in order of making; the root's are the graph's outputs,
            each once.
        depth: 0 for the root.
    """

    __slots__ = ("body", "depth", "inputs", "outputs", "parent", "scope")

    def __init__(self, scope: Scope, parent: Frame | None):
        self.scope = scope
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.body: list[Item] = []
        self.inputs: list[Value] = []
        self.outputs: list[Value] = []

    def __repr__(self) -> str:
        return f"Frame({self.scope.cell} at {self.scope.path or 'the root'}: {len(self.body)} items)"


def reads(item: Item) -> Iterable[Value]:
    """What a node or a call reads, in order; a node's repetitions included."""
    return item.operands if isinstance(item, Node) else item.inputs


def makes(item: Item) -> Iterable[Value]:
    """What a node or a call makes, in order."""
    return item.outputs


def frames(root: Frame) -> Iterator[Frame]:
    """Every frame, callers before the calls they make, in graph order."""
    stack = [root]
    while stack:
        frame = stack.pop()
        yield frame
        stack.extend(item for item in reversed(frame.body) if isinstance(item, Frame))


def fold(graph: Graph) -> Frame:
    """The tree of frames of a graph; linear in its size.

    Scopes without nodes don't appear. Nodes outside the graph's root scope's tree are taken as the root's own.
    """
    root, homes = bodies(graph)
    _signatures(graph, root, homes)
    return root


def bodies(graph: Graph) -> tuple[Frame, list[Frame]]:
    """The tree of frames without what they read and make, and the frame of each node, in graph order."""
    root = Frame(graph.root, None)
    return root, _bodies(graph, root)


def _bodies(graph: Graph, root: Frame) -> list[Frame]:
    """Fill the bodies; gives the frame of each node, in graph order."""
    homes: list[Frame] = []
    current = root
    chains: dict[Scope, list[Scope]] = {}
    for node in graph.nodes:
        if node.scope is not current.scope:
            chain = chains.get(node.scope)
            if chain is None:
                chain = chains[node.scope] = _chain(node.scope, graph.root)
            current = _enter(current, chain)
        current.body.append(node)
        homes.append(current)
    return homes


def _chain(scope: Scope, root: Scope) -> list[Scope]:
    """The scopes from below the root down to `scope`."""
    chain: list[Scope] = []
    now: Scope | None = scope
    while now is not None and now is not root:
        chain.append(now)
        now = now.parent
    if now is None and chain:
        chain.pop()  # another root: a graph made from parts of several
    return chain[::-1]


def _enter(current: Frame, chain: list[Scope]) -> Frame:
    """Leave frames that aren't on the way to the scope, then open those that are missing."""
    while current.depth and not (current.depth <= len(chain) and chain[current.depth - 1] is current.scope):
        assert current.parent is not None
        current = current.parent
    for scope in chain[current.depth :]:
        made = Frame(scope, current)
        current.body.append(made)
        current = made
    return current


def _signatures(graph: Graph, root: Frame, homes: list[Frame]) -> None:
    made_in: dict[Value, Frame] = {}
    read: dict[Frame, set[Value]] = {}
    used_outside: dict[Frame, set[Value]] = {}
    for node, home in zip(graph.nodes, homes, strict=True):
        for value in node.operands:
            source = made_in.get(value, root)
            if source is home:
                continue
            meet = _meet(source, home)
            _carry_in(value, home, meet, read)
            _carry_out(value, source, meet, used_outside)
        for value in node.outputs:
            made_in[value] = home
    for value in graph.outputs.values():
        _carry_out(value, made_in.get(value, root), root, used_outside)
    for node, home in zip(graph.nodes, homes, strict=True):
        for value in node.outputs:
            frame: Frame | None = home
            while frame is not None and value in used_outside.get(frame, ()):
                frame.outputs.append(value)
                frame = frame.parent
    root.inputs = list(graph.inputs.values())
    root.outputs = list(dict.fromkeys(graph.outputs.values()))


def _meet(one: Frame, other: Frame) -> Frame:
    """The innermost frame that both lie in."""
    while one is not other:
        if one.depth >= other.depth:
            assert one.parent is not None
            one = one.parent
        else:
            assert other.parent is not None
            other = other.parent
    return one


def _carry_in(value: Value, frame: Frame, until: Frame, read: dict[Frame, set[Value]]) -> None:
    while frame is not until:
        known = read.setdefault(frame, set())
        if value in known:
            return
        known.add(value)
        frame.inputs.append(value)
        assert frame.parent is not None
        frame = frame.parent


def _carry_out(value: Value, frame: Frame, until: Frame, used_outside: dict[Frame, set[Value]]) -> None:
    # A frame that knows the value is no reason to stop: a later reader may stand further out.
    while frame is not until:
        used_outside.setdefault(frame, set()).add(value)
        assert frame.parent is not None
        frame = frame.parent
