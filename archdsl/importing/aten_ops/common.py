"""The table of rules, and how the arguments of an instruction are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from archdsl.importing.aliasing import CONFLICT, OUTDATED
from archdsl.importing.lifted import Lifted
from archdsl.importing.program import Consequence, Instruction, Program, Refusal
from archdsl.importing.rules import Rule, Rules, one_number, step

RULES = Rules()
OVERLOADS = ("default", "Tensor", "Scalar", "int", "dim", "using_ints", "input", "vec", "dims", "int_list", "sizes")


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Decorator: a rule for these functions of aten, all overloads, in place or not."""

    def added(function: Rule) -> Rule:
        def checked(program: Program, one: Instruction) -> list[Lifted] | None:
            if one.attributes.get(CONFLICT):
                raise Refusal("it changes a tensor in place of which a view is read afterwards")
            if one.attributes.get(OUTDATED):
                raise Consequence("what it reads was changed in place through a view")
            return function(program, one)

        for name in names:
            base, _, overload = name.partition(".")
            for each in (base, f"{base}_"):
                ends = [overload] if overload else OVERLOADS
                RULES(*(f"aten.{each}.{end}" for end in ends))(checked)
        return function

    return added


def tensor(one: Instruction, *names: str) -> str:
    """Name of a tensor among the arguments; empty where it is left out."""
    for name in names:
        value = one.attributes.get(name)
        if value is not None:
            found = getattr(value, "name", None)
            if not isinstance(found, str):
                raise Refusal(f"`{name}` is no tensor")
            return found
    return ""


def operand(program: Program, one: Instruction, *names: str) -> str:
    """Name of a tensor that is computed. Raises Refusal for constants."""
    name = tensor(one, *(names or ("self", "input")))
    if name in program.constants or not name:
        raise Refusal("it reads a constant where a value is needed")
    return name


def get(one: Instruction, name: str, default: Any) -> Any:
    """An argument, or what torch has by default."""
    value = one.attributes.get(name)
    return default if value is None else value


def sizes(one: Instruction, name: str, axes: int, default: int) -> list[int]:
    """An argument with a number for each axis."""
    value = get(one, name, default)
    found = [value] if isinstance(value, int) else list(value)
    if any(not isinstance(v, int) for v in found):
        raise Refusal(f"its {name} is not known")
    return found * axes if len(found) == 1 else (found or [default] * axes)


def shown(one: Instruction, name: str, axes: int, default: int) -> int | tuple[int, ...] | None:
    """The same as an attribute; None where it is the default."""
    found = one_number(sizes(one, name, axes, default))
    return None if found == default else found


def simple(operator: str, *names: str) -> None:
    """Adds a rule: a function of one tensor and nothing else."""

    def found(program: Program, one: Instruction) -> list[Lifted]:
        return step(operator, one, [operand(program, one)])

    rule(*names)(found)


def refs(one: Instruction, name: str) -> Sequence[str]:
    """Names of the tensors in a list."""
    return [each.name for each in one.attributes.get(name) or []]
