"""Several values become one; values that are made of one number."""

from __future__ import annotations

from typing import Any

from archdsl.importing.aten_ops.common import get, refs, rule
from archdsl.importing.einsum import summed_product
from archdsl.importing.lifted import Lifted
from archdsl.importing.program import Instruction, Program
from archdsl.importing.rules import axis_of, step, tensors


@rule("einsum")
def named_product(program: Program, one: Instruction) -> list[Lifted]:
    return summed_product(program, one, one.attributes["equation"], refs(one, "tensors"))


@rule("cat", "concat", "concatenate")
def concat(program: Program, one: Instruction) -> list[Lifted]:
    dim = axis_of(get(one, "dim", 0), len(program.shape(one.outputs[0])))
    steps, names = tensors(program, one, refs(one, "tensors"))
    return [*steps, *step("concat", one, names, dim=dim or None)]


@rule("stack")
def stack(program: Program, one: Instruction) -> list[Lifted]:
    dim = axis_of(get(one, "dim", 0), len(program.shape(one.outputs[0])))
    steps, names = tensors(program, one, refs(one, "tensors"))
    return [*steps, *step("stack", one, names, dim=dim or None)]


@rule("zeros", "ones", "full", "new_zeros", "new_ones", "new_full", "zeros_like", "ones_like", "full_like")
def filled(program: Program, one: Instruction) -> list[Lifted]:
    value = get(one, "fill_value", 1 if "ones" in one.op else 0)
    integer: dict[str, Any] = {"dtype": "int64"} if program.metas[one.outputs[0]].dtype == "int64" else {}
    attributes = {"value": value, "shape": program.sample(one.outputs[0]), **integer}
    return [Lifted("constant", attributes, [], one.outputs)]
