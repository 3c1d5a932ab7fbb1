"""Checks the options of searcher, evaluator and objective, each against the settings of the one that is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

import archdsl
from archdsl_search.evaluators.function import FunctionEvaluator
from archdsl_search.evaluators.plan import EvaluatorOptionError, EvaluatorPlan, plan_evaluator
from archdsl_search.evaluators.registry import evaluator_type
from archdsl_search.objectives.base import Objective
from archdsl_search.objectives.registry import OBJECTIVES, objective_type
from archdsl_search.searchers import registry as searchers
from archdsl_search.searchers.base import Searcher, SearcherSettings

Place = tuple[str | int, ...]


class OptionError(ValueError):
    """One thing that is wrong in a sweep: a code, where, what, and what would be right."""

    def __init__(self, code: str, place: Place, message: str, hint: str = ""):
        super().__init__(f"{'.'.join(map(str, place))}: {message}" + (f" ({hint})" if hint else ""))
        self.code, self.place, self.message, self.hint = code, place, message, hint


class OptionsError(ValueError):
    """Several of them."""

    def __init__(self, problems: Iterable[OptionError]):
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def checked_searcher(options: Mapping[str, Any]) -> tuple[type[Searcher[Any]], SearcherSettings]:
    """The searcher that `searcher` names, and its settings.

    Raises:
        OptionError, OptionsError: if there is none, or an option is wrong.
    """
    name, rest = _named(options, "searcher")
    try:
        kind = searchers.searcher_type(name)
    except KeyError:
        raise _unknown("searcher", name, searchers.names()) from None
    return kind, validated(kind.settings_type, rest, ("searcher",))


def checked_evaluator(options: Mapping[str, Any]) -> EvaluatorPlan:
    """The evaluator that `evaluator` names.

    Raises:
        OptionError: if there is none, or an option is wrong.
    """
    if options.get("name") == FunctionEvaluator.name:
        hint = "archdsl_search.run(sweep, evaluate=...) gives it; archdsl_search.resume(run, evaluate=...) goes on"
        raise OptionError("E1304", ("evaluator",), "the evaluator is a Python function", hint)
    try:
        return plan_evaluator(options)
    except EvaluatorOptionError as error:
        place: Place = ("evaluator", *_steps(error.path))
        if "Extra inputs" in error.message:
            known = _evaluator_fields(options, place)
            raise _unknown_key(place, known) from None
        if "Field required" in error.message:
            message = f"the evaluator `{options.get('name')}` needs `{place[-1]}`"
            raise OptionError("E1303", place, message, f"--set {'.'.join(map(str, place))}=...") from None
        raise OptionError("E1302", place, _words(error.message)) from None


def checked_objective(options: Mapping[str, Any], plan: EvaluatorPlan) -> Objective[Any]:
    """The objective that `objective` describes; where it names no metric, the evaluator's first.

    Raises:
        OptionError, OptionsError: if there is none, or an option is wrong.
    """
    name, rest = _named({"name": "maximize", **options}, "objective")
    try:
        kind = objective_type(name)
    except ValueError:
        raise _unknown("objective", name, OBJECTIVES) from None
    settings = validated(kind.settings_type, rest, ("objective",))
    return kind(settings, plan.metrics[0] if plan.metrics else "accuracy")


def validated(kind: type[Any], options: Mapping[str, Any], place: Place) -> Any:
    """The settings, with every mistake at its place.

    Raises:
        OptionsError: if there is any.
    """
    try:
        return kind.model_validate(dict(options))
    except ValidationError as error:
        raise OptionsError(problem_of(found, kind, place) for found in error.errors()) from None


def problem_of(found: Any, kind: type[BaseModel], place: Place) -> OptionError:
    """What pydantic has found, in our words."""
    where: Place = (*place, *found["loc"])
    if found["type"] == "extra_forbidden":
        return _unknown_key(where, _fields_at(kind, found["loc"][:-1]))
    if found["type"] == "missing":
        key = ".".join(map(str, where))
        return OptionError("E1303", where, f"`{key}` is missing", f"--set {key}=...")
    return OptionError("E1302", where, _words(found["msg"]) + _given(found))


def _given(found: Any) -> str:
    value = found.get("input")
    return f", not {value!r}" if isinstance(value, str | int | float) and found["type"] != "value_error" else ""


def _fields_at(kind: type[BaseModel], loc: Iterable[str | int]) -> list[str]:
    """The names of the fields of the model at this place."""
    fields = kind.model_fields
    for key in loc:
        annotation = fields[key].annotation if isinstance(key, str) and key in fields else None
        options = get_args(annotation) or (annotation,)
        inner = next((each for each in options if isinstance(each, type) and issubclass(each, BaseModel)), None)
        if inner is None:
            break
        fields = inner.model_fields
    return list(fields)


def _unknown_key(place: Place, known: Iterable[str]) -> OptionError:
    names = list(known)
    near = archdsl.nearest_word(str(place[-1]), names)
    hint = f"did you mean `{near}`?" if near else "known: " + (", ".join(names) or "none")
    return OptionError("E1301", place, f"there is no key `{place[-1]}`" + _inside(place), hint)


def _inside(place: Place) -> str:
    return f" in `{'.'.join(map(str, place[:-1]))}`" if len(place) > 1 else ""


def _unknown(what: str, name: str, known: Iterable[str]) -> OptionError:
    names = list(known)
    near = archdsl.nearest_word(name, names)
    hint = f"did you mean `{near}`?" if near else "there are " + ", ".join(names)
    return OptionError("E1302", (what, "name"), f"there is no {what} `{name}`", hint)


def _named(options: Mapping[str, Any], what: str) -> tuple[str, dict[str, Any]]:
    rest = dict(options)
    name = rest.pop("name", None)
    if not isinstance(name, str):
        raise OptionError("E1303", (what, "name"), f"`{what}` needs a `name`")
    return name, rest


def _evaluator_fields(options: Mapping[str, Any], place: Place) -> list[str]:
    if len(place) != 2:
        return []
    return ["name", "also", *evaluator_type(options["name"]).settings_type.model_fields]


def _steps(path: str) -> Place:
    return tuple(int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path))


def _words(message: str) -> str:
    """A message of pydantic as ours are written: no capital, no prefix."""
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
