"""What proposals take: 20,000 trials of each searcher on a space in memory.

    python -m benchmarks.search.overhead [--trials 20000] [--only NAME ...] [--space nasnet_space] [-o FILE]

The space has the decisions of NASNet's (five blocks in each of two cells, thirteen operations: 50 decisions); walking
to a candidate and naming it is left out, since every searcher pays it once per candidate. With `--space` it is that of
a file, and both count. Milliseconds are CPU time of `ask` and `tell` together; memory is what the second half of the
trials adds to the process.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

import archdsl
from archdsl.pipeline.files import write_atomically
from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome, State
from archdsl_search.searchers.registry import searcher_type
from archdsl_search.space.spec_space import SpecSpace
from archdsl_search.testing.program_space import Decide, ProgramSpace
from benchmarks.search.contenders import CONTENDERS

OUT = Path("docs/benchmarks/search_overhead.json")
OPERATIONS = 13
BLOCKS = 5


def main() -> int:
    """Measure each searcher in a process of its own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--trials", type=int, default=20_000)
    parser.add_argument("--only", nargs="*", default=list(CONTENDERS), metavar="NAME")
    parser.add_argument("--space", default="", help="a space file instead")
    parser.add_argument("-o", type=Path, default=OUT)
    given = parser.parse_args()
    found = json.loads(given.o.read_text()) if given.o.exists() else {}
    for name in given.only:
        with get_context("spawn").Pool(1) as pool:
            key = f"{name}, in {given.space}" if given.space else name
            found[key] = pool.apply(measured, (name, given.trials, given.space))
        print(key, found[key], flush=True)
        write_atomically(given.o, json.dumps(found, indent=1) + "\n")
    return 0


def measured(name: str, trials: int, file: str = "") -> dict[str, float]:
    """Milliseconds for each proposal, and the mebibytes that the second half adds."""
    kind_name, options = CONTENDERS[name]
    kind = searcher_type(kind_name)
    space: Any = SpecSpace(archdsl.load_space(file)) if file else ProgramSpace(nasnet)
    searcher: Any = kind(space, kind.settings_type.model_validate(options), Random(0))
    seconds, half, ended = 0.0, 0, trials
    for trial in range(trials):
        began = time.process_time()
        candidate = searcher.ask(trial)
        named = candidate is not None and candidate.identity
        seconds += time.process_time() - began
        if not named:
            ended = trial
            break
        outcome = Outcome(State.FINISHED, (worth(candidate),))
        began = time.process_time()
        searcher.tell(trial, candidate, outcome)
        seconds += time.process_time() - began
        if trial == trials // 2:
            half = resident()
    return {
        "trials": ended,
        "milliseconds": round(1000 * seconds / max(1, ended), 3),
        "mebibytes": round((resident() - half) / 2**20, 1),
    }


def nasnet(decide: Decide) -> str:
    """The decisions of NASNet's space."""
    taken = []
    for cell in ("normal", "reduction"):
        for block in range(BLOCKS):
            for side in ("left", "right"):
                taken.append(decide(f"{cell}/block[{block}]/{side}/from", list(range(block + 2))))
                taken.append(decide(f"{cell}/block[{block}]/{side}", list(range(OPERATIONS))))
            taken.append(decide(f"{cell}/block[{block}]/combine", ["add", "concat"]))
    return " ".join(map(str, taken))


def worth(candidate: Candidate) -> float:
    """Something that can be learned, from 0 to 100."""
    parts = [crc32(f"{name}={label}".encode()) % 1000 for name, label in candidate.decisions.items()]
    return sum(parts) / (10 * len(parts))


def resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    raise SystemExit(main())
