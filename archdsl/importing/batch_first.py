"""Puts the batch back in front where a file moves it behind other dimensions for a while.

Attention is often written so: [N, T, 3, H, D] is permuted to [3, N, H, T, D] and taken apart along its first dimension.
A value whose batch stands at position p is replaced by the same value with the batch first and its other dimensions in
their order; transpositions and operations along one dimension are rewritten for that. Where anything else reads such a
value, or a result is one, nothing is changed: the transposition is then refused by its rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.importing.program import Instruction, Meta, Program

# Operations along one dimension, by the attribute that names it; whether the dimension is gone afterwards.
ALONG = {
    "aten.unbind.int": ("dim", True),
    "aten.select.int": ("dim", True),
    "aten.slice.Tensor": ("dim", False),
    "aten.chunk.default": ("dim", False),
    "aten.split.Tensor": ("dim", False),
    "aten.split_with_sizes.default": ("dim", False),
    "Gather": ("axis", True),
    "Split": ("axis", False),
}
# Those that name it in a constant operand, by its place.
ALONG_OPERAND = {"Slice": (3, False), "Squeeze": (1, True)}
COPIES = ("aten.contiguous.default", "aten.clone.default", "Identity")


def put_batch_first(program: Program) -> None:
    """Rewrite the program in place."""
    moves = _Moves(program)
    for one in program.instructions:
        if not one.folded:
            moves.follow(one)
    moves.drop_unfinished()
    moves.apply()


@dataclass(slots=True)
class _Change:
    """What an instruction becomes: its new dimension numbers, and where its results have the batch in the file."""

    numbers: list[int]
    position: int


@dataclass(slots=True)
class _Moves:
    program: Program
    positions: dict[str, int] = field(default_factory=dict)
    changes: dict[int, tuple[Instruction, _Change]] = field(default_factory=dict)
    unfinished: set[str] = field(default_factory=set)

    def follow(self, one: Instruction) -> None:
        """Note what becomes of an instruction that moves the batch or reads a value in which it is moved."""
        moved = [name for name in one.inputs if name in self.positions]
        order = _order(self.program, one)
        if not moved and (order is None or order[0] == 0 or not self._is_sample(one.inputs[0])):
            return
        change = self._change(one, order) if moved in ([], one.inputs[:1]) else None
        if change is None:
            self.unfinished.update(moved)
            return
        self.changes[id(one)] = (one, change)
        if change.position:
            self.positions.update({name: change.position for name in one.outputs if name})

    def drop_unfinished(self) -> None:
        """Leave out every change that would meet a reader that wasn't rewritten, before or behind it."""
        self.unfinished.update(value for _, value in self.program.outputs if value in self.positions)
        before = -1
        while before != len(self.unfinished):
            before = len(self.unfinished)
            for one, _ in self.changes.values():
                touched = {name for name in (one.inputs[0], *one.outputs) if name in self.positions}
                if touched & self.unfinished:
                    self.unfinished |= touched

    def apply(self) -> None:
        """Change the instructions and the types of what they give."""
        kept = [(one, c) for one, c in self.changes.values() if not self._is_dropped(one)]
        for one, change in kept:
            _write(self.program, one, change.numbers)
            for name in one.outputs:
                if name and change.position:
                    meta = self.program.metas[name]
                    shape = list(meta.shape)
                    self.program.metas[name] = Meta((shape.pop(change.position), *shape), meta.dtype)

    def _is_dropped(self, one: Instruction) -> bool:
        # A transposition away has its results in `positions`, one that leads back its operand.
        return any(name in self.unfinished for name in (one.inputs[0], *one.outputs))

    def _is_sample(self, name: str) -> bool:
        meta = self.program.metas.get(name)
        return meta is not None and bool(meta.shape) and meta.shape[0] == self.program.batch

    def _change(self, one: Instruction, order: list[int] | None) -> _Change | None:
        position = self.positions.get(one.inputs[0], 0)
        if order is not None:
            after = order.index(position)
            axes = [after, *(axis for axis in range(len(order)) if axis != after)]
            return _Change([_shifted(order[axis], position) for axis in axes], after)
        if one.op in COPIES:
            return _Change([], position)
        found = _along(self.program, one, len(self.program.shape(one.inputs[0])))
        if found is None or found[0] == position:
            return None
        axis, gone = found
        return _Change([_shifted(axis, position)], position - 1 if gone and axis < position else position)


def _shifted(axis: int, position: int) -> int:
    """The number of a dimension once the batch, now at `position`, stands first."""
    return 0 if axis == position else axis + 1 if axis < position else axis


def _order(program: Program, one: Instruction) -> list[int] | None:
    """The permutation of a transposition; None for other instructions."""
    if one.op == "Transpose":
        rank = len(program.shape(one.inputs[0]))
        return [int(d) % rank for d in one.attributes.get("perm") or range(rank - 1, -1, -1)]
    if one.op in ("aten.permute.default", "aten.transpose.int"):
        from archdsl.importing.aten_ops.views import order_of

        return order_of(program, one)
    return None


def _along(program: Program, one: Instruction, rank: int) -> tuple[int, bool] | None:
    """The dimension along which an instruction works, and whether it is gone afterwards."""
    if one.op in ALONG:
        name, gone = ALONG[one.op]
        if one.op == "Gather" and program.shape(one.inputs[1]) != ():
            return None
        return int(one.attributes.get(name, 0)) % rank, gone
    if one.op in ALONG_OPERAND:
        place, gone = ALONG_OPERAND[one.op]
        axes = program.constants.get(one.inputs[place]) if len(one.inputs) > place else None
        return (int(axes.item()) % rank, gone) if axes is not None and axes.size == 1 else None
    return None


def _write(program: Program, one: Instruction, numbers: list[int]) -> None:
    if one.op == "Transpose":
        one.attributes["perm"] = numbers
    elif one.op in ("aten.permute.default", "aten.transpose.int"):
        one.op = "aten.permute.default"
        one.attributes["dims"] = numbers
    elif one.op in ALONG:
        one.attributes[ALONG[one.op][0]] = numbers[0]
    elif one.op in ALONG_OPERAND:
        place, _ = ALONG_OPERAND[one.op]
        axes = program.constants[one.inputs[place]]
        name = f"{one.outputs[0]}%axes"
        program.constants[name] = axes * 0 + numbers[0]
        one.inputs[place] = name
