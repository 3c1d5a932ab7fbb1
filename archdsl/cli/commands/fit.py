"""`archdsl fit`: the largest value of a parameter within budgets."""

from __future__ import annotations

import shlex
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archdsl.cli.arguments import BatchSize, Decisions, Inputs, Settings, Spec, TextOrJson, Training, loaded
from archdsl.cli.errors import UsageError
from archdsl.cli.status import FINDINGS

if TYPE_CHECKING:
    from archdsl.pipeline.costs import Fit


def command(
    spec: Spec,
    parameter: Annotated[str, typer.Option("--param", "-p", metavar="NAME", help="The parameter to choose.")],
    budgets: Annotated[
        list[str],
        typer.Option("--budget", "-b", metavar="NAME=AMOUNT", help="A limit: mult_adds=300M. Repeat for several."),
    ],
    step: Annotated[
        float | None, typer.Option("--step", help="Values are its multiples: by default 1, or 0.01 for fractions.")
    ] = None,
    settings: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    training: Training = False,
    batch_size: BatchSize = 1,
    format: TextOrJson = "text",
) -> None:
    """Find the largest value of a parameter within budgets.

    Exit status 1 if even the smallest value is over a budget.
    """
    import archdsl

    limits = _limits(budgets)
    network = loaded(spec, settings, inputs, decisions)
    if step is not None and not (isfinite(step) and step > 0):
        raise UsageError(f"--step {step}: a number above 0 is needed")
    exact = int(step) if step is not None and step == int(step) else step
    try:
        found = archdsl.fit(network, parameter, limits, step=exact, batch_size=batch_size, training=training)
    except ValueError as error:
        raise UsageError(str(error)) from None
    given = [*(settings or ()), *([] if found.value is None else [f"{parameter}={found.value}"])]
    arguments = [spec, *(part for text in given for part in ("--set", text))]
    arguments += [part for text in inputs or () for part in ("--input", text)]
    use = f"archdsl cost {shlex.join(arguments)}"
    if format == "json":
        _print_json(found, limits, use)
    else:
        print(_text(found, limits, network.name, use))
    if found.value is None:
        raise typer.Exit(FINDINGS)


def _limits(texts: list[str]) -> dict[str, int]:
    from archdsl.analysis.lints.budgets import amount

    found: dict[str, int] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or name.strip() in found:
            wrong = "is given twice" if separator else "NAME=AMOUNT is needed, as in `--budget mult_adds=300M`"
            raise UsageError(f"--budget {text}: {wrong}")
        try:
            found[name.strip()] = amount(value)
        except ValueError as error:
            raise UsageError(f"--budget {text}: {error}") from None
    return found


def _text(found: Fit, limits: dict[str, int], name: str, use: str) -> str:
    lines = []
    if found.value is None:
        lines.append(f"no value of {found.parameter} keeps {name} within the budget")
    else:
        lines.append(f"{found.parameter} = {found.value}")
    lines += [
        f"  {quantity:<22} {found.figures.get(quantity, 0):>18,} of {most:,}" for quantity, most in limits.items()
    ]
    if found.value is not None and found.next_value is not None:
        over = [q for q, most in limits.items() if found.next_figures[q] > most]
        passed = ", ".join(f"{q} {found.next_figures[q]:,}" for q in over)
        lines.append(f"the next value, {found.next_value}, gives {passed}")
    elif found.value is not None:
        lines.append("no larger value gives a network, or none that was tried is over the budget")
    if not found.monotone:
        lines.append("warning: the cost does not grow steadily; a larger value may fit, too")
    if found.value is not None:
        lines += ["", use]
    return "\n".join(lines)


def _print_json(found: Fit, limits: dict[str, int], use: str) -> None:
    from archdsl.cli.output import print_json

    data: dict[str, Any] = {**found._asdict(), "budgets": limits, "command": use if found.value is not None else None}
    del data["architecture"]
    print_json(data)
