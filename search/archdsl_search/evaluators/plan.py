"""What a sweep file's `evaluator` describes, checked before anything is loaded: which evaluator, which options.

`also` adds others to the first one: their metrics come together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings
from archdsl_search.evaluators.combined import CombinedEvaluator, CombinedSettings
from archdsl_search.evaluators.entry_point import EntryPointEvaluator
from archdsl_search.evaluators.function import FunctionEvaluator
from archdsl_search.evaluators.registry import evaluator_type

if TYPE_CHECKING:
    from archdsl import Space

ALSO = "also"


class EvaluatorOptionError(ValueError):
    """A wrong option. `path` leads to it within the sweep file's `evaluator`: `also[0].data`."""

    def __init__(self, path: str, message: str):
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message


@dataclass(frozen=True)
class EvaluatorPlan:
    """An evaluator that can be made anywhere: `make` is called once in each process that evaluates.

    Attributes:
        kind: its class.
        settings: its options, checked.
        also: evaluators whose metrics are added.
        function: what a `FunctionEvaluator` calls; a plan that is sent elsewhere needs one that can be.
    """

    kind: type[Evaluator[Any]]
    settings: EvaluatorSettings
    also: tuple[EvaluatorPlan, ...] = ()
    function: Callable[..., Any] | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        """What is always measured; the first one is the default objective."""
        own = self.kind.measured(self.settings)
        return tuple(dict.fromkeys([*own, *(name for plan in self.also for name in plan.metrics)]))

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the results depend on."""
        return (*self.kind.files(self.settings), *(path for plan in self.also for path in plan.files))

    @property
    def light(self) -> bool:
        """Whether all of it takes milliseconds."""
        return self.kind.is_light(self.settings) and all(plan.light for plan in self.also)

    def make(self, space: Space) -> Evaluator[Any]:
        """The evaluator for candidates of this space."""
        first: Evaluator[Any]
        if self.function is None:
            first = self.kind(space, self.settings)
        else:
            first = FunctionEvaluator(space, self.settings, self.function)
        if not self.also:
            return first
        return CombinedEvaluator(space, CombinedSettings(), [first, *(plan.make(space) for plan in self.also)])

    def describe(self) -> dict[str, Any]:
        """Name and options as plain data, as a sweep file would have them."""
        plain: dict[str, Any] = {"name": self.kind.name, **self.settings.model_dump(mode="json")}
        return {**plain, ALSO: [plan.describe() for plan in self.also]} if self.also else plain


def plan_evaluator(options: Mapping[str, Any]) -> EvaluatorPlan:
    """The plan for what a sweep file has under `evaluator`: `name`, that evaluator's options, and perhaps `also`.

    Raises:
        EvaluatorOptionError: for the first thing that is wrong, with its place.
    """
    return _plan(options, "")


def plan_function(function: Callable[..., Any]) -> EvaluatorPlan:
    """The plan for a user's function from a module to metrics."""
    return EvaluatorPlan(FunctionEvaluator, EvaluatorSettings(), function=function)


def _plan(options: Any, path: str) -> EvaluatorPlan:
    if not isinstance(options, Mapping):
        raise EvaluatorOptionError(path, f"a mapping with `name` is needed, not {options!r}")
    rest = dict(options)
    name, also = rest.pop("name", None), rest.pop(ALSO, ())
    if name is None:
        raise EvaluatorOptionError(_join(path, "name"), "the evaluator's name is missing")
    if not isinstance(also, Sequence) or isinstance(also, str):
        raise EvaluatorOptionError(_join(path, ALSO), "a list of evaluators is needed")
    try:
        kind = evaluator_type(name)
        if kind is EntryPointEvaluator and name != EntryPointEvaluator.name:
            rest = {"entry_point": name, "options": rest}
        settings = kind.settings_type.model_validate(rest)
        kind.measured(settings)
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        raise EvaluatorOptionError(_join(path, place.removeprefix(".")), first["msg"]) from None
    except ValueError as error:
        raise EvaluatorOptionError(_join(path, "name"), str(error)) from None
    return EvaluatorPlan(kind, settings, tuple(_plan(o, _join(path, f"{ALSO}[{i}]")) for i, o in enumerate(also)))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name
