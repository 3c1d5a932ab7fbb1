"""Transposed convolutions whose windows overlap unevenly.

With a kernel that is no multiple of the stride some outputs are sums of more products than their neighbours: a
checkerboard pattern that training must undo.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from archdsl.analysis.lints.patterns import is_transposed, written
from archdsl.analysis.lints.rule import Finding, Rule
from archdsl.analysis.lints.subject import Subject


@dataclass(frozen=True)
class Checkerboard(Rule):
    """Transposed convolutions with a stride that does not divide the kernel."""

    code: ClassVar[str] = "D0107"
    number: ClassVar[str] = "rest of the kernel's size over the stride"

    def findings(self, subject: Subject) -> Iterator[Finding]:
        for node in subject.graph.nodes:
            op = node.op
            if not is_transposed(op):
                continue
            kernel, stride = op.kernel_size, op.stride
            rest = max(k % s for k, s in zip(kernel, stride, strict=True))
            if rest > self.threshold:
                even = tuple(-(-k // s) * s for k, s in zip(kernel, stride, strict=True))
                message = f"a window of {written(kernel)} with stride {written(stride)} overlaps unevenly"
                edit = f"kernel_size: [{even[0]}, {even[1]}], or `interpolate` and a convolution"
                yield Finding(node, rest, message, edit)
