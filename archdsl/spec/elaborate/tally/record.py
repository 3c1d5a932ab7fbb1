"""What a cell call in progress has come to."""

from __future__ import annotations

from archdsl.spec.elaborate.scopes import Data
from archdsl.spec.elaborate.tally.blueprint import Blueprint, Included, Part, Simplify
from archdsl.spec.elaborate.tally.outlines import Tensors
from archdsl.spec.elaborate.tally.recollection import Amounts, Leaf, Tree, repeated


class Invalid(Exception):  # noqa: N818 - signals, not errors
    """The candidate is no network, or not in the space."""


class Doubtful(Exception):  # noqa: N818
    """Only building the network can tell."""


class Record:
    """A call in progress, or the network itself.

    Attributes:
        outer: the call around it.
        prefix: what the ids of its decisions begin with.
        tree, tensors: where it will be remembered, and the tensors that it reads.
        parts: what its operators and the calls in it cost.
        built: its operators and the calls in it.
        weights: by path within the call: an operator with its weights, or the weights of a call; and the `share`
            around it.
        height: how deep calls go inside.
        asked, steps, shares: how many decisions, steps and shared weights there were before it.
    """

    __slots__ = (
        "_around",
        "_start",
        "asked",
        "built",
        "height",
        "outer",
        "parts",
        "prefix",
        "saw_training",
        "shares",
        "steps",
        "tensors",
        "tree",
        "weights",
    )

    def __init__(
        self,
        outer: Record | None = None,
        path: str = "",
        decisions: str = "",
        tree: Tree | None = None,
        tensors: Tensors | None = None,
    ):
        self.outer = outer
        self.prefix = f"{decisions}/" if decisions else ""
        self.tree = tree
        self.tensors = tensors or Tensors()
        self.parts: list[Amounts] = []
        self.built: list[Part] = []
        self.weights: dict[str, tuple[object, str]] = {}
        self.height = self.asked = self.steps = self.shares = 0
        self.saw_training = False
        self._start = len(path) + 1 if path else 0
        self._around: set[str] = set()

    def begin(self, asked: int, steps: int, shares: int) -> None:
        """The call is looked at from here on."""
        self.asked, self.steps, self.shares = asked, steps, shares

    def claim(self, path: str, weights: object, shared: str) -> bool:
        """Take a path for weights; whether they are counted here for the first time.

        Raises:
            Doubtful: if it is not clear that they may have this path.
        """
        inner = path[self._start :]
        known = self.weights.get(inner)
        if known is not None:
            if not shared or known[1] != shared or not (known[0] is weights or known[0] == weights):
                raise Doubtful
            return False
        if inner in self._around:
            raise Doubtful
        self.weights[inner] = weights, shared
        while "/" in inner:
            inner = inner[: inner.rindex("/")]
            if inner in self.weights:
                raise Doubtful
            if inner in self._around:
                break
            self._around.add(inner)
        return True

    def include(self, leaf: Leaf, path: str, shared: str) -> None:
        """Count a finished call.

        Raises:
            Doubtful: as of `claim`; also if it shares weights with another call and with others inside.
        """
        amounts = leaf.amounts
        if leaf.weights and not self.claim(path, leaf.weights, shared):
            if leaf.shares and self.weights[path[self._start :]][0] is not leaf.weights:
                raise Doubtful
            amounts = repeated(amounts)
        if amounts:
            self.parts.append(amounts)
        self.height = max(self.height, leaf.height + 1)
        self.saw_training = self.saw_training or leaf.saw_training

    def total(self) -> Amounts:
        """The sum of the parts."""
        return tuple([sum(column) for column in zip(*self.parts, strict=True)])

    def inner(self, path: str) -> str:
        """The path of weights within the call."""
        return path[self._start :]

    def finished(self, results: list[Data], shares: bool, simplify: Simplify) -> tuple[Leaf, Included]:
        """The call, done; and how the one around it is built of it, its path aside."""
        tensors, read = self.tensors, len(self.tensors.values)
        templates = tuple([tensors.template(result) for result in results])
        given = tensors.values[read:]
        made = tuple([value.type for value in given])
        del tensors.values[read:]
        plan = Blueprint(tensors.values, self.built, given, simplify)
        leaf = Leaf(self.total(), self.weights, templates, made, self.height, self.saw_training, shares, plan)
        return leaf, Included(plan, tensors.values, given, "")
