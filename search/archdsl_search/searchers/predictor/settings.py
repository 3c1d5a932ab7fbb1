"""Options of predictor-guided search."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from archdsl_search.searchers.base import SearcherSettings


class PredictorSettings(SearcherSettings):
    """Options of predictor-guided search; the same defaults serve every space."""

    initial: int = Field(16, ge=2, description="Candidates drawn at random before the predictor is asked.")
    encoding: Literal["auto", "decisions", "paths"] = Field(
        "auto",
        description="What candidates are compared by: their decisions (one-hot), the paths of operations through their "
        "cells, or all there is. `auto`: decisions, how often each outcome was taken, and paths where the space "
        "knows its graphs. Paths take the time to build a graph.",
    )
    acquisition: Literal["expected_improvement", "upper_confidence", "thompson"] = Field(
        "expected_improvement", description="What the next candidate is chosen by."
    )
    explore: int = Field(
        4,
        ge=0,
        description="Every so many-th proposal is the one with the largest mean and three standard deviations instead: "
        "what looks good from afar is looked at before the search settles. 0: none.",
    )
    confidence: float = Field(1.0, ge=0, description="Standard deviations that `upper_confidence` adds to the mean.")
    parents: int = Field(10, ge=1, description="How many of the best are mutated for the pool.")
    children: int = Field(24, ge=0, description="Mutations that enter the pool when a candidate joins the parents.")
    fresh: int = Field(
        60,
        ge=1,
        description="Candidates that enter the pool at every proposal: changes of the best, changes of what looks "
        "promising, and random ones in equal parts; after the first 100 trials fewer and fewer.",
    )
    pool: int = Field(2000, ge=1, description="Candidates kept to choose from; the least promising leave.")
    rated: int = Field(
        300,
        ge=1,
        description="So many of the newest and most promising are looked at in every proposal, the whole pool in every "
        "tenth; in searches of thousands of trials a third as many, and a quarter as often.",
    )
    memory: int = Field(128, ge=10, description="Trials that the predictor learns from: the best half and the latest.")
