"""What the searches come to: a table with confidence intervals, JSON and a plot."""

from __future__ import annotations

import json
import platform
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean, median, stdev
from textwrap import fill
from typing import Any, TypeAlias

from archdsl.pipeline.files import write_atomically
from benchmarks.search.plot import plot
from benchmarks.search.searching import PROTOCOLS
from benchmarks.search.table import Key

Course: TypeAlias = dict[str, Any]
Rows = Mapping[Key, Mapping[str, float]]
Z = 1.96
NEVER = 10**9
CURVE = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 700, 1000)


def write(results: Mapping[str, Mapping[str, Sequence[Course]]], rows: Rows, out: Path) -> None:
    """Write search.json, search.md and a plot for each protocol."""
    out.mkdir(parents=True, exist_ok=True)
    figures = {p: {n: summary(courses, rows, p) for n, courses in of.items()} for p, of in results.items()}
    machine = f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}"
    write_atomically(out / "search.json", json.dumps({"machine": machine, "results": figures}, indent=1) + "\n")
    text = (Path(__file__).parent / "page.md").read_text(encoding="utf-8")
    for protocol, of in figures.items():
        text = text.replace(f"<!-- {protocol} -->", _table(protocol, of))
        curves = {name: figure["curve"] for name, figure in of.items()}
        write_atomically(out / f"search_{protocol}.svg", plot(curves, f"Mean regret in {protocol}, points"))
    text = text.replace("<!-- overhead -->", _overhead(out / "search_overhead.json"))
    text = text.replace("<!-- shared -->", _shared(out / "shared_weights.json"))
    write_atomically(out / "search.md", text)
    print(f"written: {out}/search.md, search.json, plots")


def summary(courses: Sequence[Course], rows: Rows, protocol: str) -> dict[str, Any]:
    """The figures of one searcher. Regret: how far the best found is from the best of the table, in points."""
    values = sorted(row[PROTOCOLS[protocol].column] for row in rows.values())
    tests = sorted(row["test_acc_e200"] for row in rows.values())
    last = [course["improved"][-1] for course in courses]
    found = [course["found"] or NEVER for course in courses]
    return {
        "seeds": len(courses),
        "found": share([f < NEVER for f in found]),
        "queries_to_best": middle(found),
        "regret_at_100": spread([values[-1] - at(course, 100)[1] for course in courses]),
        "regret_at_end": spread([values[-1] - end[1] for end in last]),
        "test_regret_at_100": spread([tests[-1] - at(course, 100)[2] for course in courses]),
        "test_accuracy_at_end": spread([end[2] for end in last]),
        "test_rank_at_end": spread([float(len(tests) - bisect_right(tests, end[2]) + 1) for end in last]),
        "queries": spread([float(course["queries"]) for course in courses]),
        "curve": {n: mean(values[-1] - at(course, n)[1] for course in courses) for n in CURVE},
    }


def at(course: Course, queries: int) -> Sequence[float]:
    """The best after so many queries: [query, objective, test accuracy]."""
    improved: Sequence[Sequence[float]] = course["improved"]
    return improved[max(0, bisect_right([entry[0] for entry in improved], queries) - 1)]


def spread(numbers: Sequence[float]) -> dict[str, float]:
    """Mean and half the width of its 95 % confidence interval."""
    half = Z * stdev(numbers) / len(numbers) ** 0.5 if len(numbers) > 1 else 0.0
    return {"mean": mean(numbers), "half": half}


def middle(numbers: Sequence[int]) -> dict[str, int]:
    """Median, and its 95 % confidence interval by order statistics."""
    order, n = sorted(numbers), len(numbers)
    half = Z * n**0.5 / 2
    low, high = order[max(0, int(n / 2 - half))], order[min(n - 1, int(n / 2 + half))]
    return {"median": int(median(order)), "low": low, "high": high, "p90": order[min(n - 1, int(0.9 * n))]}


def share(flags: Sequence[bool]) -> dict[str, float]:
    """A proportion and its 95 % confidence interval (Wilson)."""
    n, p = len(flags), mean(map(float, flags))
    centre, width = p + Z * Z / (2 * n), Z * (p * (1 - p) / n + Z * Z / (4 * n * n)) ** 0.5
    return {"share": p, "low": max(0.0, centre - width) / (1 + Z * Z / n), "high": (centre + width) / (1 + Z * Z / n)}


def _table(protocol: str, of: Mapping[str, Mapping[str, Any]]) -> str:
    order = sorted(of, key=lambda n: (of[n]["queries_to_best"]["median"], of[n]["regret_at_100"]["mean"]))
    if PROTOCOLS[protocol].seconds is not None:
        order = sorted(of, key=lambda n: of[n]["regret_at_end"]["mean"])
        columns: dict[str, Callable[[Any], str]] = {
            "regret in val_acc_e12": lambda f: _pm(f["regret_at_end"], 3),
            "found the best": lambda f: _share(f["found"]),
            "test_acc_e200": lambda f: _pm(f["test_accuracy_at_end"], 2),
            "its rank": lambda f: _pm(f["test_rank_at_end"], 0),
            "queries": lambda f: f"{f['queries']['mean']:.0f}",
        }
    else:
        columns = {
            "queries to the best, median": lambda f: _queries(f["queries_to_best"]),
            "90 % of seeds": lambda f: _number(f["queries_to_best"]["p90"]),
            "found within 1,000": lambda f: _share(f["found"]),
            "regret at 100": lambda f: _pm(f["regret_at_100"], 3),
            "test regret at 100": lambda f: _pm(f["test_regret_at_100"], 3),
            "test rank at end": lambda f: _pm(f["test_rank_at_end"], 0),
        }
    lines = ["| searcher | seeds | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * (len(columns) + 1)]
    for name in order:
        cells = [tell(of[name]) for tell in columns.values()]
        lines.append(f"| {name} | {of[name]['seeds']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _overhead(path: Path) -> str:
    """What `benchmarks.search.overhead` has measured, cheapest first."""
    found: dict[str, dict[str, float]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    lines = [
        "| searcher | trials | ms of CPU per proposal | MiB that the second half adds |",
        "| --- " + "| ---: " * 3 + "|",
    ]
    for name, row in sorted(found.items(), key=lambda item: item[1]["milliseconds"]):
        lines.append(f"| {name} | {row['trials']:,} | {row['milliseconds']:.2f} | {row['mebibytes']:.1f} |")
    return "\n".join(lines)


def _shared(path: Path) -> str:
    """What `benchmarks.search.shared_weights` has found."""
    if not path.exists():
        return "Not measured yet: `python -m benchmarks.search.shared_weights RUN` on a run of `digits_enas.yaml`."
    found = json.loads(path.read_text(encoding="utf-8"))
    text = (
        f"After the search of `digits_enas.yaml`, {len(found['candidates'])} random candidates were judged with shared "
        "weights and trained by themselves (`python -m benchmarks.search.shared_weights`). Their ranks agree with a "
        f"correlation of {found['spearman']:.2f} (Spearman). The best quarter by shared weights has a mean accuracy of "
        f"{found['best_quarter_by_shared_weights']:.1%}, all have {found['mean']:.1%}, the quarter that is really best "
        f"{found['best_quarter_possible']:.1%}; {found['random_quarters_as_good']:.1%} of random quarters are as good."
    )
    return fill(text, 118, break_long_words=False, break_on_hyphens=False)


def _pm(found: Mapping[str, float], digits: int) -> str:
    return f"{found['mean']:.{digits}f} ± {found['half']:.{digits}f}"


def _share(found: Mapping[str, float]) -> str:
    return f"{found['share']:.1%} ({found['low']:.0%} to {found['high']:.0%})"


def _number(queries: int) -> str:
    return f"{queries:,}" if queries < NEVER else "> 1,000"


def _queries(found: Mapping[str, int]) -> str:
    return f"{_number(found['median'])} ({_number(found['low'])} to {_number(found['high'])})"
