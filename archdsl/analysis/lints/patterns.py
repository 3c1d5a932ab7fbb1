"""Small questions that several lints ask about a step and its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from functools import cache
from typing import Any, TypeAlias, TypeGuard, TypeVar

from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.base import Operator
from archdsl.ops.families.activation import Elementwise, Softmax
from archdsl.ops.families.convolution import Convolution
from archdsl.ops.families.linear import Linear
from archdsl.ops.families.normalization import Normalization
from archdsl.ops.families.pooling import Pooling
from archdsl.ops.families.transposed_convolution import ConvTranspose2d
from archdsl.ops.registry import make

Op = TypeVar("Op", bound=Operator)
Readers: TypeAlias = Mapping[Value, list[Node]]

# Operators that hand a value on: in inference they move nothing.
PASSING = frozenset({"identity", "dropout", "dropout2d", "drop_path"})
# Operators that mix channels or hold a width of their own: what stands between two of them has the same channels.
_MIXING = (Convolution, ConvTranspose2d, Linear)


@cache
def _is_a(kind: type[Operator], bases: tuple[type[Operator], ...]) -> bool:
    # Models of pydantic answer isinstance in Python, which lints would ask for a dozen times at each step.
    return issubclass(kind, bases)


def is_convolution(op: Operator) -> TypeGuard[Convolution]:
    """Whether it is a convolution, not a transposed one."""
    return _is_a(type(op), (Convolution,))


def is_transposed(op: Operator) -> TypeGuard[ConvTranspose2d]:
    """Whether it is a transposed convolution."""
    return _is_a(type(op), (ConvTranspose2d,))


def is_linear(op: Operator) -> TypeGuard[Linear]:
    """Whether it is a linear layer."""
    return _is_a(type(op), (Linear,))


def is_pooling(op: Operator) -> TypeGuard[Pooling]:
    """Whether it is a pooling with a window."""
    return _is_a(type(op), (Pooling,))


def is_activation(op: Operator) -> bool:
    """Whether it is a non-linearity, element by element."""
    return _is_a(type(op), (Elementwise,))


def is_normalization(op: Operator) -> bool:
    """Whether it normalises."""
    return _is_a(type(op), (Normalization,))


def is_merge(node: Node) -> bool:
    """Whether different values come together here: a sum, product, mean or concatenation of two or more."""
    return node.op.family == "merging" and len(set(node.operands)) > 1


def is_fragment(node: Node) -> bool:
    """Whether it is a convolution or a pooling with a window: what arXiv:1807.11164 counts as a fragment."""
    return _is_a(type(node.op), (Convolution, ConvTranspose2d, Pooling))


def is_depthwise(node: Node, op: Convolution) -> bool:
    """Whether every channel is convolved by itself."""
    return op.groups > 1 and op.groups == node.operands[0].type.shape[0]


def living(graph: Graph) -> set[Node]:
    """The nodes that an output depends on."""
    stack = [value.producer for value in graph.outputs.values()]
    found: set[Node] = set()
    while stack:
        node = stack.pop()
        if node is not None and node not in found:
            found.add(node)
            stack.extend([value.producer for value in node.operands])
    return found


def behind(value: Value, skipped: frozenset[str] = PASSING) -> Node | None:
    """The node that makes a value, those that only hand it on skipped; None for an input of the network."""
    node = value.producer
    while node is not None and node.op.name in skipped:
        node = node.operands[0].producer
    return node


def next_nodes(value: Value, reading: Readers) -> Iterator[Node]:
    """The nodes that read a value, those that only hand it on skipped."""
    stack = [value]
    while stack:
        for node in reading.get(stack.pop(), ()):
            if node.op.name in PASSING:
                stack.extend(node.outputs)
            else:
                yield node


def is_network_input(value: Value) -> bool:
    """Whether a value has the channels of one of the network's inputs: nothing with a width stands between."""
    while (node := value.producer) is not None:
        if len(node.operands) != 1 or _is_a(type(node.op), _MIXING):
            return False
        value = node.operands[0]
    return True


def is_network_output(value: Value, results: Set[Value], reading: Readers) -> bool:
    """Whether a value leaves the network, as one of its results, with the channels it has: activations, softmax,
    pooling and the like at most follow.
    """
    while value not in results:
        following = reading.get(value, ())
        if len(following) != 1:
            return False
        node = following[0]
        plain = _is_a(type(node.op), (Elementwise, Softmax, Pooling)) or "pool" in node.op.name
        if not (plain or node.op.name in PASSING or node.op.family in ("shape", "resampling")) or not node.outputs:
            return False
        value = node.outputs[0]
    return True


def edited(op: Op, **changes: Any) -> Op:
    """The operator with other attributes.

    Raises:
        pydantic.ValidationError: if they are none that it can have.
    """
    given = {name: getattr(op, name) for name in type(op).model_fields}
    made = make(type(op), {**given, **changes})
    assert isinstance(made, type(op))
    return made


def written(size: tuple[int, ...]) -> str:
    """A window as people say it: `3x3`, `1x7`, `5`."""
    return "x".join(map(str, size))
