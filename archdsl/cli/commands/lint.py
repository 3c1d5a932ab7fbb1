"""`archdsl lint`: guidelines, design and budgets."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archdsl.cli.arguments import (
    Decisions,
    Inputs,
    Settings,
    device_profile,
    parsed_decisions,
    parsed_inputs,
    parsed_settings,
)
from archdsl.cli.errors import UsageError
from archdsl.cli.output import progress, wants_color
from archdsl.cli.status import FINDINGS

if TYPE_CHECKING:
    from archdsl.cli.lint_settings import LintSettings
    from archdsl.diagnostics.diagnostic import Diagnostic


def command(
    specs: Annotated[
        list[str], typer.Argument(metavar="SPEC...", help="Files, `file@variant`, or names from `archdsl zoo list`.")
    ],
    params: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    budgets: Annotated[
        list[str] | None,
        typer.Option("--max", metavar="NAME=AMOUNT", help="The most of a quantity: mult_adds=300M. Repeatable."),
    ] = None,
    thresholds: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold", metavar="CODE=NUMBER[:NUMBER]", help="Where findings, and errors, begin: G1=1.5:3."
        ),
    ] = None,
    ignored: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="CODE", help="Leave a lint out. Repeatable.")
    ] = None,
    object_size: Annotated[
        int | None, typer.Option("--object-size", min=1, help="Size in pixels of what is to be recognised.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="A TOML file with a table `lint`.")
    ] = None,
    device: Annotated[
        Path | None, typer.Option("--device", metavar="FILE", help="A device profile: findings also say it in time.")
    ] = None,
    fail_on: Annotated[
        Literal["warning", "error"] | None,
        typer.Option("--fail-on", help="From which findings on the exit status is 1; by default errors."),
    ] = None,
    format: Annotated[
        Literal["text", "json", "github", "sarif"],
        typer.Option("--format", help="Text, JSON, GitHub annotations or SARIF."),
    ] = "text",
) -> None:
    """Find what costs more than it needs, and what breaks a budget.

    Guidelines G1 to G4 of ShuffleNetV2 (memory access of unbalanced convolutions and of groups, fragments, element-wise
    steps) and design lints, each with a number, an edit and what the edit saves; budgets with --max. `archdsl explain
    CODE` says more. A file accepts a lint with `allow: [{code: G0301, reason: why}]`.
    """
    from archdsl.diagnostics.diagnostic import Severity
    from archdsl.diagnostics.render import render
    from archdsl.pipeline.linting import lint

    settings = _settings(config, budgets, thresholds, ignored, object_size, fail_on)
    given = (parsed_settings(params), parsed_decisions(decisions), parsed_inputs(inputs))
    profile = device_profile(device)
    rules = settings.rules()
    found: list[Diagnostic] = []
    targets = list(dict.fromkeys(specs))
    for spec in targets:
        linted = lint(spec, rules, settings.limits, *given, profile)
        if linted.candidate:
            progress(f"{spec}: a search space; one candidate is looked at, `--decisions` chooses another")
        found += linted.diagnostics
    found = list(dict.fromkeys(found))  # variants of one file share findings
    if found or format != "text":
        print(render(found, format, color=format == "text" and wants_color(sys.stdout)))
    progress(_summary(len(targets), found))
    failing = found if settings.fail_on == "warning" else [f for f in found if f.severity is Severity.ERROR]
    if failing:
        raise typer.Exit(FINDINGS)


def _settings(
    config: Path | None,
    budgets: list[str] | None,
    thresholds: list[str] | None,
    ignored: list[str] | None,
    object_size: int | None,
    fail_on: Literal["warning", "error"] | None,
) -> LintSettings:
    from archdsl.cli.lint_settings import LintSettings

    settings = LintSettings()
    if config is not None:
        settings.read(config)
    named: set[str] = set()
    for text in budgets or ():
        quantity, separator, most = text.partition("=")
        if quantity.strip() in named:
            raise UsageError(f"--max {text}: `{quantity.strip()}` is given twice")
        named.add(quantity.strip())
        if not separator:
            raise UsageError(f"--max {text}: NAME=AMOUNT is needed, as in `--max mult_adds=300M`")
        settings.limit(quantity.strip(), most)
    for text in thresholds or ():
        settings.threshold(text)
    settings.ignore(ignored or ())
    settings.set_object_size(object_size)
    settings.fail_on = fail_on or settings.fail_on
    return settings


def _summary(count: int, found: list[Diagnostic]) -> str:
    looked = f"{count} network{'s' if count != 1 else ''} looked at"
    if not found:
        return f"{looked}, no findings"
    counts = Counter(str(diagnostic.severity) for diagnostic in found)
    return f"{looked}: " + ", ".join(f"{n} {kind}{'s' if n != 1 else ''}" for kind, n in sorted(counts.items()))
