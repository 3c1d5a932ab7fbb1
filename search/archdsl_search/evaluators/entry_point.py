"""Evaluators that other packages bring: `evaluator: {name: entry_point, entry_point: NAME}`, or by their name alone."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import Field

from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings, Job, Metrics
from archdsl_search.evaluators.function import FunctionEvaluator
from archdsl_search.evaluators.installed import GROUP, entry_point

if TYPE_CHECKING:
    from archdsl import Space


class EntryPointSettings(EvaluatorSettings):
    """Which one, and its own options."""

    entry_point: str = Field(description=f"A name registered in the entry-point group `{GROUP}`.")
    options: dict[str, Any] = Field({}, description="Options of that evaluator; a plain function takes none.")


class EntryPointEvaluator(Evaluator[EntryPointSettings]):
    """Hands everything on to the evaluator that an installed package registered."""

    name = "entry_point"
    settings_type = EntryPointSettings
    metrics = ()

    def __init__(self, space: Space, settings: EntryPointSettings):
        super().__init__(space, settings)
        kind, function = registered(settings.entry_point)
        self.inner: Evaluator[Any]
        if function is None:
            self.inner = kind(space, kind.settings_type.model_validate(settings.options))
        else:
            self.inner = FunctionEvaluator(space, EvaluatorSettings.model_validate(settings.options), function)

    @classmethod
    def measured(cls, settings: EntryPointSettings) -> tuple[str, ...]:
        kind, _ = registered(settings.entry_point)
        return kind.measured(kind.settings_type.model_validate(settings.options))

    @classmethod
    def is_light(cls, settings: EntryPointSettings) -> bool:
        kind, _ = registered(settings.entry_point)
        return kind.is_light(kind.settings_type.model_validate(settings.options))

    def evaluate(self, job: Job) -> Metrics:
        return self.inner.evaluate(job)


class Registered(NamedTuple):
    """What a package brings: a class, or `FunctionEvaluator` and its function."""

    kind: type[Evaluator[Any]]
    function: Callable[..., Any] | None = None


def registered(name: str) -> Registered:
    """The class or function that is registered under this name.

    Raises:
        ValueError: if there is none.
    """
    point = entry_point(name)
    if point is not None:
        return loaded(point)
    if ":" in name or "." in name:
        raise ValueError(
            f"`{name}` looks like a place in a module, and files name no code. Register it in your package's "
            f'pyproject.toml under [project.entry-points."{GROUP}"] and give its name, or call '
            "archdsl_search.run(sweep, evaluate=...)"
        )
    raise ValueError(f"no installed package registers an evaluator `{name}` in the entry-point group `{GROUP}`")


def loaded(point: EntryPoint) -> Registered:
    """What is behind an entry point: a class of evaluators or a function.

    Raises:
        ValueError: if it cannot be imported or is neither.
    """
    try:
        target = point.load()
    except (ImportError, AttributeError) as error:
        raise ValueError(f"the evaluator `{point.name}` ({point.value}) cannot be imported: {error}") from error
    if isinstance(target, type):
        if issubclass(target, Evaluator):
            return Registered(target)
    elif callable(target):
        return Registered(FunctionEvaluator, target)
    raise ValueError(f"the evaluator `{point.name}` ({point.value}) is neither an Evaluator nor a function")
