"""Parallel branches: linear branches of one value that are summed become one convolution, as RepVGG deploys.

Algebra, for convolutions W1, ..., Wn of one value x, affine maps and x itself:
    (W1 x + b1) + ... + (Wn x + bn) + (s x + t) + x = W x + b

with each weight put where its window lies in the widest one (zeros around it), s on the diagonal of the middle
element, 1 for x itself, and b the sum of the biases.

When it pays: the one convolution takes no more multiply-adds than the branches; so there is at least one convolution
whose window covers most of the others.

Side conditions: equal strides (1 if x or an affine map is summed), groups, dilation (where a window has more than one
element) and zero padding; nobody else reads the branches, and their weights are their own. Further operands of the
sum stay.

Way back: the weight goes to the branches tap by tap, each tap to the first branch that has it; what remains (a tap
that none has) must be zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.base import Operator
from archdsl.ops.rules.windows import Window
from archdsl.passes.base import PassResult, counted, unchanged
from archdsl.passes.inference.layers import convolution, groups_of, has_bias, is_affine, is_plain, window_of
from archdsl.passes.inference.parallel_steps import Branch, Sum
from archdsl.passes.rewriting import Reading, Rewriting, fits, made
from archdsl.passes.weights import WeightStep


class Plan(NamedTuple):
    """One convolution for some operands of a sum.

    Attributes:
        nodes: the branches that go; x itself is none.
        operands: the operands of the sum that they make, x itself among them.
        op: the convolution.
        step: its weights.
    """

    nodes: tuple[Node, ...]
    operands: tuple[Value, ...]
    op: Operator
    step: Sum


@dataclass(frozen=True, slots=True)
class ParallelBranches:
    """Makes one convolution of linear branches that are summed."""

    name: str = "parallel_branches"

    def run(self, graph: Graph) -> PassResult:
        """The graph in which such branches are one."""
        reading = Reading(graph)
        plans = {node: plan for node in graph.nodes if (plan := _plan(node, reading)) is not None}
        if not plans:
            return unchanged(graph)
        gone = {branch for plan in plans.values() for branch in plan.nodes}
        rewriting = Rewriting(graph)
        steps: list[WeightStep] = []
        for node in graph.nodes:
            if node in gone:
                continue
            if node not in plans:
                rewriting.keep(node)
                continue
            plan = plans[node]
            head = plan.nodes[0]
            merged = rewriting.add(head, plan.op, [rewriting.now(head.operands[0])], plan.step.path)
            steps.append(plan.step)
            rest = [rewriting.now(value) for value in node.operands if value not in plan.operands]
            if rest:
                rewriting.put(node, node.op, [merged.outputs[0], *rest])
            else:
                rewriting.replace(node.outputs[0], merged.outputs[0])
        note = f"made one convolution of the branches of {counted(len(plans), 'sum')}"
        places = tuple(f"{', '.join(branch.path for branch in plan.nodes)}" for plan in plans.values())
        return PassResult(rewriting.finish(), True, (note,), tuple(steps), places)


def _plan(node: Node, reading: Reading) -> Plan | None:
    if node.op.name != "add" or len(node.operands) < 2 or len(set(node.operand_types)) != 1:
        return None
    by_source: dict[Value, list[Node]] = {}
    for value in node.operands:
        branch = value.producer
        if branch is not None and _is_branch(branch, value, reading):
            by_source.setdefault(branch.operands[0], []).append(branch)
    for source, branches in by_source.items():
        plan = _merged(node, source, branches)
        if plan is not None:
            return plan
    return None


def _is_branch(node: Node, value: Value, reading: Reading) -> bool:
    if reading.sole_reader(value) is None or reading.is_shared(node):
        return False
    if is_affine(node):
        return value.type.rank == 3
    return node.op.name == "conv2d" and is_plain(node) and convolution(node).padding_mode == "zeros"


def _merged(node: Node, source: Value, branches: Sequence[Node]) -> Plan | None:
    convs = [branch for branch in branches if not is_affine(branch)]
    itself = node.operands.count(source) == 1
    if not convs or len(branches) + itself < 2:
        return None
    windows = [window_of(conv) for conv in convs]
    dilations = {w.dilation for w in windows if prod(w.kernel) > 1} or {(1, 1)}
    alike = len({groups_of(conv) for conv in convs}) == len({w.stride for w in windows}) == len(dilations) == 1
    identity = itself or len(convs) < len(branches)
    if not alike or (identity and (windows[0].stride != (1, 1) or source.type != node.output_types[0])):
        return None
    (dilation,) = dilations
    starts = [tuple(before for before, _ in w.padding) for w in windows] + ([(0, 0)] if identity else [])
    kernels = [w.kernel for w in windows] + ([(1, 1)] if identity else [])
    frame = _frame(starts, kernels, dilation)
    if frame is None:
        return None
    kernel, before, offsets = frame
    after = _after(windows, identity, kernel, before, dilation)
    if after is None:  # the branches agree for this size only
        after = _after_for(source, node.output_types[0].shape[1:], kernel, before, windows[0].stride, dilation)
    padding = (before[1], after[1], before[0], after[0])
    op = _operator(node, convs[0], kernel, padding, dilation, any(map(has_bias, branches)))
    if not fits(op, [source.type]) or op.infer(source.type) != node.output_types:
        return None
    work = op.cost((source.type,), node.output_types).mult_adds
    if work > sum(conv.op.cost(conv.operand_types, conv.output_types).mult_adds for conv in convs):
        return None
    places = dict(zip(convs, offsets, strict=False))
    parts = tuple(_branch(branch, places, offsets[-1]) for branch in branches)
    step = Sum(convs[0].path, parts, offsets[-1] if itself else None, kernel, groups_of(convs[0]))
    operands = tuple(branch.outputs[0] for branch in branches) + ((source,) if itself else ())
    return Plan((convs[0], *(b for b in branches if b is not convs[0])), operands, op, step)


def _frame(
    starts: Sequence[tuple[int, ...]], kernels: Sequence[tuple[int, ...]], dilation: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...], list[tuple[int, ...]]] | None:
    """Window that covers all, its padding in front, and where in it each stands; None if the grids don't meet."""
    before = tuple(max(s[axis] for s in starts) for axis in range(2))
    gaps = [tuple(b - s for b, s in zip(before, start, strict=True)) for start in starts]
    if any(gap % d for each in gaps for gap, d in zip(each, dilation, strict=True)):
        return None
    offsets = [tuple(gap // d for gap, d in zip(each, dilation, strict=True)) for each in gaps]
    kernel = tuple(max(o[axis] + k[axis] for o, k in zip(offsets, kernels, strict=True)) for axis in range(2))
    return kernel, before, offsets


def _after(
    windows: Sequence[Window],
    identity: bool,
    kernel: tuple[int, ...],
    before: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[int, ...] | None:
    """Padding behind with which the window gives what the branches give, for maps of any size; None for none."""
    found = []
    for axis in range(2):
        ends = {w.padding[axis][1] + w.padding[axis][0] - dilation[axis] * (w.kernel[axis] - 1) for w in windows}
        ends |= {0} if identity else set()
        found.append(ends.pop() + dilation[axis] * (kernel[axis] - 1) - before[axis] if len(ends) == 1 else -1)
    return tuple(found) if min(found) >= 0 else None


def _after_for(
    source: Value,
    sizes: tuple[int, ...],
    kernel: tuple[int, ...],
    before: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[int, ...]:
    """Padding behind with which the window gives these sizes."""
    needed = [(sizes[a] - 1) * stride[a] + dilation[a] * (kernel[a] - 1) + 1 for a in range(2)]
    return tuple(max(0, needed[a] - source.type.shape[1 + a] - before[a]) for a in range(2))


def _operator(
    node: Node, conv: Node, kernel: tuple[int, ...], padding: tuple[int, ...], dilation: tuple[int, ...], bias: bool
) -> Operator:
    op = convolution(conv)
    even = padding[0] == padding[1] and padding[2] == padding[3]
    attributes = {"out_channels": op.out_channels, "kernel_size": kernel, "stride": op.stride, "groups": op.groups}
    attributes |= {"padding": (padding[2], padding[0]) if even else padding, "dilation": dilation, "bias": bias}
    return made("conv2d", attributes)


def _branch(node: Node, places: dict[Node, tuple[int, ...]], middle: tuple[int, ...]) -> Branch:
    if is_affine(node):
        return Branch(node.path, middle, (1, 1), True, True)
    return Branch(node.path, places[node], window_of(node).kernel, has_bias(node), False)
