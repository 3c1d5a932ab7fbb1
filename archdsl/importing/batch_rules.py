"""What becomes of an instruction whose operands have the batch elsewhere (`batch_layout`), for all formats.

Every rule gives the instruction on our values: other dimension numbers, constants of another shape, or nothing but
another layout of the results. None means that there is no such instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from archdsl.importing.aliasing import base_name, rename
from archdsl.importing.batch_layout import Layout
from archdsl.importing.program import Array, Instruction, Program
from archdsl.importing.transposition import order_of


@dataclass(slots=True)
class Rewritten:
    """An instruction on values whose batch is in front.

    Attributes:
        one: what is rewritten.
        layout: of all results in the file.
        op: its new name, if it has one.
        attributes: those that change.
        constants: constant operands that change, by name or by place.
    """

    one: Instruction
    layout: Layout
    op: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str | int, Array] = field(default_factory=dict)
    program: Program | None = None

    def apply(self) -> None:
        """Change the instruction."""
        self.one.op = self.op or self.one.op
        self.one.attributes.update(self.attributes)
        for number, (operand, array) in enumerate(self.constants.items()):
            assert self.program is not None
            made = f"{self.one.outputs[0]}%laid{number}"
            self.program.constants[made] = array
            if operand in self.program.learned:
                self.program.learned.add(made)
            if isinstance(operand, int):
                self.one.inputs[operand] = made
            else:
                rename(self.one, {operand: made})


@dataclass(frozen=True, slots=True)
class _Moved:
    """The operands of an instruction."""

    program: Program
    one: Instruction
    names: tuple[str, ...]
    layout: Layout
    rank: int

    @property
    def constants(self) -> list[str]:
        return [name for name in self.one.inputs if name in self.program.constants]

    def made(self, layout: Layout | None = None, **more: Any) -> Rewritten:
        return Rewritten(self.one, self.layout if layout is None else layout, program=self.program, **more)

    def alone(self, trailing: int = 0) -> bool:
        """Whether one value is moved, all others are constants, and the last dimensions aren't the batch's."""
        others = [name for name in self.one.inputs if name and name not in self.names]
        constant = all(name in self.program.constants for name in others)
        return len(self.names) == 1 and constant and self.layout.place < self.rank - trailing


Rule: TypeAlias = "Callable[[_Moved], Rewritten | None]"


def rewritten(program: Program, one: Instruction, layouts: Mapping[str, Layout]) -> Rewritten | None:
    """The instruction on our values; None if there is none.

    Args:
        program: the program.
        one: an instruction; that it moves a batch that is in front counts as well.
        layouts: of values whose batch is elsewhere.
    """
    base = base_name(one.op)
    base = base if base.endswith("__") else base.removesuffix("_")
    moved = tuple(dict.fromkeys(name for name in one.inputs if name in layouts))
    rule = RULES.get(base)
    if not moved:
        x = next(iter(one.inputs), "")
        if rule not in (_reshape, _permute) or not _is_sample(program, x):
            return None
        moved = (x,)
    known = {layouts.get(name, Layout()) for name in moved}
    ranks = {len(program.metas[name].shape) for name in moved}
    if rule is None or len(known) > 1 or len(ranks) > 1 or any(n and n not in program.metas for n in one.outputs):
        return None
    try:
        return rule(_Moved(program, one, moved, known.pop(), ranks.pop()))
    except (ValueError, IndexError, TypeError):  # along the batch, or sizes that are not known
        return None


def _is_sample(program: Program, name: str) -> bool:
    meta = program.metas.get(name)
    return meta is not None and bool(meta.shape) and meta.shape[0] == program.batch


def _same(moved: _Moved) -> Rewritten | None:
    return moved.made() if moved.alone() else None


def _reshape(moved: _Moved) -> Rewritten | None:
    program, one = moved.program, moved.one
    if moved.names[0] != one.inputs[0]:
        return None
    after = program.metas[one.outputs[0]].shape
    layout = moved.layout.reshaped(program.metas[one.inputs[0]].shape, after, program.batch)
    if layout is None:
        return None
    return moved.made(layout, op="aten.view.default" if one.op.startswith("aten.") else "Reshape")


def _permute(moved: _Moved) -> Rewritten | None:
    one = moved.one
    order = order_of(one, moved.rank)
    numbers, layout = moved.layout.permuted(order)
    if one.op == "Transpose":
        return moved.made(layout, attributes={"perm": numbers})
    return moved.made(layout, op="aten.permute.default", attributes={"dims": numbers})


def _rows(moved: _Moved) -> Rewritten | None:
    """A learned matrix applied to the last dimension."""
    return moved.made() if moved.alone(1) else None


def _product(moved: _Moved) -> Rewritten | None:
    if moved.constants:
        (matrix,) = moved.constants
        right = moved.program.constants[matrix].ndim == 2 and moved.one.inputs[-1] == matrix
        return _rows(moved) if right else None
    return _together(moved, 2)


def _together(moved: _Moved, trailing: int = 0) -> Rewritten | None:
    """Operands that all have the batch in one place, and no constants."""
    if set(filter(None, moved.one.inputs)) != set(moved.names) or moved.layout.place >= moved.rank - trailing:
        return None
    shapes = [moved.program.metas[name].shape for name in moved.names]
    return moved.made() if len({shape[moved.layout.place] for shape in shapes}) == 1 else None


def _attention(moved: _Moved) -> Rewritten | None:
    return _together(moved, 2)


def _binary(moved: _Moved) -> Rewritten | None:
    if any(name not in moved.names and name not in moved.program.constants for name in moved.one.inputs):
        return None
    if len(moved.names) == 2 and len({moved.program.metas[n].shape[moved.layout.place] for n in moved.names}) > 1:
        return None
    constants: dict[str | int, Array] = {}
    for name in moved.constants:
        array = moved.program.constants[name]
        if array.size > 1:
            constants[name] = _laid_out(array, moved.layout, moved.rank, moved.program.batch)
    return moved.made(constants=constants)


def _laid_out(array: Array, layout: Layout, rank: int, batch: int) -> Array:
    """A constant that is broadcast against a moved value. Raises ValueError if it is not the same for all samples."""
    full = array.reshape((1,) * (rank - array.ndim) + array.shape)
    size = full.shape[layout.place]
    if size == 1:
        joined = (1,) * len(layout.joined)
    elif batch == 1:
        joined = layout.joined
    else:
        raise ValueError("one number for each sample")
    return full.reshape(1, *full.shape[: layout.place], *joined, *full.shape[layout.place + 1 :])


def _concat(moved: _Moved) -> Rewritten | None:
    if moved.constants or set(moved.one.inputs) != set(moved.names):
        return None
    name = "axis" if moved.one.op == "Concat" else "dim"
    number = moved.layout.axis(moved.one.attributes.get(name) or 0, moved.rank)
    return moved.made(attributes={name: number})


def _along(moved: _Moved, default: int, gone: bool) -> Rewritten | None:
    """Work along one dimension, which may be gone afterwards."""
    name = "dim" if moved.one.op.startswith("aten.") else "axis"
    if not moved.alone() or moved.names[0] != moved.one.inputs[0]:
        return None
    given = moved.one.attributes.get(name)
    number = (default if given is None else int(given)) % moved.rank
    layout = moved.layout.without(number) if gone else moved.layout
    return moved.made(layout, attributes={name: moved.layout.axis(number, moved.rank)})


def _part(moved: _Moved) -> Rewritten | None:
    return _along(moved, 0, gone=False)


def _last(moved: _Moved) -> Rewritten | None:
    return _along(moved, -1, gone=False)


def _element(moved: _Moved) -> Rewritten | None:
    return _along(moved, 0, gone=True)


def _gather(moved: _Moved) -> Rewritten | None:
    if moved.one.inputs[1] not in moved.program.constants:
        return None
    return _along(moved, 0, gone=moved.program.constants[moved.one.inputs[1]].ndim == 0)


def _many(moved: _Moved) -> Rewritten | None:
    """Work along several dimensions: reductions, rolls, slices of ONNX."""
    if not moved.alone() or moved.names[0] != moved.one.inputs[0]:
        return None
    one, after = moved.one, moved.program.metas[moved.one.outputs[0]].shape
    place = AXES_OPERAND.get(one.op, 0)
    operand = one.inputs[place] if place and len(one.inputs) > place else ""
    name = next((n for n in ("dim", "dims", "axes") if one.attributes.get(n) is not None), "")
    if not operand and not name:
        return None
    given = moved.program.constants[operand] if operand else one.attributes[name]
    listed = [int(n) % moved.rank for n in np.atleast_1d(np.asarray(given))]
    numbers = [moved.layout.axis(number, moved.rank) for number in listed]
    gone = sum(number < moved.layout.place for number in listed) if len(after) < moved.rank else 0
    layout = moved.layout._replace(place=moved.layout.place - gone)
    if operand:
        return moved.made(layout, constants={place: np.array(numbers, np.int64)})
    return moved.made(layout, attributes={name: numbers})


def _trailing(moved: _Moved) -> Rewritten | None:
    """Normalisation of the last dimensions."""
    shape = moved.one.attributes.get("normalized_shape")
    if shape is not None:
        return moved.made() if moved.alone(len(shape)) else None
    axis = int(moved.one.attributes.get("axis", -1)) % moved.rank
    if not moved.alone(moved.rank - axis):
        return None
    return moved.made(attributes={"axis": moved.layout.axis(axis, moved.rank)})


def _expanded(moved: _Moved) -> Rewritten | None:
    shape = moved.program.metas[moved.names[0]].shape
    after = moved.program.metas[moved.one.outputs[0]].shape
    place = moved.layout.place
    return moved.made() if len(after) == len(shape) and after[place] == shape[place] else None


def _padded(moved: _Moved) -> Rewritten | None:
    """Borders at the last dimensions."""
    sides: Sequence[int] = moved.one.attributes.get("pad") or []
    return moved.made() if moved.alone(len(sides) // 2) else None


# Place of the operand that lists dimensions.
AXES_OPERAND = {"Slice": 3, **dict.fromkeys(("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2"), 1)}

_BY_RULE: dict[Rule, str] = {
    _same: (
        "contiguous clone alias detach dropout relu relu6 gelu silu mish selu elu leaky_relu sigmoid hardsigmoid "
        "hardswish hardtanh tanh exp softplus neg square pow clamp clamp_min clamp_max "
        "Identity Dropout Relu Gelu Mish Selu Elu LeakyRelu Sigmoid HardSigmoid HardSwish Tanh Exp Softplus Neg Erf "
        "Sqrt Reciprocal Clip Abs Pow"
    ),
    _reshape: "view reshape _unsafe_view flatten unflatten unsqueeze squeeze Reshape Flatten Unsqueeze Squeeze",
    _permute: "permute transpose t swapaxes Transpose",
    _rows: "linear addmm mm Gemm",
    _product: "matmul bmm MatMul",
    _attention: "scaled_dot_product_attention",
    _binary: "add sub mul div rsub maximum minimum expand_as Add Sub Mul Div Max Min",
    _concat: "cat concat Concat",
    _part: "slice chunk split split_with_sizes index_select Split",
    _last: "softmax _softmax log_softmax _log_softmax Softmax LogSoftmax",
    _element: "unbind select",
    _gather: "Gather",
    _many: "mean sum amax amin roll linalg_vector_norm Slice ReduceMean ReduceSum ReduceMax ReduceMin ReduceL2",
    _trailing: "layer_norm native_layer_norm LayerNormalization",
    _expanded: "expand Expand",
    _padded: "pad constant_pad_nd",
}
RULES: dict[str, Rule] = {name: rule for rule, names in _BY_RULE.items() for name in names.split()}
