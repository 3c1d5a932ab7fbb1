"""How an operator becomes ONNX: the builder it talks to. Nothing here imports onnx."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np

Attribute: TypeAlias = "int | float | str | Sequence[int] | Sequence[float]"


class OnnxBuilder(Protocol):
    """What an operator may add to an ONNX graph. Names of values are strings, as in ONNX itself.

    The opset is 18. Dimension numbers in ONNX count N as 0. The exported network is the inference form.
    """

    def node(self, op_type: str, *inputs: str, **attributes: Attribute) -> str:
        """Add a node with one output and give the output's name. An empty input name is an omitted input."""

    def nodes(self, op_type: str, *inputs: str, outputs: int, **attributes: Attribute) -> tuple[str, ...]:
        """Add a node with several outputs."""

    def weight(self, name: str, transform: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]] | None = None) -> str:
        """The named weight of this node as an initializer, after `transform` (a new layout, a reordering of gates)."""

    def weights(self, names: Sequence[str], transform: Callable[..., np.ndarray[Any, Any]]) -> str:
        """One initializer computed from several weights of this node."""

    def constant(self, value: object, dtype: str = "int64") -> str:
        """A constant tensor from nested lists, a number or an array; dtype is a numpy name."""
