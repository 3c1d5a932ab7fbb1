"""The order in which a transposition puts dimensions: the same for all formats."""

from __future__ import annotations

from archdsl.importing.program import Instruction


def order_of(one: Instruction, rank: int) -> list[int]:
    """The permutation that a transposition makes."""
    given = one.attributes
    if one.op == "Transpose":
        return [int(d) % rank for d in given.get("perm") or range(rank - 1, -1, -1)]
    if "permute" in one.op:
        return [d % rank for d in given["dims"]]
    names = ("axis0", "axis1") if "swapaxes" in one.op else ("dim0", "dim1")
    a, b = (given.get(name, default) % rank for name, default in zip(names, (0, 1), strict=True))
    order = list(range(rank))
    order[a], order[b] = order[b], order[a]
    return order
