"""Budgets: totals of a network that must not be passed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.span import Span

if TYPE_CHECKING:
    from archdsl.analysis.report import CostReport

# Fields of CostReport that a budget can be set for.
QUANTITIES = (
    "params",
    "mult_adds",
    "flops",
    "memory_access",
    "memory_access_bytes",
    "peak_activation",
    "peak_activation_bytes",
)
_PREFIXES = "kMGT"
_AMOUNT = re.compile(r"(?P<number>\d[\d_,]*(\.\d+)?([eE]\+?\d+)?)\s*((?P<prefix>[kKMGT])(?P<binary>i?))?B?", re.ASCII)
_SHOWN = 3
# Digits beyond those of any quantity; exponents without bound would be numbers without end.
_MOST_DIGITS = 24


def amount(text: str) -> int:
    """A whole number as people write it: `300M`, `5.3 M`, `1.5e6`, `64MiB`.

    k, M, G, T are powers of 1000; Ki, Mi, Gi, Ti of 1024.

    Raises:
        ValueError: if it is none.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"`{text}` is no amount; write 300M, 1.5G or 64Mi")
    power = _PREFIXES.index(match["prefix"].replace("K", "k")) + 1 if match["prefix"] else 0
    factor = (1024 if match["binary"] else 1000) ** power
    number = Decimal(match["number"].replace(",", "").replace("_", ""))
    if number.adjusted() > _MOST_DIGITS:
        raise ValueError(f"`{text}` is more than anything that is counted")
    return int(number * factor)


def over_budget(report: CostReport, limits: Mapping[str, int], span: Span | None) -> Iterator[Diagnostic]:
    """A finding for each budget that a network passes, with what takes most of it.

    Args:
        report: the network's cost.
        limits: the most of each quantity, by field of the report.
        span: what the findings point at.

    Raises:
        ValueError: for a quantity that is none.
    """
    for quantity, most in limits.items():
        if quantity not in QUANTITIES:
            raise ValueError(f"there is no budget for `{quantity}`; known: {', '.join(QUANTITIES)}")
        used: int = getattr(report, quantity)
        if used > most:
            over = f", {used / most - 1:.1%} more than the budget of {most:,}" if most else ", the budget is 0"
            message = f"{quantity} of {report.name} is {used:,}{over}"
            label = f"{used - most:,} to save"
            yield Diagnostic("E1201", message, span, label, tuple(_largest(report, quantity, used)))


def _largest(report: CostReport, quantity: str, used: int) -> Iterator[str]:
    """The layers that take most, for quantities that add up over layers."""
    field = quantity.removesuffix("_bytes")
    if field == "peak_activation":
        return
    rows = sorted(report.layers, key=lambda row: -int(getattr(row, field)))[:_SHOWN]
    total = sum(getattr(row, field) for row in report.layers)
    shown = ", ".join(f"`{row.path}` {getattr(row, field) / total:.1%}" for row in rows)
    yield f"the steps that take most: {shown}"
