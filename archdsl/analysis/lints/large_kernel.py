"""Large windows that smaller ones replace at the same receptive field.

A k x k convolution sees as far as (k - 1) / 2 convolutions of 3x3 in a row, and as a 1 x k followed by a k x 1
convolution, and can be dearer than either. The stride goes to the last of a row, so that the receptive field stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from archdsl.analysis.lints.costs import Costs, Figures
from archdsl.analysis.lints.patterns import edited, is_depthwise, is_network_input
from archdsl.analysis.lints.rule import Finding, Gain, Quantity, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.ir.graph import Node
from archdsl.ops.base import OperatorError, infer
from archdsl.ops.families.convolution import Conv2d
from archdsl.ops.rules.windows import Sides


class _Step(NamedTuple):
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[Sides, Sides]


class _Option(NamedTuple):
    text: str
    figures: Figures


@dataclass(frozen=True)
class LargeKernel(Rule):
    """Square windows from 5x5 on, depthwise and dilated ones left out.

    The pair is proposed for maps between `smallest_grid` and `largest_grid` only, where it was found to work.
    """

    code: ClassVar[str] = "D0102"
    number: ClassVar[str] = "share of the step's multiply-adds that is saved"
    claims: ClassVar[Quantity | None] = "mult_adds"

    threshold: float = 0.1
    smallest_grid: int = 12
    largest_grid: int = 20

    def findings(self, subject: Subject) -> Iterator[Finding]:
        for node, op in subject.convolutions:
            if isinstance(op, Conv2d) and not is_depthwise(node, op) and _is_large(op):
                yield from self._finding(node, op, subject.costs)

    def _finding(self, node: Node, op: Conv2d, costs: Costs) -> Iterator[Finding]:
        before = costs.of(node)
        options = sorted(self._options(node, op, costs), key=lambda option: option.figures.mult_adds)
        if not options or before.mult_adds == 0:
            return
        best = options[0]
        saved = 1 - best.figures.mult_adds / before.mult_adds
        if saved <= self.threshold:
            return
        size = op.kernel_size[0]
        yield Finding(
            node,
            saved,
            f"a {size}x{size} convolution where {best.text} see as far with {saved:.0%} fewer multiply-adds",
            best.text,
            Gain("mult_adds", before.mult_adds, best.figures.mult_adds),
            tuple(_line(option, before) for option in options),
        )

    def _options(self, node: Node, op: Conv2d, costs: Costs) -> Iterator[_Option]:
        size, count = op.kernel_size[0], (op.kernel_size[0] - 1) // 2
        rows, columns = op.window(node.operands[0].type).padding
        many = _parts(rows, count), _parts(columns, count)
        stack = [_Step((3, 3), op.stride if i == count - 1 else (1, 1), (many[0][i], many[1][i])) for i in range(count)]
        yield from _cheapest(f"{count} convolutions of 3x3 in a row", node, op, stack, costs)
        if self.smallest_grid <= min(node.outputs[0].type.shape[1:]) <= self.largest_grid:
            pair = [
                _Step((1, size), (1, op.stride[1]), ((0, 0), columns)),
                _Step((size, 1), (op.stride[0], 1), (rows, (0, 0))),
            ]
            yield from _cheapest(f"1x{size} and {size}x1 convolutions in a row", node, op, pair, costs)


def _is_large(op: Conv2d) -> bool:
    height, width = op.kernel_size
    return height == width >= 5 and height % 2 == 1 and op.dilation == (1, 1)


def _parts(sides: Sides, count: int) -> list[Sides]:
    """Padding shared out over a row of convolutions, what is left over to the first."""
    before, after = (side // count for side in sides)
    return [(sides[0] - before * (count - 1), sides[1] - after * (count - 1)), *[(before, after)] * (count - 1)]


def _cheapest(text: str, node: Node, op: Conv2d, steps: list[_Step], costs: Costs) -> Iterator[_Option]:
    """The row with as many channels between its steps as come in or go out, whichever is cheaper.

    Those of the network's input don't count: nobody would pass an image on in three channels.
    """
    found = []
    widths = (
        {op.out_channels} if is_network_input(node.operands[0]) else {op.out_channels, node.operands[0].type.shape[0]}
    )
    for between in widths:
        figures = _row(node, op, steps, between, costs)
        if figures is not None:
            found.append((figures.mult_adds, between, figures))
    if found:
        _, between, best = min(found)
        yield _Option(f"{text} ({between} channels between)", best)


def _row(node: Node, op: Conv2d, steps: list[_Step], between: int, costs: Costs) -> Figures | None:
    types = node.operand_types
    total = [0, 0, 0]
    for position, step in enumerate(steps):
        channels = op.out_channels if position == len(steps) - 1 else between
        (top, bottom), (left, right) = step.padding
        sides = (left, right, top, bottom)
        small = edited(op, kernel_size=step.kernel, stride=step.stride, padding=sides, out_channels=channels)
        try:
            figures = costs.figures(small, types)
            types = infer(small, types)
        except OperatorError:
            return None  # a padding mode that does not reach as far in one step
        total = [a + b for a, b in zip(total, figures, strict=True)]
    return Figures(*total) if types == node.output_types else None


def _line(option: _Option, before: Figures) -> str:
    now = option.figures
    return (
        f"{option.text}: {now.mult_adds:,} multiply-adds instead of {before.mult_adds:,}, {now.params:,} parameters "
        f"instead of {before.params:,}, memory access {now.memory_access:,} instead of {before.memory_access:,}"
    )
