"""`archdsl search run --check`, as people read it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from archdsl_search.cli.display import PAUSE
from archdsl_search.cli.output import duration, print_json

if TYPE_CHECKING:
    from archdsl_search.driver.check import Check
    from archdsl_search.driver.estimating import Estimate
    from archdsl_search.driver.probing import Probe
    from archdsl_search.sweep.model import Sweep

FINDINGS = 1
_BY_SIGNAL = 128
_LIMITS = {
    "trials": "the budget of trials",
    "seconds": "the budget of wall time",
    "gpu_seconds": "the budget of GPU-seconds",
    "simulated_seconds": "the budget of simulated seconds",
}


def check_sweep(
    sweep: Sweep, engine: str, address: str, probes: int, price: float | None, quiet: bool, format: str
) -> None:
    """Check a sweep and say what was found.

    Raises:
        typer.Exit: with status 1 if it should not begin like this.
    """
    from archdsl_search.driver.check import check

    if probes and not quiet:
        print(f"evaluating {_candidates(probes)} to see how long one takes", file=sys.stderr, flush=True)
    found = check(sweep, engine, address, probes, price, _progress(quiet))
    if format == "json":
        print_json(found.to_json())
    else:
        print(check_text(found))
    if found.signal:
        raise typer.Exit(_BY_SIGNAL + found.signal)
    if found.problems:
        raise typer.Exit(FINDINGS)


def check_text(found: Check) -> str:
    """All of it, in lines."""
    lines = found.preflight.text.splitlines()
    if found.probe is not None and found.probe.candidates:
        lines += _probe_lines(found.probe)
    if found.estimate is not None:
        lines += _estimate_lines(found.estimate, found.at_once)
    lines += [f"note: {note}" for note in found.notes]
    lines += [f"problem: {problem}" for problem in found.problems if problem != found.preflight.objection]
    if found.preflight.objection:
        lines.append("problem: the sweep would wait without end")
    return "\n".join(lines)


def _probe_lines(tried: Probe) -> list[str]:
    told = f"{tried.finished} of {_candidates(tried.candidates)} finished"
    if tried.seconds:
        longest = f", at most {duration(tried.longest)}" if tried.candidates > 1 else ""
        told += f": {_time(tried.seconds)} each{longest}; a worker starts in {duration(tried.starting)}"
    lines = [told]
    if tried.drawn > tried.candidates:
        lines.append(f"{tried.drawn - tried.candidates:,} of {tried.drawn:,} drawn are beyond a limit and cost nothing")
    return lines + [f"  {error}" for error in dict.fromkeys(tried.errors)]


def _estimate_lines(expected: Estimate, at_once: int) -> list[str]:
    if not expected.trials:
        return ["nothing of the budget is used up by what was evaluated: there is no estimate"]
    used = f"{expected.cpu_hours:.3g} CPU-hours"
    if expected.gpu_hours:
        used += f", {expected.gpu_hours:.3g} GPU-hours"
    until = f"until {_LIMITS[expected.limit]} is used up, {at_once} at once"
    return [
        f"estimate: {expected.trials:,} trials, {until}: about {duration(expected.seconds)}",
        f"estimate: {used}" + (f", cost {expected.cost:,.2f}" if expected.cost is not None else ""),
    ]


def _time(seconds: float) -> str:
    return duration(seconds) if seconds >= 0.1 else f"{seconds * 1000:.3g} ms"


def _candidates(count: int) -> str:
    return f"{count} candidate{'s' if count != 1 else ''}"


def _progress(quiet: bool) -> Callable[[int, int], None]:
    started = said = time.monotonic()

    def show(ended: int, of: int) -> None:
        nonlocal said
        now = time.monotonic()
        if not quiet and ended < of and now - said >= PAUSE:
            said = now
            print(f"{ended} of {_candidates(of)} evaluated  {duration(now - started)}", file=sys.stderr, flush=True)

    return show
