"""Readable names: of cells, of values, of the network."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from archdsl.importing.program import Level
from archdsl.importing.rollup.tree import BRANCHES, LOOP, Step
from archdsl.ops.registry import operators
from archdsl.spec.expressions.reserved import RESERVED

SHORT = {"conv2d": "conv", "conv1d": "conv", "batch_norm2d": "bn", "batch_norm1d": "bn", "max_pool2d": "pool"}
CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict"})
MOST_PARTS = 3


def identifier(text: str, otherwise: str) -> str:
    """A name that a file may have, as near to the text as possible."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")[:60]
    if not name or name[0].isdigit():
        name = f"{otherwise}_{name}" if name else otherwise
    return f"{name}_" if name in RESERVED else name


def unique(base: str, taken: Collection[str]) -> str:
    """The name, with `_b`, `_c`, ... behind it where it is taken; numbers are left to the labels of unnamed steps."""
    name, number = base, 1
    while name in taken:
        name = f"{base}_{_letters(number)}"
        number += 1
    return name


def _letters(number: int) -> str:
    """a to z, then ba, bb, ..."""
    text = chr(ord("a") + number % 26)
    while number >= 26:
        number //= 26
        text = chr(ord("a") + number % 26) + text
    return text


def cell_name(steps: Sequence[Step], scope: tuple[Level, ...], taken: Collection[str], params: Collection[str]) -> str:
    """A name for a cell: its module's class, else what it is made of."""
    base = _of_module(scope) or _of_steps(steps)
    return unique(base, {*taken, *operators(), *RESERVED, *params})


def _of_module(scope: tuple[Level, ...]) -> str:
    if not scope:
        return ""
    level = scope[-1]
    if level.kind and level.kind not in CONTAINERS:
        return snake(level.kind)
    label = re.sub(r"[\[\].\d]+", "", level.label)
    return identifier(label, "block") if len(label) > 1 and not level.kind else ""


def snake(name: str) -> str:
    """`BasicBlock` as `basic_block`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return identifier(spaced.lower().lstrip("_"), "block")


def _of_steps(steps: Sequence[Step]) -> str:
    heads = [step.head for step in steps]
    if BRANCHES in heads:
        place = heads.index(BRANCHES)
        join = heads[place + 1] if place + 1 < len(heads) else ""
        return {"add": "residual", "concat": "branches_concat", "mul": "gated"}.get(join, "block")
    if LOOP in heads or len(heads) > MOST_PARTS:
        return "block"
    return "_".join(SHORT.get(head, head) for head in heads)


def value_name(step: Step, taken: Collection[str]) -> str:
    """A name for what a step makes: of its module, else of its head."""
    labels = [level.label for level in step.scope]
    label = labels[-1] if labels else ""
    usable = re.fullmatch(r"[A-Za-z_]\w*", label, re.ASCII) is not None
    base = label if usable else SHORT.get(step.head, step.head)
    base = "result" if base in (LOOP, BRANCHES) else identifier(base, "value")
    if base in operators() or base in taken:
        base = f"{base}_out" if base in operators() else base
    return unique(base, taken)
