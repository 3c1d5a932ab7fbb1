"""How runs are shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from archdsl_search.journal.summary import Best, Summary


def print_json(value: Any) -> None:
    """Print plain data as indented JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def warn(message: str) -> None:
    """One warning on standard error."""
    if message:
        print(f"archdsl: warning: {message}", file=sys.stderr)


def summary_text(summary: Summary) -> str:
    """A run in a few lines."""
    counts = [f"{summary.trials:,} trials", f"{summary.finished:,} finished"]
    for name in ("failed", "infeasible", "rejected", "replayed", "running"):
        number = getattr(summary, name)
        if number:
            counts.append(f"{number:,} {name}")
    state = summary.state + (f": {summary.reason}" if summary.reason else "")
    lines = [f"{summary.run}: {state}", ", ".join(counts), f"{duration(summary.seconds)} of wall time"]
    if summary.best is not None:
        lines += ["", best_text(summary.best, summary.labels)]
    return "\n".join(lines)


def best_text(best: Best, labels: tuple[str, ...]) -> str:
    """The best trial: objective, metrics, decisions."""
    values = best.objective if isinstance(best.objective, tuple) else (best.objective,)
    named = ", ".join(f"{label} {number(value)}" for label, value in zip(labels, values, strict=False))
    return "\n".join(
        [f"best: trial {best.trial}, {named}", *_block("metrics", best.metrics), *_block("decisions", best.decisions)]
    )


def network_text(network: Mapping[str, Any]) -> str:
    """A trial as `best` shows it: objective, metrics, decisions, and the files that were written."""
    values = network["objective"] if isinstance(network["objective"], list) else [network["objective"]]
    named = ", ".join(f"{label} {number(value)}" for label, value in zip(network["labels"], values, strict=False))
    lines = [
        f"trial {network['trial']}: {named}",
        *_block("metrics", network["metrics"]),
        *_block("decisions", network["decisions"]),
    ]
    if network["remeasured"] is not None:
        again = network["remeasured"]
        means = again["objective"] if isinstance(again["objective"], list) else [again["objective"]]
        found = ", ".join(f"{label} {number(value)}" for label, value in zip(network["labels"], means, strict=False))
        lines.insert(1, f"  measured again {again['repeats']} times: {found}, deviation {number(again['deviation'])}")
    if "files" in network:
        lines += _block("files", network["files"])
        lines += _block("left out", network["left_out"])
        if not network["trained"]:
            lines.append("  The run kept no weights of this trial: those written are fresh ones.")
        if network["difference"] is not None:
            lines.append(f"  They agree: outputs differ by at most {network['difference']:.1g}.")
    return "\n".join(lines)


def transfer_text(found: Mapping[str, Any]) -> str:
    """A transferred cell: parameters, cost before and after, files."""
    rows = [f"trial {found['trial']}, with other parameters", *_block("parameters", found["params"])]
    for figure in ("params", "mult_adds"):
        before, after = found["before"][figure], found["after"][figure]
        rows.append(f"  {figure}: {before:,} -> {after:,} ({after / before:.3g} times)" if before else f"  {after:,}")
    return "\n".join([*rows, *_block("files", found["files"])])


def duration(seconds: float) -> str:
    """Seconds as people read them: 42 s, 3:07, 1:02:03."""
    whole = round(seconds)
    if whole < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def number(value: Any) -> str:
    """A number with as many digits as say something."""
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) >= 1000 else f"{value:.6g}"
    return str(value)


def _block(title: str, values: Mapping[str, Any]) -> list[str]:
    if not values:
        return []
    width = max(map(len, values))
    return [f"  {title}:", *[f"    {name.ljust(width)}  {number(value)}" for name, value in values.items()]]
