"""Exported programs may change a tensor in place: who reads it afterwards reads the result."""

from __future__ import annotations

from archdsl.importing.program import Instruction, Program

# Results of these are views: they change with what they view.
_CUTS = {"chunk", "split", "split_with_sizes", "slice", "select", "narrow", "unbind"}
_SHAPES = {"view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "expand"}
_ORDERS = {"permute", "transpose", "t", "swapaxes", "movedim"}
_NOTHING = {"contiguous", "alias", "detach", "dropout", "identity"}
VIEWS = frozenset(_CUTS | _SHAPES | _ORDERS | _NOTHING)
# Marks: a change of which a view is read afterwards, and such a reader.
CONFLICT = "changed in place"
OUTDATED = "reads what was changed"


def without_mutation(program: Program) -> None:
    """Rename what is read behind a change in place.

    Where a view of it is read, too, the change gets a mark, and the reader reads the change, so that both are refused.
    """
    last: dict[str, int] = {name: len(program.instructions) for _, name in program.outputs}
    for number, one in enumerate(program.instructions):
        for name in one.inputs:
            last[name] = max(last.get(name, 0), number)
    renamed: dict[str, str] = {}
    family: dict[str, set[str]] = {}
    outdated: dict[str, str] = {}
    for number, one in enumerate(program.instructions):
        before = list(one.inputs)
        _follow(one, outdated)
        rename(one, renamed)
        if _changes(one) and not one.folded:
            changed = before[0]
            others = family.get(changed, {changed}) - {changed}
            if any(last.get(other, -1) > number for other in others):
                one.attributes[CONFLICT] = True
                outdated.update(dict.fromkeys(others, one.outputs[0]))
            renamed[changed] = one.outputs[0]
            for origin, now in renamed.items():
                if now == changed:
                    renamed[origin] = one.outputs[0]
        elif base_name(one.op) in VIEWS and before:
            members = family.setdefault(before[0], {before[0]})
            members.update(one.outputs)
            family.update(dict.fromkeys(one.outputs, members))
    current = renamed | outdated
    program.outputs = [(public, current.get(name, name)) for public, name in program.outputs]


def _changes(one: Instruction) -> bool:
    base = base_name(one.op)
    return base.endswith("_") and not base.endswith("__") and bool(one.inputs) and bool(one.outputs)


def _follow(one: Instruction, outdated: dict[str, str]) -> None:
    """Mark an instruction that reads what a change behind a view has made outdated."""
    changes = [outdated[name] for name in one.inputs if name in outdated]
    if changes:
        one.attributes[OUTDATED] = True
        one.inputs += changes


def base_name(op: str) -> str:
    """`relu_` of `aten.relu_.default`."""
    parts = op.split(".")
    return parts[1] if len(parts) > 1 else op


def rename(one: Instruction, renamed: dict[str, str]) -> None:
    """Let an instruction read other values."""
    if not any(name in renamed for name in one.inputs):
        return
    one.inputs = [renamed.get(name, name) for name in one.inputs]
    for key, value in one.attributes.items():
        one.attributes[key] = _renamed(value, renamed)


def _renamed(value: object, renamed: dict[str, str]) -> object:
    if isinstance(value, list):
        return [_renamed(each, renamed) for each in value]
    name = getattr(value, "name", None)
    return type(value)(renamed.get(name, name)) if isinstance(name, str) and isinstance(value, tuple) else value
