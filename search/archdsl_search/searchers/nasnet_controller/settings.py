"""Every constant of the NASNet controller."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from archdsl_search.searchers.base import SearcherSettings

# What makes the controller find the optimum of a table within a thousand measurements; see docs/benchmarks/search.md.
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "tuned": {
        "learning_rate": 0.004,
        "entropy": 0.02,
        "epochs": 4,
        "batch": 10,
        "reward": "rank",
        "known": "reject",
    },
}


class ControllerSettings(SearcherSettings):
    """Constants of the controller; the defaults are the paper's (arXiv:1707.07012, section 3.1 and appendix A).

    What the paper leaves open, and is chosen here: the optimizer (Adam, as in arXiv:1611.01578), PPO's clip (0.2, as in
    arXiv:1707.06347) and its epochs (10, as there).
    """

    preset: Literal["paper", "tuned"] = Field(
        "paper", description="Where the other options come from unless they are given: the paper, or `tuned`."
    )
    hidden: int = Field(100, ge=1, description="Units of the one-layer LSTM, and size of the embeddings.")
    learning_rate: float = Field(0.00035, gt=0, description="Step of Adam.")
    entropy: float = Field(1e-5, ge=0, description="Weight of the entropy bonus.")
    baseline_decay: float = Field(0.95, ge=0, lt=1, description="Decay of the moving average that rewards are held to.")
    batch: int = Field(20, ge=1, description="Finished architectures for each update.")
    initial_range: float = Field(0.1, gt=0, description="Weights are drawn from U(-r, r).")
    clip: float = Field(0.2, gt=0, description="PPO: how far the ratio of probabilities may move and still gain.")
    epochs: int = Field(10, ge=1, description="PPO: steps of Adam on each batch.")
    reward: Literal["value", "rank"] = Field(
        "value",
        description="`value`: the objective as it is. `rank`: the part of the last 1000 told that are worse, to the "
        "fourth power: units don't matter, and the very best stand out.",
    )
    known: Literal["propose", "learn", "reject"] = Field(
        "propose",
        description="A sample whose identity was told already: propose it all the same; learn from the value that is "
        "remembered and sample again; or sample again.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, given: Any) -> Any:
        """Fill what is not given from the preset."""
        if isinstance(given, dict):
            return {**PRESETS.get(str(given.get("preset", "paper")), {}), **given}
        return given
