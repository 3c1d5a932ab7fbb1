"""Mapping files: which tensor of another program is which of ours, as JSON that people can read and edit.

An object from their names to ours, in the order of their file. Where they keep the numbers in another shape (a linear
layer for a 1x1 convolution), the value is `{"name": ours, "shape": theirs}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.diagnostics.suggest import nearest
from archdsl.ops.base import WeightSpec

LARGEST_MAP = 64 * 2**20


@dataclass(frozen=True)
class NameMap:
    """Attributes:
    names: our key by theirs.
    shapes: their shape by their name, where it is not ours.
    """

    names: dict[str, str]
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def to_json(self, indent: int | None = None) -> str:
        """The text of a mapping file."""
        data = {
            theirs: {"name": ours, "shape": list(self.shapes[theirs])} if theirs in self.shapes else ours
            for theirs, ours in self.names.items()
        }
        return json.dumps(data, indent=indent)


def read_name_map(path: Path) -> NameMap:
    """The contents of a mapping file. Raises ArchdslError E1006 if it can't be read or is none."""
    try:
        if path.stat().st_size > LARGEST_MAP:
            raise ArchdslError(Diagnostic("E1006", f"{path} is too large for a mapping file"))
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        message = f"there is no layout `{path}`: neither one of auto, torchvision, timm nor a file"
        raise ArchdslError(Diagnostic("E1006", message)) from None
    except (OSError, ValueError) as error:
        raise ArchdslError(Diagnostic("E1006", f"{path} is no mapping file: {error}")) from None
    return parse_name_map(text, str(path))


def parse_name_map(text: str, where: str) -> NameMap:
    """The mapping that a text says. Raises ArchdslError E1006 if it says none."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArchdslError(Diagnostic("E1006", f"{where} is no mapping: {error}")) from None
    if not isinstance(content, dict) or not content:
        raise ArchdslError(Diagnostic("E1006", f"{where} is no mapping of names to names, {{theirs: ours}}"))
    names: dict[str, str] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for theirs, value in content.items():
        if isinstance(value, dict) and set(value) == {"name", "shape"} and _is_shape(value["shape"]):
            shapes[theirs] = tuple(value["shape"])
            value = value["name"]
        if not isinstance(value, str):
            message = f"{where} gives {theirs} neither the name of a weight nor a name and a shape"
            raise ArchdslError(Diagnostic("E1006", message))
        names[theirs] = value
    if len(set(names.values())) < len(names):
        raise ArchdslError(Diagnostic("E1006", f"{where} gives one of our weights to two of theirs"))
    return NameMap(names, shapes)


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and size >= 0 for size in value)


def misfits(names: NameMap, shapes: Mapping[str, tuple[int, ...]], wanted: Mapping[str, WeightSpec]) -> list[str]:
    """Why a mapping does not bring a checkpoint with these shapes onto a network with these weights; or nothing."""
    problems = [f"the checkpoint has no tensor {theirs}" for theirs in names.names if theirs not in shapes]
    problems += [f"nothing is said of {theirs}" for theirs in shapes if theirs not in names.names]
    for theirs, ours in names.names.items():
        if ours not in wanted:
            near = nearest(ours, wanted)
            problems.append(f"the network has no weight {ours}" + (f"; did you mean {near}?" if near else ""))
        elif theirs in shapes and not _same(shapes[theirs], wanted[ours].shape, theirs in names.shapes):
            problems.append(f"{theirs} is {list(shapes[theirs])}, {ours} is {list(wanted[ours].shape)}")
    covered = set(names.names.values())
    problems += [f"nothing for {ours}" for ours, spec in wanted.items() if ours not in covered and not counts(spec)]
    return problems


def _same(theirs: tuple[int, ...], ours: tuple[int, ...], reshaped: bool) -> bool:
    return theirs == ours or (reshaped and prod(theirs) == prod(ours))


def counts(spec: WeightSpec) -> bool:
    """Whether the weight is a counter of training steps, which evaluation does not read."""
    return spec.kind == "buffer" and spec.shape == () and spec.dtype == "int64"
