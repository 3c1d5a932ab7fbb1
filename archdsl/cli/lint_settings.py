"""What `archdsl lint` looks for: the defaults, a configuration file, and options, the later winning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from archdsl.analysis.lints.budgets import QUANTITIES, amount
from archdsl.analysis.lints.catalogue import BY_NAME, RULES
from archdsl.analysis.lints.receptive_field import ReceptiveField
from archdsl.analysis.lints.rule import Rule
from archdsl.cli.errors import UsageError

FailOn = Literal["warning", "error"]
_KEYS = ("fail_on", "ignore", "object_size", "max", "rules")


@dataclass
class LintSettings:
    """Settings as they are gathered.

    Attributes:
        changes: fields of rules that differ from their defaults, by code and field.
        ignored: codes of rules that don't run.
        limits: budgets by quantity.
        fail_on: from which severity on the exit status is 1.
    """

    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    limits: dict[str, int] = field(default_factory=dict)
    fail_on: FailOn = "error"

    def rules(self) -> list[Rule]:
        """The rules that run, with their settings."""
        return [rule(**self.changes.get(rule.code, {})) for rule in RULES if rule.code not in self.ignored]

    def read(self, path: Path) -> None:
        """Take what a TOML file says under `lint` or `tool.archdsl.lint`.

        Raises:
            UsageError: if it isn't TOML, has no such table, or unknown or impossible entries.
            OSError: if it can't be read.
        """
        import tomllib

        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            raise UsageError(f"--config {path}: not UTF-8 text: {error.reason}") from None
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"--config {path}: not TOML: {error}") from None
        table = document.get("lint", document.get("tool", {}).get("archdsl", {}).get("lint"))
        if not isinstance(table, dict):
            raise UsageError(f"--config {path}: there is no table `lint` or `tool.archdsl.lint`")
        try:
            self._take(table)
        except UsageError as error:
            raise UsageError(f"--config {path}: {error.format_message()}") from None

    def _take(self, table: Mapping[str, Any]) -> None:
        for key in table:
            if key not in _KEYS:
                raise UsageError(f"there is no setting `{key}`{_near(key, _KEYS)}")
        fail_on = table.get("fail_on", self.fail_on)
        if fail_on not in ("warning", "error"):
            raise UsageError(f"fail_on is `warning` or `error`, not `{fail_on}`")
        self.fail_on = fail_on
        self.ignore(_listed(table.get("ignore", []), "ignore"))
        self.set_object_size(table.get("object_size"))
        for quantity, most in _tabled(table.get("max", {}), "max").items():
            self.limit(quantity, str(most))
        for name, settings in _tabled(table.get("rules", {}), "rules").items():
            for key, value in _tabled(settings, f"rules.{name}").items():
                self.change(name, key, value)

    def change(self, name: str, key: str, value: Any) -> None:
        """Set a field of a rule, named by code or guideline (`G1`).

        Raises:
            UsageError: if there is no such rule or field, or the value has another kind.
        """
        rule = _rule(name)
        known = {f.name: f.default for f in fields(rule)}
        if key not in known:
            raise UsageError(f"{name} has no setting `{key}`{_near(key, known)}")
        if not _fits(value, known[key]):
            raise UsageError(f"{name}: `{key}` cannot be {value!r}")
        self.changes.setdefault(rule.code, {})[key] = value

    def threshold(self, text: str) -> None:
        """`G1=1.5`, or `G1=1.5:3` with the limit for errors behind the colon.

        Raises:
            UsageError: if it has another form.
        """
        name, separator, values = text.partition("=")
        numbers = values.split(":")
        try:
            given = [float(number) for number in numbers]
        except ValueError:
            given = []
        if not separator or len(given) not in (1, 2):
            raise UsageError(f"--threshold {text}: write CODE=NUMBER or CODE=NUMBER:NUMBER, as in G1=1.5:3")
        for key, value in zip(("threshold", "error"), given, strict=False):
            self.change(name.strip(), key, value)

    def limit(self, quantity: str, most: str) -> None:
        """Set a budget.

        Raises:
            UsageError: for an unknown quantity or an amount that is none.
        """
        if quantity not in QUANTITIES:
            near = _near(quantity, QUANTITIES) or f"; known: {', '.join(QUANTITIES)}"
            raise UsageError(f"there is no budget for `{quantity}`{near}")
        try:
            self.limits[quantity] = amount(most)
        except ValueError as error:
            raise UsageError(f"max {quantity}: {error}") from None

    def ignore(self, names: Iterable[str]) -> None:
        """Leave rules out.

        Raises:
            UsageError: if there is no such rule.
        """
        self.ignored.update(_rule(name).code for name in names)

    def set_object_size(self, pixels: Any) -> None:
        """The size of the objects that are to be recognised; None leaves it.

        Raises:
            UsageError: if it is no whole number of pixels.
        """
        if pixels is None:
            return
        if not isinstance(pixels, int) or isinstance(pixels, bool) or pixels < 1:
            raise UsageError(f"object_size is a whole number of pixels, not {pixels!r}")
        self.change(ReceptiveField.code, "object_size", pixels)


def _fits(value: Any, default: Any) -> bool:
    """Whether a value is of the kind of the default: a truth value, or a number (nan is none)."""
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    return isinstance(value, int | float) and value == value


def _rule(name: str) -> type[Rule]:
    found = BY_NAME.get(name.upper())
    if found is None:
        raise UsageError(f"there is no lint `{name}`{_near(name.upper(), BY_NAME)}; known: {', '.join(BY_NAME)}")
    return found


def _near(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _tabled(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"`{name}` is a table")
    return value


def _listed(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f"`{name}` is a list of codes")
    return value
