"""The leaderboard of all searchers on measured accuracies.

    python -m benchmarks.search.run --table nasbench201_cifar10.csv.gz [--seeds 200] [--processes 2] [--only NAME ...]

Searches see `val_*` columns alone; `test_acc_e200` is looked up for the report. A query is paid for once per identity
(canonical graph). What is done is kept in runs/search and not done again, so it can be stopped and started. The tables
and the plot are written to docs/benchmarks.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from benchmarks.search import leaderboard, table
from benchmarks.search.contenders import CONTENDERS
from benchmarks.search.searching import PROTOCOLS, search

KEPT = Path("runs/search")
OUT = Path("docs/benchmarks")
_SPACE: list[table.TableSpace] = []
_ROWS: list[dict[table.Key, dict[str, float]]] = []
Task = tuple[str, str, int]


def main() -> int:
    """Run what is missing and write the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--table", type=Path, required=True, help="CSV file of NAS-Bench-201's measured accuracies")
    parser.add_argument("--seeds", type=int, default=200, help="searches of each searcher")
    parser.add_argument(
        "--minutes", type=float, default=1e6, help="stop after so many; what is missing is left missing"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=list(CONTENDERS), metavar="NAME", help="searchers to run")
    given = parser.parse_args()
    table.space(KEPT / "space.json.gz", given.processes)
    missing = [task for task in tasks(given.only, given.seeds) if not done(task)]
    end = time.monotonic() + 60 * given.minutes
    with Pool(given.processes, partial(prepare, given.table)) as pool:
        for count, task in enumerate(pool.imap_unordered(run, missing, chunksize=1), 1):
            print(f"\r{count} of {len(missing)}: {task[0]}, {task[1]}, seed {task[2]}", end="        ", flush=True)
            if time.monotonic() > end:
                break
    print()
    leaderboard.write(results(given.seeds), table.measured(given.table), OUT)
    return 0


def tasks(names: list[str], seeds: int) -> Iterator[Task]:
    """Everything to do, all searchers advancing together."""
    for seed in range(seeds):
        for protocol in PROTOCOLS:
            yield from ((name, protocol, seed) for name in names)


def kept(task: Task) -> Path:
    """Where a result is kept."""
    name, protocol, seed = task
    return KEPT / protocol / name.replace(", ", "-").replace(" ", "_").replace("/", "_") / f"{seed}.json"


def done(task: Task) -> bool:
    """Whether it was done earlier."""
    return kept(task).exists()


def prepare(path: Path) -> None:
    """Load the table in a process."""
    _SPACE.append(table.space(KEPT / "space.json.gz", 1))
    _ROWS.append(table.measured(path))


def run(task: Task) -> Task:
    """One search, kept on the disk."""
    name, protocol, seed = task
    found = search(_SPACE[0], _ROWS[0], name, PROTOCOLS[protocol], seed)
    path = kept(task)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(found)))
    part.replace(path)
    return task


def results(seeds: int) -> dict[str, dict[str, list[leaderboard.Course]]]:
    """What is kept, by protocol and searcher; searchers that have not run all seeds have fewer courses."""
    found: dict[str, dict[str, list[leaderboard.Course]]] = {protocol: {} for protocol in PROTOCOLS}
    for name, protocol, seed in tasks(list(CONTENDERS), seeds):
        if done((name, protocol, seed)):
            found[protocol].setdefault(name, []).append(json.loads(kept((name, protocol, seed)).read_text()))
    return found


if __name__ == "__main__":
    raise SystemExit(main())
