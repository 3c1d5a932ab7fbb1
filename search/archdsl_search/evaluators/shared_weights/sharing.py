"""Whether candidates of a space have weights in common, and if not, which decision is in the way. Needs no torch."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import TYPE_CHECKING

from archdsl_search.space.spec_space import SpecSpace

if TYPE_CHECKING:
    from archdsl import Space
    from archdsl_search.candidate import Candidate

PAIRS = 24
# A decision that changes the shapes of a larger part of what two candidates both have leaves nothing to share.
MOST_APART = 0.5


class UnsharedError(ValueError):
    """Candidates of the space have hardly a weight in common."""


def expect_shared(space: Space) -> None:
    """Change one decision of random candidates and compare.

    Raises:
        UnsharedError: if one decision changes the shapes of more than half of the weights.
    """
    rng, searched = Random(0), SpecSpace(space, lambda space, decisions: "")
    apart: dict[str, list[float]] = defaultdict(list)
    for _ in range(PAIRS):
        one = searched.sample(rng)
        if not one.decisions:
            return
        other = searched.mutate(one, rng)
        changed = next(n for n in one.decisions if one.decisions[n] != other.decisions.get(n))
        apart[changed].append(_part_apart(_shapes(space, one), _shapes(space, other)))
    name, part = max(((n, sum(parts) / len(parts)) for n, parts in apart.items()), key=lambda found: found[1])
    if part > MOST_APART:
        raise UnsharedError(
            f"{space.name}: the decision `{name}` changes the shapes of {part:.0%} of the weights that candidates have "
            f"in common: there is little to share. Fix it (`space: {{decisions: {{{name}: ...}}}}`) and search the rest"
        )


def _shapes(space: Space, candidate: Candidate) -> dict[str, tuple[int, ...]]:
    """Shapes of weights by their place."""
    graph = space.resolve(candidate.decisions).graph(training=True)
    return {f"{node.path}.{spec.name}": tuple(spec.shape) for node in graph.nodes for spec in node.weights}


def _part_apart(one: dict[str, tuple[int, ...]], other: dict[str, tuple[int, ...]]) -> float:
    both = one.keys() & other.keys()
    return sum(one[name] != other[name] for name in both) / max(1, len(both))
