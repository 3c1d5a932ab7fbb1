"""The memory of one training step: forward pass, backward pass in the reverse order, and what lives when.

Values are held by the schedule of the forward pass (see `liveness`) and by autograd, which frees what a node saved
when its backward step is done. Gradients of values live from the first step that makes them to the step that uses
them; a second one is added in place where nobody else holds the first. Gradients of parameters stay.
"""

from __future__ import annotations

from typing import NamedTuple

from archdsl.analysis.figures import INTEGER_BYTES, figures_of
from archdsl.analysis.liveness import Storages
from archdsl.analysis.saving import saved_by
from archdsl.ir.graph import Graph, Node, Value

# The gradient of the operand is that of the result, or a part of it: no memory of its own.
_PASSING = frozenset(
    {"add", "add_bias", "concat", "flatten", "identity", "permute", "reshape", "squeeze", "stack", "unsqueeze"}
)
_NOISE = frozenset({"dropout", "dropout2d", "drop_path"})


class Moment(NamedTuple):
    """Memory at one moment: bytes for each sample, and bytes of gradients of parameters."""

    sample: int
    gradients: int


class Step(NamedTuple):
    """A training step.

    Attributes:
        moments: those that can be the peak at some batch size.
        saved: bytes for each sample that are alive between the passes.
    """

    moments: tuple[Moment, ...]
    saved: int


class _Gradient:
    """Memory that one or more gradients lie in."""

    __slots__ = ("bytes", "holders")

    def __init__(self, bytes: int):
        self.bytes = bytes
        self.holders = 1


def training_step(graph: Graph, float_bytes: int = 4) -> Step:
    """The memory of a step on this graph (in its training form)."""
    return _Simulation(graph, float_bytes).run()


class _Simulation:
    def __init__(self, graph: Graph, float_bytes: int):
        self.graph = graph
        self.float_bytes = float_bytes
        self.sample = self.gradients = 0
        self.moments: list[Moment] = []
        self.grads: dict[Value, _Gradient] = {}
        self.counted: set[str] = set()
        self.figures = [figures_of(node.op, node.operand_types) for node in graph.nodes]
        self.needs = _needing_gradients(graph)
        self.storages = Storages(graph, self.figures, lambda node: node.operands[0] if _hands_on(node) else None)
        self.extra = [0] * len(graph.nodes)
        self.free = self._lifetimes()

    def _lifetimes(self) -> list[int]:
        """Bytes that are freed after each moment: the nodes forwards, then the nodes backwards."""
        nodes, storages = self.graph.nodes, self.storages
        count = len(nodes)
        last = [2 * count if at == count else at for at in storages.last]
        for i, node in enumerate(nodes):
            if node.outputs[0] not in self.needs:
                continue
            saved = saved_by(node)
            kept = [node.operands[k] for k in saved.operands] + [node.outputs[k] for k in saved.outputs]
            for value in kept:
                storage = storages.of[value]
                last[storage] = max(last[storage], 2 * count - 1 - i)
            self.extra[i] = self._bytes(saved.floats, saved.integers)
        free = [0] * (2 * count + 1)
        for elements, integers, at in zip(storages.elements, storages.integers, last, strict=True):
            free[at] += self._bytes(elements - integers, integers)
        return free

    def _bytes(self, floats: int, integers: int) -> int:
        return floats * self.float_bytes + integers * INTEGER_BYTES

    def _mark(self) -> None:
        self.moments.append(Moment(self.sample, self.gradients))

    def run(self) -> Step:
        storages, count = self.storages, len(self.graph.nodes)
        self.sample = self._bytes(storages.input_elements - storages.input_integers, storages.input_integers)
        for i, (made, integers) in enumerate(storages.made):
            self.sample += self._bytes(made - integers, integers) + self.extra[i]
            self._mark()
            self.sample -= self.free[i]
        saved = self.sample
        for value in dict.fromkeys(self.graph.outputs.values()):
            if value in self.needs:
                self.grads[value] = self._new(value.type.elements)
        self._mark()
        for i in range(count - 1, -1, -1):
            self._backward(self.graph.nodes[i])
            self.sample -= self.free[2 * count - 1 - i] + self.extra[i]
        return Step(_highest(self.moments), saved)

    def _new(self, elements: int) -> _Gradient:
        made = _Gradient(elements * self.float_bytes)
        self.sample += made.bytes
        return made

    def _release(self, gradient: _Gradient) -> None:
        gradient.holders -= 1
        if not gradient.holders:
            self.sample -= gradient.bytes

    def _backward(self, node: Node) -> None:
        given = [self.grads.pop(value) for value in node.outputs if value in self.grads]
        if not given:
            return
        made = [(value, self._gradient(node, k, given)) for k, value in enumerate(node.operands) if value in self.needs]
        passing = self._transient(node)
        self.sample += passing
        self._weights(node)
        self._mark()
        self.sample -= passing
        for gradient in given:
            self._release(gradient)
        for value, gradient in made:
            self._accumulate(value, gradient)

    def _gradient(self, node: Node, k: int, given: list[_Gradient]) -> _Gradient:
        value, whole = node.operands[k], node.outputs[0].type
        shares = _hands_on(node) or (node.op.name in _PASSING and _fits(node, k)) or (node.op.name == "sub" and k == 0)
        if shares and len(given) == 1 and (node.op.name not in ("add", "sub") or value.type == whole):
            given[0].holders += 1
            return given[0]
        if node.op.name in ("mean", "drop_path_mean") and k and node.operands[0] in self.needs:
            return self._new(0)  # all operands get one gradient
        return self._new(value.type.elements)

    def _transient(self, node: Node) -> int:
        """Products of the size of the result whose sums are the gradients of smaller factors."""
        if node.op.name not in ("mul", "div"):
            return 0
        whole = node.outputs[0].type.elements
        smaller = [v for v in node.operands if v in self.needs and v.type.elements < whole]
        return len(smaller) * whole * self.float_bytes

    def _weights(self, node: Node) -> None:
        known = figures_of(node.op, node.operand_types)
        if known.params and node.path not in self.counted:
            self.counted.add(node.path)
            self.gradients += known.params * self.float_bytes

    def _accumulate(self, value: Value, gradient: _Gradient) -> None:
        before = self.grads.get(value)
        if before is None:
            self.grads[value] = gradient
            return
        if before.holders > 1:
            self.grads[value] = self._new(value.type.elements)
            self._mark()
            self._release(before)
        else:
            self._mark()
        self._release(gradient)


def _hands_on(node: Node) -> bool:
    """Whether the result is the operand itself, also in training."""
    return node.op.name in _NOISE and getattr(node.op, "p", 1) == 0


def _fits(node: Node, k: int) -> bool:
    """Broadcast operands get sums of the gradient, which are tensors of their own."""
    return node.op.name != "add" or node.operands[k].type == node.outputs[0].type


def _needing_gradients(graph: Graph) -> set[Value]:
    """Values that depend on a parameter, integers aside."""
    found: set[Value] = set()
    for node in graph.nodes:
        trained = any(spec.kind == "parameter" for spec in node.weights)
        if trained or any(value in found for value in node.operands):
            found.update(value for value in node.outputs if value.type.dtype != "int64")
    return found


def _highest(moments: list[Moment]) -> tuple[Moment, ...]:
    """Those that no other exceeds in both figures, the largest for each sample first."""
    best: list[Moment] = []
    for moment in sorted(set(moments), reverse=True):
        if not best or moment.gradients > best[-1].gradients:
            best.append(moment)
    return tuple(best)
