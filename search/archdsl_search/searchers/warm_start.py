"""Zero-cost warm start: a pool of random candidates is ranked by a cheap score, and the search starts with the best.

arXiv:2101.08134, section 5 (there for evolution and predictors, with synflow).
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from random import Random
from typing import Any

from pydantic import Field, field_validator

from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome
from archdsl_search.searchers.base import Searcher, SearcherSettings
from archdsl_search.searchers.novelty import Novelty
from archdsl_search.space.search_space import SearchSpace

Score = Callable[[Candidate], float]


class WarmStartSettings(SearcherSettings):
    """Options of the warm start."""

    searcher: dict[str, Any] = Field(
        {"name": "regularized_evolution"}, description="The searcher that goes on: `name`, and its options."
    )
    score: dict[str, Any] = Field(
        {"name": "zero_cost", "proxies": ["synflow"]},
        description="The evaluator that scores the pool: `name`, and its options; its first metric, larger is better.",
    )
    pool: int = Field(100, ge=1, description="Random candidates that are scored.")
    start: int = Field(20, ge=1, description="How many of the best are proposed first.")

    @field_validator("searcher", "score", mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("searcher")
    @classmethod
    def _known(cls, value: dict[str, Any]) -> dict[str, Any]:
        from archdsl_search.searchers.registry import names, searcher_type

        options = dict(value)
        name = options.pop("name", None)
        if name == WarmStart.name or name not in names():
            raise ValueError(f"there is no searcher `{name}` to start; there are {', '.join(names())}")
        searcher_type(name).settings_type.model_validate(options)
        return value


class WarmStart(Searcher[WarmStartSettings]):
    """Proposes the best of the pool, then what the searcher within proposes; that one is told everything.

    Attributes:
        score: scores a candidate, larger is better, the same number every time; whoever makes the searcher sets it.
            What raises or is not finite is ranked last. Without it, the pool keeps the order in which it was drawn.
    """

    name = "warm_start"
    settings_type = WarmStartSettings
    multi_objective = True

    def __init__(self, space: SearchSpace, settings: WarmStartSettings, rng: Random):
        super().__init__(space, settings, rng)
        from archdsl_search.searchers.registry import searcher_type

        options = dict(settings.searcher)
        kind = searcher_type(options.pop("name"))
        self.score: Score | None = None
        self._within = kind(space, kind.settings_type.model_validate(options), Random(rng.getrandbits(64)))
        self._best: list[Candidate] | None = None

    def ask(self, trial: int) -> Candidate | None:
        """The next of the best, or what the searcher within proposes."""
        if self._best is None:
            self._best = self._ranked()
        if self._best:
            candidate = self._best.pop(0)
            self._within.adopt(trial, candidate)
            return candidate
        return self._within.ask(trial)

    def adopt(self, trial: int, candidate: Candidate) -> None:
        """Hand it on."""
        self._within.adopt(trial, candidate)

    def tell(self, trial: int, candidate: Candidate, outcome: Outcome) -> None:
        """Hand it on."""
        self._within.tell(trial, candidate, outcome)

    def _ranked(self) -> list[Candidate]:
        novelty = Novelty(self.space)
        drawn = [novelty.sample(self.rng) for _ in range(self.settings.pool)]
        pool = [candidate for candidate in drawn if candidate is not None]
        if self.score is not None:
            scores = {candidate.identity: self._scored(candidate) for candidate in pool}
            pool.sort(key=lambda candidate: -scores[candidate.identity])
        return pool[: self.settings.start]

    def _scored(self, candidate: Candidate) -> float:
        assert self.score is not None
        score = self.score(candidate)
        return score if isfinite(score) else float("-inf")
