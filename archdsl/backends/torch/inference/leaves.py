"""Weights as engines need them: tensors, and modules for steps that run as they do anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn

from archdsl.backends.runtimes.session import Array
from archdsl.backends.torch import support
from archdsl.backends.torch.inference.recipe import Setting
from archdsl.backends.torch.members import lowering_of
from archdsl.ir.graph import Node
from archdsl.ir.naming import state_key

Made = TypeVar("Made")


class Leaves:
    """The weights of an optimized graph; what is made of them is made once."""

    def __init__(self, weights: Mapping[str, Array], setting: Setting):
        self.setting = setting
        self._weights = weights
        self._made: dict[tuple[str, ...], Any] = {}

    def tensor(self, node: Node, name: str) -> Tensor:
        """A weight in the setting's type."""
        tensor = torch.from_numpy(self._weights[state_key(node.path, name)])
        return tensor.to(self.setting.dtype) if tensor.is_floating_point() else tensor

    def module(self, node: Node) -> nn.Module | None:
        """The module of a step with weights; nodes that share weights share it."""
        leaf = lowering_of(node).leaf
        if leaf is None:
            return None
        owner, _, name = leaf.type.partition(".")
        kind = getattr({"nn": nn, "support": support}[owner], name)

        def make() -> nn.Module:
            with torch.device("meta"):
                module: nn.Module = kind(**{key: literal.value for key, literal in leaf.kwargs})
            module.load_state_dict({spec.name: self.tensor(node, spec.name) for spec in node.weights}, assign=True)
            return module.eval()

        return self.once(("module", node.path), make)

    def once(self, key: tuple[str, ...], make: Callable[[], Made]) -> Made:
        """What `make` gives, remembered."""
        if key not in self._made:
            self._made[key] = make()
        return cast(Made, self._made[key])
