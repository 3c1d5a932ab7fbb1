"""The parts of a sweep, put together: space, searcher, evaluator, objective; and what is wrong with them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import archdsl
from archdsl_search.early_stopping.base import EarlyStoppingSettings
from archdsl_search.evaluators.entry_point import EntryPointEvaluator
from archdsl_search.evaluators.plan import EvaluatorPlan, plan_function
from archdsl_search.evaluators.shared_weights import SharedWeightsEvaluator
from archdsl_search.objectives.base import Objective
from archdsl_search.objectives.constraints import QUANTITIES
from archdsl_search.searchers.base import Searcher
from archdsl_search.searchers.warm_start import WarmStart, WarmStartSettings
from archdsl_search.space.identity import Identify, by_decisions, by_graph, by_hash, by_string
from archdsl_search.space.spec_space import SpecSpace
from archdsl_search.sweep.cheap_score import cheap_score, checked_score
from archdsl_search.sweep.checking import OptionError, Place, checked_evaluator, checked_objective, checked_searcher
from archdsl_search.sweep.model import Sweep

# Metrics that are kept for reports; nobody searches on them.
HIDDEN = ("test_",)
# The searcher that takes turns with the evaluator `shared_weights`.
ENAS = "enas"


@dataclass(frozen=True)
class Parts:
    """What a driver works with.

    Attributes:
        sweep: what they were made from.
        space: searches of one process may share it.
        plan: makes the evaluator wherever it is needed.
        objective: what becomes of metrics.
        replays: whether the result of one candidate serves all of the same identity.
    """

    sweep: Sweep
    space: SpecSpace
    plan: EvaluatorPlan
    objective: Objective[Any]
    replays: bool

    def searcher(self) -> Searcher[Any]:
        """A new searcher at its beginning."""
        kind, settings = checked_searcher(self.sweep.searcher)
        searcher = kind(self.space, settings, Random(f"archdsl_search {self.sweep.seed} searcher"))
        if kind.name == ENAS:
            searcher.schedule = self.plan.settings.trials  # type: ignore[attr-defined]
        if isinstance(searcher, WarmStart):
            searcher.score = cheap_score(searcher.settings.score, self.space.space, self.sweep.seed)
        return searcher

    @property
    def described(self) -> dict[str, Any]:
        """The sweep with every option filled in."""
        _, settings = checked_searcher(self.sweep.searcher)
        return {
            **self.sweep.model_dump(mode="json"),
            "searcher": {"name": self.sweep.searcher["name"], **settings.model_dump(mode="json")},
            "evaluator": self.plan.describe(),
            "objective": {"name": self.objective.name, **self.objective.settings.model_dump(mode="json")},
        }


def put_together(
    sweep: Sweep,
    evaluate: Callable[..., Any] | None = None,
    space: SpecSpace | None = None,
    by_hashes: bool = False,
) -> Parts:
    """The parts of a sweep.

    Args:
        evaluate: a function from a module to metrics, in place of the evaluator that the sweep names.
        space: one that was made for an equal sweep, with what it knows already.
        by_hashes: whether graphs are named by their canonical hash, as journals of earlier versions do.

    Raises:
        archdsl.ArchdslError: if the space file has mistakes.
        OptionError: if an option is wrong, or the parts don't fit each other.
    """
    kind, settings = checked_searcher(sweep.searcher)
    if isinstance(settings, WarmStartSettings):
        checked_score(settings.score)
    plan = plan_function(evaluate) if evaluate is not None else checked_evaluator(sweep.evaluator)
    if kind.name == ENAS or plan.kind is SharedWeightsEvaluator:
        _expect_a_pair(sweep, kind, plan)
    objective = checked_objective(sweep.objective, plan)
    if space is None:
        loaded = _load(sweep)
        space = SpecSpace(loaded, _identify(sweep, plan, loaded, by_hash if by_hashes else by_graph))
    hidden = [name for name in objective.metrics if name.startswith(HIDDEN)]
    if hidden:
        raise OptionError("E1304", ("objective",), f"`{hidden[0]}` is kept for the report: nothing is searched on it")
    if len(objective.labels) > 1 and not kind.multi_objective:
        message = f"the searcher `{kind.name}` follows one value, the objective has {len(objective.labels)}"
        raise OptionError("E1304", ("objective",), message, "nsga2 and random follow several")
    _check_metrics(sweep, plan, objective)
    if sweep.early_stopping is not None:
        _check_early_stopping(sweep.early_stopping, plan)
    return Parts(sweep, space, plan, objective, sweep.identity != "none")


def _check_metrics(sweep: Sweep, plan: EvaluatorPlan, objective: Objective[Any]) -> None:
    """A misspelt metric would fail every trial, after its training."""
    known = _known_metrics(plan)
    if known is None:
        return
    for name in objective.metrics:
        if name not in known:
            options = objective.settings.model_dump()
            place = ("objective", *[key for key, value in options.items() if value == name][:1])
            raise _unmeasured(place, name, plan, known)
    known = (*known, *(name for name in QUANTITIES if name not in known))
    for name in sweep.constraints:
        if name not in known:
            raise _unmeasured(("constraints", name), name, plan, known)


def _known_metrics(plan: EvaluatorPlan) -> tuple[str, ...] | None:
    """All that can be measured; None where it shows only in what an evaluator returns.

    What others bring may measure more than the metrics that it promises.
    """
    for part in (plan, *plan.also):
        if part.kind is EntryPointEvaluator or not part.kind.measured(part.settings):
            return None
    return plan.metrics


def _unmeasured(place: Place, name: str, plan: EvaluatorPlan, known: tuple[str, ...]) -> OptionError:
    near = archdsl.nearest_word(name, known)
    hint = f"did you mean `{near}`?" if near else "known: " + ", ".join(known)
    return OptionError("E1304", place, f"the evaluator `{plan.kind.name}` does not measure `{name}`", hint)


def _check_early_stopping(settings: EarlyStoppingSettings, plan: EvaluatorPlan) -> None:
    """A metric that is never reported would stop nearly everything."""
    if plan.light:
        message = f"the evaluator `{plan.kind.name}` takes milliseconds and reports no steps: nothing can be stopped"
        raise OptionError("E1304", ("early_stopping",), message)
    if plan.metrics and settings.metric not in plan.metrics:
        raise _unmeasured(("early_stopping", "metric"), settings.metric, plan, plan.metrics)


def _expect_a_pair(sweep: Sweep, kind: type[Searcher[Any]], plan: EvaluatorPlan) -> None:
    """Searcher and evaluator train in turn; what one trial leaves, the next one goes on with.

    Raises:
        OptionError: if one of them is missing, or trials would not follow each other.
    """
    if plan.kind is not SharedWeightsEvaluator:
        message = "the searcher `enas` goes with the evaluator `shared_weights`"
        raise OptionError("E1304", ("evaluator",), message, "--set evaluator.name=shared_weights")
    if kind.name != ENAS:
        message = "the evaluator `shared_weights` goes with the searcher `enas`"
        raise OptionError("E1304", ("searcher",), message, "--set searcher.name=enas")
    if sweep.identity != "none":
        message = "the same candidate is worth more when the shared weights are better: nothing can be replayed"
        raise OptionError("E1304", ("identity",), message, "--set identity=none")
    if sweep.resources.workers != 1:
        message = "weights are shared within one process"
        raise OptionError("E1304", ("resources", "workers"), message, "--set resources.workers=1")


def _load(sweep: Sweep) -> archdsl.Space:
    chosen = sweep.space
    return archdsl.load_space(chosen.file, chosen.params, chosen.decisions, chosen.inputs)


def _identify(sweep: Sweep, plan: EvaluatorPlan, space: archdsl.Space, of_graphs: Identify) -> Identify:
    if sweep.identity == "graph":
        return of_graphs
    if sweep.identity == "none":
        return by_decisions
    rule = getattr(plan.kind, "string_identity", None)
    if rule is None:
        message = f"the evaluator `{plan.kind.name}` has no rule for strings"
        raise OptionError(
            "E1304", ("identity",), message, "graph or none; `string` is for tables with an `arch` column"
        )
    return by_string(rule(space, plan.settings))
