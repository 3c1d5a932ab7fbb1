"""How fast training steps are: children of a search, networks of torchvision, compiled cells.

Each contender has a process of its own that stays; they take turns, and ratios are medians over the rounds, each of one
round's medians. `children`: networks drawn from the NASNet space (16 filters, one cell in a row, CIFAR's images, batch
32) beside plain eager float32. `pairs`: two children at once with a thread each beside one with two. `torchvision`:
modules that `archdsl.compile` makes beside torchvision's own, carried out alike. `compile`: NASNet-A with compiled
cells beside torch.compile of the whole. Writes results.json and results.md into `--output` (by default
runs/bench/training).

    python benchmarks/training/run.py --sections children torchvision --rounds 5
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from archdsl.pipeline.files import write_atomically

CHILDREN = [f"child:{seed}" for seed in range(3)]
TORCHVISION = ["resnet18", "mobilenet_v2", "googlenet"]
COMPILING = ["auto", "compile", "whole"]
SECTIONS = ["children", "pairs", "torchvision", "compile"]
BATCH = 32
CHILD_STEPS = 20 * 45_000 // BATCH
"""Steps of a child: 20 epochs of 45,000 images (arXiv:1707.07012, appendix A.1), in batches."""


# What every contender is told besides; `main` sets it.
COMMON: dict[str, Any] = {"threads": 2, "device": "cpu"}


class Contender:
    """A process that takes steps when asked."""

    def __init__(self, **task: Any):
        command = [sys.executable, str(Path(__file__).with_name("contender.py")), json.dumps({**COMMON, **task})]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready: dict[str, Any] = json.loads(self._line())

    def ask(self, steps: int) -> None:
        """Begin to take steps."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{steps}\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, float]:
        """The median time of the steps that were asked for, on the clock and on the processor."""
        wall, cpu = zip(*json.loads(self._line()), strict=True)
        return {"wall": statistics.median(wall), "cpu": statistics.median(cpu)}

    def times(self, steps: int) -> dict[str, float]:
        """Both."""
        self.ask(steps)
        return self.answer()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a contender has ended")
        return line


@contextmanager
def contenders(*tasks: dict[str, Any]) -> Iterator[list[Contender]]:
    """One for each task, ready."""
    found: list[Contender] = []
    try:
        found += [Contender(**task) for task in tasks]
        yield found
    finally:
        for each in found:
            each.close()


def compared(names: Sequence[str], tasks: Sequence[dict[str, Any]], rounds: int, steps: int) -> dict[str, Any]:
    """Median step of each contender in ms, and of the ratios of the first to each."""
    with contenders(*tasks) as found:
        table = [[each.times(steps) for each in found] for _ in range(rounds)]
        ways = [each.ready["way"] for each in found]
    found: dict[str, Any] = {"way": dict(zip(names, ways, strict=True))}
    for clock, unit in (("wall", "ms"), ("cpu", "cpu_ms")):
        medians = [1000 * statistics.median(row[place][clock] for row in table) for place in range(len(names))]
        ratios = [statistics.median(row[0][clock] / row[place][clock] for row in table) for place in range(len(names))]
        found[unit] = dict(zip(names, medians, strict=True))
        found["ratio" if clock == "wall" else "cpu_ratio"] = dict(zip(names, ratios, strict=True))
    return found


def children(rounds: int, threads: int) -> list[dict[str, Any]]:
    """Drawn networks: plain, by rule, and by rule in bfloat16, or on a GPU the way that is measured to be fastest."""
    names = ["plain", "auto", "bfloat16"] if COMMON["device"] == "cpu" else ["plain", "auto", "measure"]
    rows = []
    for network in CHILDREN:
        tasks = [{"network": network, "batch": BATCH, "way": way, "threads": threads} for way in names]
        rows.append({"network": network, **compared(names, tasks, rounds, 2)})
        print(f"{network}: {rows[-1]['ratio']}", file=sys.stderr)
    return rows


def pairs(rounds: int, threads: int) -> list[dict[str, Any]]:
    """Children per hour: one with two threads, or two at once with one each."""
    rows = []
    for network in CHILDREN[:2]:
        task = {"network": network, "batch": BATCH, "way": "auto"}
        with contenders(task, {**task, "threads": 1}, {**task, "threads": 1}) as (alone, one, other):
            single, double = [], []
            for _ in range(rounds):
                single.append(alone.times(3)["wall"])
                one.ask(3), other.ask(3)
                double.append((one.answer()["wall"] + other.answer()["wall"]) / 2)
        hourly = [3600 / (CHILD_STEPS * statistics.median(each)) for each in (single, double)]
        rows.append({"network": network, "one_of_two_threads": hourly[0], "two_of_one_thread": 2 * hourly[1]})
    return rows


def torchvision(rounds: int, threads: int) -> list[dict[str, Any]]:
    """The same step on both modules."""
    names = ["torchvision", "archdsl"]
    rows = []
    for network in TORCHVISION:
        tasks = [
            {"network": network, "batch": 8, "size": 128, "way": "plain", "maker": maker, "threads": threads}
            for maker in names
        ]
        rows.append({"network": network, **compared(names, tasks, rounds, 2)})
        print(f"{network}: {rows[-1]['ratio']}", file=sys.stderr)
    return rows


def compilation(rounds: int, threads: int, ways: Sequence[str] = COMPILING) -> list[dict[str, Any]]:
    """NASNet-A: seconds until the second step, and the step."""
    rows = []
    for way in ways:
        task = {"network": "nasnet_a", "batch": 16, "way": way, "threads": threads}
        with tempfile.TemporaryDirectory() as cache, contenders({**task, "inductor_cache": cache}) as (only,):
            ready = only.ready["built"] + only.ready["first_step"]
            rows.append({"way": way, "ready_s": ready, "ms": 1000 * only.times(rounds)["wall"]})
        print(rows[-1], file=sys.stderr)
    return rows


RUNS = {"children": children, "pairs": pairs, "torchvision": torchvision}


def children_table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Steps of drawn networks, and what comes of them in an hour."""
    lines = [f"Networks drawn from the NASNet space, batch {BATCH}; ms of a step (of processor time):\n"]
    third = "auto, bfloat16" if "bfloat16" in rows[0]["ms"] else "measured"
    lines += [f"| | plain | auto | {third} | auto as fast as plain | by processor time |"]
    lines += ["| --- | ---: | ---: | ---: | ---: | ---: |"]
    for row in rows:
        cells = [f"{row['ms'][name]:.0f} ({row['cpu_ms'][name]:.0f})" for name in row["ms"]]
        ratios = f"{row['ratio']['auto']:.2f}x | {row['cpu_ratio']['auto']:.2f}x"
        lines.append(f"| {row['network']} | {' | '.join(cells)} | {ratios} |")
    for kind, unit in (("ratio", "ms"), ("cpu_ratio", "cpu_ms")):
        mean = statistics.geometric_mean(row[kind]["auto"] for row in rows)
        hourly = {
            name: statistics.mean(3600 / (CHILD_STEPS * row[unit][name] / 1000) for row in rows)
            for name in ("plain", "auto")
        }
        clock = "on the clock" if unit == "ms" else "of processor time"
        lines.append(
            f"\n{mean:.2f}x {clock} in geometric mean; children of {CHILD_STEPS:,} steps in an hour: plain "
            f"{hourly['plain']:.3f}, auto {hourly['auto']:.3f}."
        )
    return lines


def markdown(results: dict[str, Any]) -> str:
    """The results as tables."""
    lines = [f"# Training steps\n\n{results['machine']}; {results['rounds']} rounds, medians.\n"]
    if "children" in results:
        lines += children_table(results["children"])
    if "pairs" in results:
        lines += [
            "\nChildren per hour, auto:\n",
            "| | one with two threads | two with one thread |",
            "| --- | ---: | ---: |",
        ]
        lines += [
            f"| {r['network']} | {r['one_of_two_threads']:.3f} | {r['two_of_one_thread']:.3f} |"
            for r in results["pairs"]
        ]
    if "torchvision" in results:
        lines += ["\nBatch 8 of 128x128, plain eager float32; ms of a step (of processor time):\n"]
        lines += [
            "| | torchvision | archdsl | times as fast | by processor time |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        for row in results["torchvision"]:
            cells = [f"{row['ms'][name]:.0f} ({row['cpu_ms'][name]:.0f})" for name in row["ms"]]
            ratios = f"{row['ratio']['archdsl']:.2f}x | {row['cpu_ratio']['archdsl']:.2f}x"
            lines.append(f"| {row['network']} | {' | '.join(cells)} | {ratios} |")
    if "compile" in results:
        lines += ["\nNASNet-A (2 cells in a row, 16 filters, CIFAR), batch 16:\n"]
        lines += ["| | ready after (s) | step (ms) |", "| --- | ---: | ---: |"]
        lines += [f"| {row['way']} | {row['ready_s']:.1f} | {row['ms']:.0f} |" for row in results["compile"]]
    return "\n".join(lines) + "\n"


def _device(name: str) -> str:
    import torch

    return platform.processor() or platform.machine() if name == "cpu" else torch.cuda.get_device_name(name)


def main() -> int:
    """Measure and write; sections that are there already stay."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ways", nargs="+", choices=COMPILING, default=COMPILING, help="of the section compile")
    parser.add_argument("--device", default="cpu", help="cuda has not been tried: there was no GPU")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--output", type=Path, default=Path("runs/bench/training"))
    options = parser.parse_args()
    COMMON.update(threads=options.threads, device=options.device)
    path = options.output / "results.json"
    results: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    results["machine"] = (
        f"{_device(options.device)}, {options.threads} thread(s), torch {torch.__version__}, "
        f"Python {platform.python_version()}"
    )
    results["rounds"] = options.rounds
    for section in options.sections:
        if section == "compile":
            kept = [row for row in results.get(section, []) if row["way"] not in options.ways]
            results[section] = kept + compilation(options.rounds, options.threads, options.ways)
        else:
            results[section] = RUNS[section](options.rounds, options.threads)
        write_atomically(path, json.dumps(results, indent=2) + "\n")
        write_atomically(options.output / "results.md", markdown(results))
    print(f"written: {path}, {options.output}/results.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
