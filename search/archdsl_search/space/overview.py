"""What a space holds: size, decisions, what its candidates cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

import archdsl
from archdsl_search.candidate import Label
from archdsl_search.space.decision_tree import DecisionTree, NoTreeError, Part
from archdsl_search.space.identity import by_decisions
from archdsl_search.space.spec_space import SpecSpace

COSTS = ("params", "mult_adds", "flops", "memory_access")


@dataclass(frozen=True)
class Reached:
    """A decision.

    Attributes:
        when: `always`, or the outcomes of another decision that open it.
    """

    id: str
    outcomes: int
    options: list[Label]
    take: list[int] | None
    when: str


@dataclass(frozen=True)
class Spread:
    """A cost over the candidates that were drawn."""

    least: int
    median: int
    most: int


@dataclass(frozen=True)
class Overview:
    """What was found.

    Attributes:
        size: ways through the decisions, `require` and shapes not looked at; None if that can't be known.
        valid: the share of them that are in the space, of those drawn.
        samples: candidates drawn.
    """

    name: str
    size: int | None
    why_unknown: str
    valid: float
    decisions: list[Reached]
    cost: dict[str, Spread]
    samples: int

    def to_json(self) -> dict[str, Any]:
        """Plain data, all of it."""
        return asdict(self)


def look_at(space: archdsl.Space, samples: int, seed: int, progress: Callable[[str], None] | None = None) -> Overview:
    """Learn the decisions of a space, and draw candidates to see what they cost.

    Raises:
        OutsideError: if nothing valid was found.
    """
    say = progress or (lambda message: None)
    known = SpecSpace(space, by_decisions)
    rng = Random(seed)
    tree, why = None, ""
    try:
        tree = DecisionTree(known, lambda walks: say(f"decisions: {walks} walks"))
    except NoTreeError as error:
        why = str(error)
    drawn = []
    for number in range(samples):
        drawn.append(space.price(known.sample(rng).decisions))
        say(f"cost: {number + 1}/{samples} candidates")
    say("")
    decisions = _of_tree(tree) if tree is not None else _of_samples(known, rng)
    return Overview(
        space.name,
        tree.size if tree is not None else None,
        why,
        tree.valid if tree is not None else 1.0,
        decisions,
        {name: _spread([getattr(cost, name) for cost in drawn]) for name in COSTS},
        samples,
    )


def _spread(values: list[int]) -> Spread:
    ordered = sorted(values)
    return Spread(ordered[0], ordered[len(ordered) // 2], ordered[-1])


def _of_tree(tree: DecisionTree) -> list[Reached]:
    found: list[Reached] = []

    def collect(parts: list[Part], when: str) -> None:
        for part in parts:
            found.append(_reached(part.point, when))
            opened: dict[Any, list[str]] = {}
            below: dict[Any, Part] = {}
            for outcome, inner in enumerate(part.opened):
                for each in inner:
                    opened.setdefault(each.point, []).append(str(part.point.outcome(outcome)))
                    below[each.point] = each
            for point, outcomes in opened.items():
                collect([below[point]], f"{part.point.id} = {' or '.join(outcomes)}")

    collect(tree.parts, "always")
    return found


def _of_samples(space: SpecSpace, rng: Random) -> list[Reached]:
    """Decisions seen in candidates drawn, where nobody knows what opens which."""
    candidates = [space.points(space.sample(rng)) for _ in range(100)]
    always = set.intersection(*map(set, candidates))
    points = dict.fromkeys(point for points in candidates for point in points)
    return [_reached(point, "always" if point in always else "sometimes") for point in points]


def _reached(point: archdsl.Decision, when: str) -> Reached:
    return Reached(point.id, point.outcomes, list(point.options), list(point.sizes) if point.sizes else None, when)
