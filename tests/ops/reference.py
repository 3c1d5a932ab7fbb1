"""torchvision, to compare with. It is no dependency; `make test` installs it."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import torch

_SCHEMAS = ("nms", "qnms")
_kept: list[Any] = []


@cache
def torchvision_module(name: str) -> ModuleType:
    """A module of torchvision, also of a build whose compiled operators don't fit the installed torch."""
    try:
        import_module("torchvision")
    except RuntimeError:
        for loaded in [loaded for loaded in sys.modules if loaded.split(".")[0] == "torchvision"]:
            del sys.modules[loaded]
        _define_operators()
    return import_module(name)


def _define_operators() -> None:
    """The schemas that importing torchvision in Python asks for."""
    make_library: Any = torch.library.Library
    library = make_library("torchvision", "DEF")
    _kept.append(library)
    for name in _SCHEMAS:
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
