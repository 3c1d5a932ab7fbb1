"""The numbers that other cost counters print for a network, from their rules applied to our graph.

Each of them counts something else beside convolutions, linear layers and matmuls: see the modules of this package. The
tools themselves are the test of these rules.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

from archdsl.analysis.compat import fvcore, ptflops, ptflops_aten, thop, torchinfo
from archdsl.analysis.compat.calls import Call, Form, calls_of, reads_strided
from archdsl.ir.graph import Graph
from archdsl.ops.base import Operator, cost_of
from archdsl.types import TensorType

Tool = Literal["fvcore", "ptflops", "ptflops-aten", "thop", "torchinfo", "flopcounter"]
TOOLS: tuple[Tool, ...] = get_args(Tool)

_RULES: dict[Tool, Callable[[Call], int]] = {
    "fvcore": fvcore.count,
    "ptflops": ptflops.count,
    "ptflops-aten": ptflops_aten.count,
    "thop": thop.count,
    "torchinfo": torchinfo.count,
}
# What each tool calls its number. Only FlopCounterMode counts a multiply-add as two.
UNITS: dict[Tool, str] = {
    "fvcore": "flops, each a multiply-add",
    "ptflops": "MACs, each a multiply-add",
    "ptflops-aten": "MACs, each a multiply-add",
    "thop": "MACs, each a multiply-add",
    "torchinfo": "mult-adds",
    "flopcounter": "flops, two for a multiply-add",
}


class CompatCount(NamedTuple):
    """What a tool prints for one sample.

    Attributes:
        tool: the tool.
        form: how the network is written: see `Form`.
        number: what it prints.
        unit: what it means by that.
        by_operator: the same for each kind of operator that it counts, by name.
    """

    tool: Tool
    form: Form
    number: int
    unit: str
    by_operator: dict[str, int]


def compat_count(graph: Graph, tool: Tool, form: Form = "modules") -> CompatCount:
    """The number that a tool prints for a network in evaluation, with one sample.

    Args:
        graph: the network.
        tool: the cost counter.
        form: `modules` if every layer is a module of torch.nn wherever there is one; `compiled` for the module
            that `archdsl.compile` makes, where activations and pooling are functions.

    Raises:
        ValueError: for an unknown tool or form.
    """
    if tool not in TOOLS:
        raise ValueError(f"the tool is one of {', '.join(TOOLS)}, not {tool!r}")
    if form not in get_args(Form):
        raise ValueError(f"the form is modules or compiled, not {form!r}")
    totals: dict[str, int] = {}
    for node in graph.nodes:
        counted = _count(tool, form, node.op, node.operand_types, reads_strided(node))
        if counted:
            totals[node.op.name] = totals.get(node.op.name, 0) + counted
    return CompatCount(tool, form, sum(totals.values()), UNITS[tool], totals)


@lru_cache(maxsize=1 << 16)
def _count(tool: Tool, form: Form, op: Operator, operands: tuple[TensorType, ...], strided: bool) -> int:
    if tool == "flopcounter":
        return 2 * cost_of(op, operands).mult_adds
    rule = _RULES[tool]
    return sum(rule(call) for call in calls_of(op, operands, form, strided))
