"""Whether the decisions that are fixed in a space exist there. One candidate need not reach all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.pipeline.elaboration import Request
from archdsl.spec.elaborate.decisions import Decider, Decision
from archdsl.spec.syntax.model import Label

# Candidates that are looked at for a decision before it is called a mistake.
DRAWS = 200


def never_reached(request: Request, make: Callable[[Decider], object]) -> list[Diagnostic]:
    """E0602 for each decision of a request that is not reached in any of 200 candidates.

    Args:
        request: of a space: some of its decisions are open.
        make: builds the candidate that a decider makes, valid or not.
    """
    seeker = _Seeker(request.decisions)
    for _ in range(DRAWS):
        make(seeker)
        if not seeker.missing:
            return []
    return [request.unknown(name, list(seeker.seen)) for name in seeker.missing]


class _Seeker:
    """Takes options whose labels the id of a missing decision leads through, and draws where that says nothing.

    Attributes:
        seen: the ids of all decisions that were reached.
    """

    def __init__(self, fixed: Mapping[str, Label]):
        self._fixed = fixed
        self._rng = Random(0)
        self.seen: dict[str, None] = {}

    @property
    def missing(self) -> list[str]:
        """What was not reached yet."""
        return [name for name in self._fixed if name not in self.seen]

    def decide(self, decision: Decision) -> Label | None:
        """The outcome that is fixed, if it is one; else one that may lead on."""
        self.seen[decision.id] = None
        label = self._fixed.get(decision.id)
        if label is not None and decision.index(label) is not None:
            return label
        for name in self.missing:
            if name.startswith(f"{decision.id}/"):
                word = re.split(r"[/\[]", name.removeprefix(f"{decision.id}/"))[0]
                if decision.index(word) is not None:
                    return word
        return decision.outcome(self._rng.randrange(decision.outcomes))
