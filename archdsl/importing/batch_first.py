"""Puts the batch back in front where a file moves it behind other dimensions, or joins it with others, for a while.

Attention is often written so: [N, T, 3, H, D] is permuted to [3, N, H, T, D] and taken apart along its first dimension,
or heads are joined with the batch. Each such value is replaced by one with the batch first (`batch_layout`), and the
instructions on it are rewritten for that (`batch_rules`). Where anything else reads such a value, or a result is one,
nothing is changed: the first step that moved the batch is then refused by its rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.importing.batch_layout import Layout
from archdsl.importing.batch_rules import Rewritten, rewritten
from archdsl.importing.program import Instruction, Meta, Program


def put_batch_first(program: Program) -> None:
    """Rewrite the program in place."""
    moves = _Moves(program)
    for one in program.instructions:
        if not one.folded:
            moves.follow(one)
    moves.drop_unfinished()
    moves.apply()


@dataclass(slots=True)
class _Moves:
    """What would become of the instructions, and which values have the batch elsewhere."""

    program: Program
    layouts: dict[str, Layout] = field(default_factory=dict)
    changes: list[tuple[Instruction, Rewritten]] = field(default_factory=list)
    unfinished: set[str] = field(default_factory=set)

    def follow(self, one: Instruction) -> None:
        """Note what becomes of an instruction that moves the batch or reads a value in which it is moved."""
        moved = [name for name in one.inputs if name in self.layouts]
        change = rewritten(self.program, one, self.layouts)
        if change is None:
            self.unfinished.update(moved)
            return
        if not moved and change.layout == Layout():
            return
        self.changes.append((one, change))
        if change.layout != Layout():
            self.layouts.update({name: change.layout for name in one.outputs if name})

    def drop_unfinished(self) -> None:
        """Leave out every change that would meet a reader that wasn't rewritten, before or behind it."""
        self.unfinished.update(value for _, value in self.program.outputs if value in self.layouts)
        before = -1
        while before != len(self.unfinished):
            before = len(self.unfinished)
            for one, _ in self.changes:
                touched = self._moved(one)
                if touched & self.unfinished:
                    self.unfinished |= touched

    def apply(self) -> None:
        """Change the instructions and the types of what they give."""
        for one, change in self.changes:
            if self._moved(one) & self.unfinished:
                continue
            for name in one.outputs:
                if name and change.layout != Layout():
                    meta = self.program.metas[name]
                    self.program.metas[name] = Meta(change.layout.ours(meta.shape, self.program.batch), meta.dtype)
            change.apply()

    def _moved(self, one: Instruction) -> set[str]:
        # A transposition away has its results among them, one that leads back its operand.
        return {name for name in (*one.inputs, *one.outputs) if name in self.layouts}
