"""Results of the inference benchmark as Markdown."""

from __future__ import annotations

import math
import statistics
from typing import Any

from networks import BRANCHY

OURS = "archdsl"


def markdown(kept: list[dict[str, Any]], order: list[str]) -> str:
    """Two tables for each batch size: milliseconds, with our ratio to the best of the others, and getting ready."""
    lines = [f"# Inference\n\n{_machine(kept)}; float32; medians over interleaved rounds.\n"] if kept else []
    for batch in sorted({found["batch"] for found in kept}):
        rows = sorted((f for f in kept if f["batch"] == batch), key=lambda f: order.index(f["network"]))
        lines += [f"## Batch {batch}\n", *_table(rows), ""]
        lines += ["Seconds from the call, with weights in memory, to the first result:\n", *_readiness(rows), ""]
    ratios = {(f["network"], f["batch"]): ratio(f) for f in kept if OURS in f["contenders"]}
    known = {key: value for key, value in ratios.items() if value is not None}
    if known:
        branchy = [value for (network, _), value in known.items() if network in BRANCHY]
        lines.append(
            f"Geometric mean over all: {_mean(list(known.values())):.3f}x; smallest {min(known.values()):.3f}x."
        )
        if branchy:
            lines.append(f"On the branchy ones ({', '.join(BRANCHY)}): {_mean(branchy):.3f}x.")
    return "\n".join(lines) + "\n"


def ratio(found: dict[str, Any]) -> float | None:
    """The median over the rounds of the best other contender's time over ours."""
    times = {name: row["seconds"] for name, row in found["contenders"].items() if "seconds" in row}
    if OURS not in times:
        return None
    rounds = len(times[OURS])  # who was out of reach has fewer
    others = {name: taken for name, taken in times.items() if not name.startswith(OURS) and len(taken) == rounds}
    if not others:
        return None
    best = min(others, key=lambda name: statistics.median(others[name]))
    return statistics.median([theirs / ours for theirs, ours in zip(others[best], times[OURS], strict=True)])


def _table(rows: list[dict[str, Any]]) -> list[str]:
    names = _names(rows)
    lines = [f"| milliseconds | {' | '.join(names)} | ratio | deviation |", "| --- |" + " ---: |" * (len(names) + 2)]
    for found in rows:
        cells = [_milliseconds(found["contenders"].get(name)) for name in names]
        ours = found["contenders"].get(OURS, {})
        value = ratio(found)
        told = "" if value is None else f"{value:.2f}"
        deviation = f"{ours['deviation']:.0e}" if "deviation" in ours else ""
        lines.append(f"| {found['network']} | {' | '.join(cells)} | {told} | {deviation} |")
    return lines


def _readiness(rows: list[dict[str, Any]]) -> list[str]:
    names = _names(rows)
    lines = [f"| seconds | {' | '.join(names)} |", "| --- |" + " ---: |" * len(names)]
    for found in rows:
        ready = [found["contenders"].get(name, {}).get("ready") for name in names]
        cells = ["" if seconds is None else f"{seconds:.2f}" for seconds in ready]
        lines.append(f"| {found['network']} | {' | '.join(cells)} |")
    return lines


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for found in rows for name in found["contenders"]))


def _milliseconds(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    return f"{1000 * statistics.median(row['seconds']):.2f}" if "seconds" in row else "failed"


def _mean(values: list[float]) -> float:
    return math.exp(statistics.mean([math.log(value) for value in values]))


def _machine(kept: list[dict[str, Any]]) -> str:
    first = kept[0]
    facts = {**first["machine"], "threads": first["threads"], "clock": first["clock"]}
    return ", ".join(f"{name} {value}" for name, value in facts.items())
