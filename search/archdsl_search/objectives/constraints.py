"""Bounds on metrics: a candidate beyond one of them is infeasible, however good it is otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator

from archdsl_search.options import Options

# What the graph tells, whatever the evaluator measures.
QUANTITIES = ("params", "mult_adds", "flops", "memory_access", "peak_activation")


class Bound(Options):
    """What a metric may be."""

    at_most: float | None = Field(None, description="The largest value that is allowed.")
    at_least: float | None = Field(None, description="The smallest value that is allowed.")

    @model_validator(mode="after")
    def _something(self) -> Bound:
        if self.at_most is None and self.at_least is None:
            raise ValueError("at_most, at_least or both are needed")
        if self.at_most is not None and self.at_least is not None and self.at_least > self.at_most:
            raise ValueError(f"nothing is at least {self.at_least:g} and at most {self.at_most:g}")
        return self

    def violation(self, name: str, value: float) -> str:
        """What is wrong with the value; empty if nothing is."""
        if self.at_most is not None and not value <= self.at_most:
            return f"{name} is {value:g}, at most {self.at_most:g} is allowed"
        if self.at_least is not None and not value >= self.at_least:
            return f"{name} is {value:g}, at least {self.at_least:g} is wanted"
        return ""


def violation(bounds: Mapping[str, Bound], metrics: Mapping[str, float]) -> str:
    """The first bound that the metrics break, as one line; empty if none. What was not measured breaks nothing."""
    for name, bound in bounds.items():
        if name in metrics:
            wrong = bound.violation(name, metrics[name])
            if wrong:
                return wrong
    return ""
