"""Reading a sweep file, with what the command line sets, into a `Sweep`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

import archdsl
from archdsl_search.evaluators.function import FunctionEvaluator
from archdsl_search.evaluators.registry import evaluator_type
from archdsl_search.sweep.checking import (
    OptionError,
    OptionsError,
    checked_evaluator,
    checked_objective,
    checked_searcher,
    problem_of,
)
from archdsl_search.sweep.model import Sweep

# A text stands for a mapping with this key.
_SHORT = {"space": "file", "searcher": "name", "evaluator": "name", "objective": "name"}


def load_sweep(path: str | PathLike[str], overrides: Mapping[str, Any] | None = None) -> Sweep:
    """Read a sweep file.

    Args:
        overrides: values by dotted key, `searcher.name`; a new name drops the options that belong to the old one.

    Raises:
        archdsl.ArchdslError: with every mistake, each at its place; what `overrides` has wrong, at none.
    """
    document = archdsl.read_document(path)
    given = dict(overrides or {})
    try:
        data = overridden(document.data, given)
        _find_files(data, document.path.resolve().parent)
        sweep = sweep_of(data)
        check(sweep)
    except (OptionError, OptionsError) as error:
        raise archdsl.ArchdslError([_diagnostic(problem, document, given) for problem in _all(error)]) from None
    return sweep


def sweep_of(data: Mapping[str, Any]) -> Sweep:
    """The sweep that plain data describe.

    Raises:
        OptionsError: with everything that is wrong.
    """
    try:
        return Sweep.model_validate(data)
    except ValidationError as error:
        raise OptionsError(problem_of(found, Sweep, ()) for found in error.errors()) from None


def check(sweep: Sweep) -> None:
    """Look at the options of searcher, evaluator and objective too.

    Raises:
        OptionError, OptionsError: if one of them is wrong.
    """
    checked_searcher(sweep.searcher)
    if sweep.evaluator != {"name": FunctionEvaluator.name}:  # one that a program brings
        checked_objective(sweep.objective, checked_evaluator(sweep.evaluator))


def parsed_overrides(texts: Iterable[str]) -> dict[str, Any]:
    """`KEY=VALUE` texts; values as a file would write them.

    Raises:
        ValueError: if one has another form.
    """
    found: dict[str, Any] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key.strip() or not value.strip():
            raise ValueError(f"--set {text}: KEY=VALUE is needed, as in `--set budget.trials=100`")
        try:
            found[key.strip()] = archdsl.read_value(value.strip())
        except archdsl.ArchdslError:
            found[key.strip()] = value.strip()
    return found


def overridden(data: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The data with values put in place, mappings made where they are missing.

    Raises:
        OptionError: if a key leads through something that is no mapping, and no list with so many entries.
    """
    result: dict[str, Any] = {key: _copied(value) for key, value in data.items()}
    for part, key in _SHORT.items():
        if isinstance(result.get(part), str):
            result[part] = {key: result[part]}
    for dotted, value in sorted(overrides.items(), key=lambda item: not item[0].endswith(".name")):
        *way, last = dotted.split(".")
        at: Any = result
        for key in way:
            if isinstance(at, list):
                at = at[int(key)] if key.isdecimal() and int(key) < len(at) else None
            else:
                at = at.setdefault(key, {})
            if not isinstance(at, dict) and not (isinstance(at, list) and at):
                raise OptionError("E1302", tuple(dotted.split(".")), f"`{key}` is no mapping")
        if not isinstance(at, dict):
            raise OptionError("E1302", tuple(dotted.split(".")), f"`{way[-1]}` is a list: `.0` is its first entry")
        if last == "name" and way and way[0] in _SHORT and at.get("name") != value:
            at.clear()
        at[last] = value
    return result


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _find_files(data: dict[str, Any], folder: Path) -> None:
    """Files that the sweep names are looked for in its own folder, then where the program was started."""
    space = data.get("space")
    if isinstance(space, dict) and isinstance(space.get("file"), str):
        stem, at, variant = space["file"].partition("@")
        if stem.endswith((".yaml", ".yml", ".json")):
            space["file"] = f"{_found(stem, folder)}{at}{variant}"
    evaluator = data.get("evaluator")
    if isinstance(evaluator, dict):
        _find_paths(evaluator, folder)


def _find_paths(options: dict[str, Any], folder: Path) -> None:
    try:
        fields = evaluator_type(options.get("name", "")).settings_type.model_fields
    except ValueError:
        return  # said where the evaluator is checked
    for name, field in fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        if Path in kinds and isinstance(options.get(name), str):
            options[name] = str(_found(options[name], folder))
    for other in options.get("also") or ():
        if isinstance(other, dict):
            _find_paths(other, folder)


def _found(file: str, folder: Path) -> Path:
    beside = folder / file
    return beside if beside.exists() else Path(file).absolute()


def _all(error: OptionError | OptionsError) -> tuple[OptionError, ...]:
    return error.problems if isinstance(error, OptionsError) else (error,)


def _diagnostic(problem: OptionError, document: archdsl.Document, overrides: Mapping[str, Any]) -> archdsl.Diagnostic:
    dotted = ".".join(map(str, problem.place))
    given = next((key for key in overrides if dotted == key or dotted.startswith(f"{key}.")), None)
    if given is not None:
        return archdsl.Diagnostic(problem.code, f"--set {given}: {problem.message}", None, problem.hint)
    return document.finding(problem.code, problem.message, problem.place, problem.hint)
