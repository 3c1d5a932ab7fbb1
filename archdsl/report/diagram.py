"""A network as boxes: cells collapsed below a depth, chains of equal boxes drawn once.

Only what to draw is decided here; where it goes is `layout`'s matter, how it looks `svg`'s and `mermaid`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ir.hierarchy import Frame, Item, fold, frames
from archdsl.report.labels import Figures, operator_title, shape_text, step_name
from archdsl.report.palette import FAMILIES

# Small steps that are written into the box of the step they follow.
_FOLLOWERS = {"activation", "normalization", "regularization"}
_MOST_FOLLOWERS = 3

_MOST_BOXES = 5000


@dataclass(eq=False)
class Box:
    """One box of a drawing: an operator (with the small steps that follow it), a cell, an input or an output.

    Attributes:
        title: operator or cell, `conv2d 3×3, stride 2`.
        name: what the file calls the step, if it does.
        kind: key of `palette.KINDS`.
        reads, makes: values made outside and read inside, and the reverse; what edges are drawn from.
        nodes: the nodes in it.
        path: path of its first step, for tooltips.
        notes: the small steps that follow the operator.
        shape: shapes of what it makes.
        figures: parameters and multiply-adds of one such box.
        times: how many equal boxes in a chain it stands for.
        body: what is drawn inside an opened cell; None for a closed box.
        inner_makes: the values in the body that leave it: `makes`, except that a chain's body is that of its first.
        passed: values made within a chain by others than its last box.
    """

    title: str
    kind: str
    reads: list[Value]
    makes: list[Value]
    nodes: list[Node] = field(default_factory=list)
    path: str = ""
    name: str = ""
    notes: list[str] = field(default_factory=list)
    shape: str = ""
    figures: str = ""
    times: int = 1
    body: list[Box] | None = None
    inner_makes: list[Value] = field(default_factory=list)
    passed: list[Value] = field(default_factory=list)


def diagram(graph: Graph, depth: int = 1) -> list[Box]:
    """The boxes of the network, each behind those it reads.

    Args:
        graph: the network.
        depth: levels of cells to open: 0 shows the network as one box, 1 its own steps with every cell closed.

    Raises:
        ArchdslError: E1002 if that would be too many boxes to look at.
    """
    figures = Figures(graph)
    inputs = [_terminal(name, [], [value]) for name, value in graph.inputs.items()]
    outputs = [_terminal(name, [value], []) for name, value in graph.outputs.items()]
    root = fold(graph)
    if depth < 1 and graph.nodes:
        box = _box(root, depth, figures)
        box.title, box.name, box.figures = graph.name, "", figures.text(graph.nodes)
        box.shape = shape_text([value.type for value in box.makes])
        return [*inputs, box, *outputs]
    return _bounded([*inputs, *_boxes(root, depth, figures), *outputs])


def cell_diagram(graph: Graph, path: str, depth: int = 1) -> list[Box]:
    """The boxes of one cell call alone, what it reads above and what it makes below.

    Args:
        graph: the network.
        path: of the call, as `archdsl cost` gives it; the first one where calls share their weights.
        depth: levels of cells to open; 1 shows the cell's own steps.

    Raises:
        ArchdslError: E1002 if there is no such call, or that would be too many boxes to look at.
    """
    frame = next((frame for frame in frames(fold(graph)) if frame.scope.path == path and path), None)
    if frame is None:
        raise ArchdslError(Diagnostic("E1002", f"{graph.name} has no cell call `{path}`"))
    inputs = [_terminal(value.name or "x", [], [value]) for value in frame.inputs]
    outputs = [_terminal(value.name or "result", [value], []) for value in frame.outputs]
    return _bounded([*inputs, *_boxes(frame, max(1, depth), Figures(graph)), *outputs])


def _bounded(boxes: list[Box]) -> list[Box]:
    count = sum(1 for _ in flat(boxes))
    if count > _MOST_BOXES:
        message = f"a drawing of {count} boxes is too large"
        raise ArchdslError(Diagnostic("E1002", message, label="open fewer levels of cells"))
    return boxes


def flat(boxes: Iterable[Box]) -> Iterator[Box]:
    """All boxes, opened ones before what is in them."""
    for box in boxes:
        yield box
        if box.body is not None:
            yield from flat(box.body)


def _terminal(name: str, reads: list[Value], makes: list[Value]) -> Box:
    return Box(name, "terminal", reads, makes, shape=shape_text([v.type for v in [*reads, *makes]]))


def _boxes(frame: Frame, depth: int, figures: Figures) -> list[Box]:
    """The boxes of one cell call, chains folded."""
    leaving = set(frame.outputs)
    boxes = [_box(item, depth, figures) for item in frame.body]
    boxes = _without_followers(boxes, leaving)
    boxes = _without_repetitions(boxes, leaving)
    for box in boxes:
        box.shape = shape_text([v.type for v in box.makes])
        box.figures = figures.text(box.nodes, box.times)
    return boxes


def _box(item: Item, depth: int, figures: Figures) -> Box:
    if isinstance(item, Node):
        kind = FAMILIES.get(item.op.family, "other")
        # What reads nothing has the first input as a hidden operand, for N alone.
        reads = [] if item.op.reads_batch_size else list(dict.fromkeys(item.operands))
        title = operator_title(item.op, item.operand_types)
        name = step_name(item.path, item.op.name)
        return Box(title, kind, reads, list(item.outputs), [item], item.path, name, inner_makes=list(item.outputs))
    body = _boxes(item, depth - 1, figures) if depth > 1 else None
    made = list(item.outputs)
    cell, path = item.scope.cell, item.scope.path
    name = step_name(path, cell)
    return Box(cell, "cell", list(item.inputs), made, _nodes(item), path, name, body=body, inner_makes=made)


def _nodes(frame: Frame) -> list[Node]:
    found: list[Node] = []
    for item in frame.body:
        if isinstance(item, Node):
            found.append(item)
        else:
            found.extend(_nodes(item))
    return found


def _without_followers(boxes: Sequence[Box], leaving: set[Value]) -> list[Box]:
    """Write small steps into the box of the operator that they, and nothing else, read."""
    readers = _readers(boxes)
    producers: dict[Value, Box] = {}
    kept: list[Box] = []
    for box in boxes:
        before = producers.get(box.reads[0]) if len(box.reads) == 1 else None
        if before is not None and _follows(box, before, readers, leaving):
            before.notes.append(box.nodes[0].op.name)
            before.nodes.extend(box.nodes)
            before.makes = before.inner_makes = box.makes
            box = before
        else:
            kept.append(box)
        producers.update(dict.fromkeys(box.makes, box))
    return kept


def _follows(box: Box, before: Box, readers: dict[Value, list[Box]], leaving: set[Value]) -> bool:
    if box.kind == "cell" or before.kind == "cell" or len(before.notes) >= _MOST_FOLLOWERS:
        return False
    if box.nodes[0].op.family not in _FOLLOWERS or len(before.makes) != 1:
        return False
    return before.makes[0] not in leaving and len(readers[before.makes[0]]) == 1


def _readers(boxes: Iterable[Box]) -> dict[Value, list[Box]]:
    found: dict[Value, list[Box]] = {}
    for box in boxes:
        for value in box.reads:
            found.setdefault(value, []).append(box)
    return found


def _without_repetitions(boxes: Sequence[Box], leaving: set[Value]) -> list[Box]:
    """Draw a chain of equal boxes, each reading the one before it, as one box."""
    readers = _readers(boxes)
    kept: list[Box] = []
    chain: list[Box] = []
    signature: tuple[object, ...] = ()
    for box in boxes:
        if chain and _continues(box, chain[-1], readers, leaving):
            signature = signature or _signature(chain[0])
            if _signature(box) == signature:
                chain.append(box)
                continue
        if chain:
            kept.append(_merged(chain))
        chain, signature = [box], ()
    return [*kept, _merged(chain)] if chain else kept


def _continues(box: Box, before: Box, readers: dict[Value, list[Box]], leaving: set[Value]) -> bool:
    """Whether a box reads the one before it, and else only what that one reads; and nobody else reads between them.

    What is read twice is a state that is handed on (NASNet's cells read the two cells before them). So whoever reads
    `box` may also read the one before it.
    """
    made = set(before.makes)
    if box.title != before.title or not made.intersection(box.reads) or made & leaving:
        return False
    if not made.union(before.reads).issuperset(box.reads):
        return False
    after = set(box.makes)
    return all(r is box or after.intersection(r.reads) for value in before.makes for r in readers.get(value, ()))


def _merged(chain: Sequence[Box]) -> Box:
    first, last = chain[0], chain[-1]
    if len(chain) > 1:
        first.times, first.name = len(chain), ""
        first.nodes = [node for box in chain for node in box.nodes]
        first.passed = [value for box in chain[:-1] for value in box.makes]
        first.makes = last.makes
    return first


def _signature(box: Box) -> tuple[object, ...]:
    """What makes two boxes equal: operators, types and how their nodes read each other."""
    numbers: dict[Value, object] = {value: ("argument", i) for i, value in enumerate(box.reads)}
    parts: list[object] = [box.title]
    for node in box.nodes:
        parts.append((node.op, node.operand_types, tuple([numbers.get(v) for v in node.operands])))
        numbers.update((value, len(numbers)) for value in node.outputs)
    parts.append(tuple([numbers[value] for value in box.makes]))
    return tuple(parts)
