"""Candidates beyond a cost limit: found from the graph, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping

import archdsl
from archdsl_search.candidate import Candidate
from archdsl_search.objectives.constraints import QUANTITIES, Bound, violation


class Screen:
    """The constraints of a sweep that need no evaluation."""

    def __init__(self, space: archdsl.Space, constraints: Mapping[str, Bound]):
        self._space = space
        self._bounds = {name: bound for name, bound in constraints.items() if name in QUANTITIES}

    def objection(self, candidate: Candidate) -> str:
        """Why the candidate is rejected; empty if it is not."""
        if not self._bounds:
            return ""
        cost = self._cost(candidate)
        return violation(self._bounds, {name: float(getattr(cost, name)) for name in self._bounds})

    def _cost(self, candidate: Candidate) -> object:
        """Figures by name. All but the peak of activations are added up without building even the graph."""
        if "peak_activation" in self._bounds:
            return archdsl.cost(self._space.resolve(candidate.decisions))
        return self._space.price(candidate.decisions)
