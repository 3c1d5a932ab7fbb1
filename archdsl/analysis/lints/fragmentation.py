"""G3: fragments side by side keep a device from working in parallel.

Each convolution or pooling of a building block is launched and waited for by itself. Where many small ones stand in
the place of few large ones, time goes into launching and synchronising.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import ClassVar

from archdsl.analysis.lints.blocks import Block, blocks
from archdsl.analysis.lints.costs import Costs
from archdsl.analysis.lints.patterns import edited, is_convolution
from archdsl.analysis.lints.rule import Finding, Gain, Quantity, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.ir.graph import Node
from archdsl.ops.families.convolution import Convolution


@dataclass(frozen=True)
class Fragmentation(Rule):
    """Building blocks of many convolutions and poolings, unless nearly all of them stand in one row.

    `parallelism` is the least number of fragments for each one of the longest chain.
    """

    code: ClassVar[str] = "G0301"
    short: ClassVar[str] = "G3"
    number: ClassVar[str] = "convolutions and poolings of a building block"
    claims: ClassVar[Quantity | None] = "memory_access"

    threshold: float = 6
    parallelism: float = 1.5

    def findings(self, subject: Subject) -> Iterator[Finding]:
        for block in blocks(subject.root):
            levels = block.levels()
            if len(levels) > self.threshold and len(levels) >= self.parallelism * max(levels.values()):
                yield _finding(block, levels, subject.costs)


def _finding(block: Block, levels: dict[Node, int], costs: Costs) -> Finding:
    sizes = sorted(costs.of(node).mult_adds for node in levels if is_convolution(node.op))
    serial, abreast = max(levels.values()), max(Counter(levels.values()).values())
    facts = [f"the longest chain has {serial} of them, at most {abreast} stand side by side"]
    if sizes:
        facts.append(
            f"multiply-adds of the block's convolutions: {sum(sizes):,}; of one from {sizes[0]:,} to {sizes[-1]:,}, "
            f"the median {int(median(sizes)):,}"
        )
    siblings = [group for group in _siblings(list(levels)) if len(group) > 1]
    edit, gain = "fewer and larger operations", None
    if siblings:
        gain = _merged(siblings, costs)
        count = sum(map(len, siblings))
        edit = f"make the {count} convolutions that read one value a single one, then split"
        if len(siblings) > 1:
            edit = f"make {count} convolutions that share what they read {len(siblings)}, then split"
    message = f"a building block of {len(levels)} fragments"
    about = [node for group in siblings for node in group] or list(levels)
    return Finding(block.merge, len(levels), message, edit, gain, tuple(facts), about=tuple(about))


def _siblings(fragments: list[Node]) -> list[list[Node]]:
    """Ungrouped convolutions that read one value through the same window: they can be one."""
    groups: dict[tuple[object, ...], list[Node]] = {}
    for node in fragments:
        op = node.op
        if is_convolution(op) and op.groups == 1:
            window = op.window(node.operands[0].type)
            key = (node.operands[0], type(op), window, op.bias, op.padding_mode)
            groups.setdefault(key, []).append(node)
    return list(groups.values())


def _merged(siblings: list[list[Node]], costs: Costs) -> Gain:
    """What is saved if each group is one convolution: the value they read is read once. Splitting moves nothing."""
    before = after = 0
    for group in siblings:
        first = group[0]
        assert isinstance(first.op, Convolution)
        together = sum(node.outputs[0].type.shape[0] for node in group)
        before += sum(costs.of(node).memory_access for node in group)
        after += costs.figures(edited(first.op, out_channels=together), first.operand_types).memory_access
    return Gain("memory_access", before, after)
