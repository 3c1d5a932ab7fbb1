"""How long cost counters take, and whether our counts in their manner are theirs.

Each contender has a process of its own that stays; they take turns, round by round, and the median over all rounds
counts, and the median of each round's ratio to ours. The tools analyse the module that `archdsl.compile` makes, in
evaluation, with one sample; making it isn't counted. Writes results.json and results.md into `--output` (by default
runs/bench/cost).

    python benchmarks/cost/run.py --rounds 5 --networks resnet50 nasnet_large
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from archdsl.pipeline.files import write_atomically

CONTENDERS = [
    "archdsl",
    "archdsl-text-to-report",
    "fvcore",
    "ptflops",
    "ptflops-aten",
    "thop",
    "torchinfo",
    "flopcounter",
]
NETWORKS = ["resnet50", "mobilenet_v2", "shufflenet_v2_x1_0", "densenet121", "googlenet", "vgg16", "nasnet_large"]
OWN_REPEATS = 9  # ours are short: more of them in a round
CHAIN_LENGTHS = [1_000, 10_000, 100_000]


class Process:
    """A contender that waits for commands."""

    def __init__(self, name: str):
        self.name = name
        command = [sys.executable, str(Path(__file__).with_name("contender.py")), name]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **command: Any) -> dict[str, Any]:
        """Its answer; raises RuntimeError if it has died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(networks: list[str], contenders: list[str], rounds: int) -> list[dict[str, Any]]:
    """A row for each network and contender."""
    processes = [Process(name) for name in contenders]
    rows = []
    try:
        for network in networks:
            numbers = {process.name: process.ask(load=network)["number"] for process in processes}
            times: dict[str, list[float]] = {process.name: [] for process in processes}
            ratios: dict[str, list[float]] = {process.name: [] for process in processes}
            for _ in range(rounds):
                ours = 0.0
                for process in processes:
                    repeats = OWN_REPEATS if process.name.startswith("archdsl") else 1
                    taken = process.ask(measure=repeats)["seconds"]
                    ours = ours or statistics.median(taken)  # the first contender is ours
                    times[process.name] += taken
                    ratios[process.name].append(statistics.median(taken) / ours)
            rows += [row(network, name, numbers[name], times[name], ratios[name]) for name in contenders]
            print(f"{network}: done", file=sys.stderr)
    finally:
        for process in processes:
            process.close()
    return rows


def row(network: str, name: str, number: int, times: list[float], ratios: list[float]) -> dict[str, Any]:
    """Median and spread, the number that was printed and ours in its manner."""
    import archdsl
    from archdsl.analysis.compat import TOOLS, compat_count

    graph = archdsl.load(network).graph()
    ours = compat_count(graph, name, "compiled").number if name in TOOLS else number
    return {
        "network": network,
        "contender": name,
        "median_ms": 1000 * statistics.median(times),
        "least_ms": 1000 * min(times),
        "most_ms": 1000 * max(times),
        "ratio": statistics.median(ratios),
        "runs": len(times),
        "number": number,
        "ours": ours,
    }


def chains() -> dict[int, dict[str, float]]:
    """Microseconds for each node of chains of so many nodes, linear if they are alike: from the text of a file to the
    cost, of that the cost alone, from the graph, and from the text to all data of a report, findings included.
    """
    import tempfile

    import archdsl
    from archdsl.analysis.costing import cost_report
    from archdsl.pipeline.reporting import findings_of, report_on
    from archdsl.report.data import to_dict

    def cost(path: Path) -> None:
        archdsl.cost(archdsl.load(path))

    def report(path: Path) -> None:
        network = archdsl.load(path)
        to_dict(report_on([network], [str(path)], findings=[findings_of(network)]))

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for length in CHAIN_LENGTHS:
            path = Path(folder) / f"chain_{length}.yaml"
            steps = f"  - for: {{i: {length // 2}}}\n    do: [relu, sigmoid]\n"
            path.write_text(f"archdsl: 1\nname: chain\ninputs: {{x: [4, 4, 4]}}\ngraph:\n{steps}", encoding="utf-8")
            graph = archdsl.load(path).graph()
            each = 1e6 / length
            found[length] = {
                "text": each * _median(partial(cost, path)),
                "graph": each * _median(partial(cost_report, graph)),
                "report": each * _median(partial(report, path)),
            }
    return found


def _median(work: Callable[[], object], rounds: int = 5) -> float:
    """Seconds; what a round leaves behind is collected before the next one."""
    times = []
    for _ in range(rounds):
        gc.collect()
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def candidates(count: int = 300) -> dict[str, float]:
    """Milliseconds to price candidates of the NASNet space that were never seen, once the space is warm."""
    from random import Random

    import archdsl

    space, rng = archdsl.load_space("nasnet_space"), Random(0)
    drawn = [archdsl.load_space("nasnet_space").sample(rng) for _ in range(5)]
    other = archdsl.load_space("nasnet_space")
    drawn = [other.sample(rng) for _ in range(count)]
    times = []
    for decisions in drawn:
        started = time.perf_counter()
        space.price(decisions)
        times.append(1e3 * (time.perf_counter() - started))
    warm = sorted(times[20:])
    return {
        "first": times[0],
        "median": statistics.median(warm),
        "tenth": warm[len(warm) // 10],
        "ninth": warm[len(warm) * 9 // 10],
    }


def markdown(results: dict[str, Any]) -> str:
    """The results as tables."""
    rows = results["rows"]
    networks = list(dict.fromkeys(r["network"] for r in rows))
    contenders = list(dict.fromkeys(r["contender"] for r in rows))
    lines = [f"# Cost counters\n\n{results['machine']}; {results['rounds']} rounds, medians.\n"]
    lines += ["Milliseconds for an analysis:\n", f"| | {' | '.join(networks)} |", "| --- |" + " ---: |" * len(networks)]
    for name in contenders:
        medians = [r["median_ms"] for r in rows if r["contender"] == name]
        lines.append(f"| {name} | {' | '.join(f'{m:.1f}' for m in medians)} |")
    lines += ["\nTimes ours, the median over rounds:\n", f"| | {' | '.join(networks)} |"]
    lines += ["| --- |" + " ---: |" * len(networks)]
    for name in contenders[1:]:
        taken = [r["ratio"] for r in rows if r["contender"] == name]
        lines.append(f"| {name} | {' | '.join(f'{ratio:.1f}' for ratio in taken)} |")
    lines += ["\nMillions that they print, `=` where archdsl gives the same in their manner:\n"]
    lines += [f"| | {' | '.join(networks)} |", "| --- |" + " ---: |" * len(networks)]
    for name in contenders:
        cells = [
            f"{r['number'] / 1e6:.1f} {'=' if r['number'] == r['ours'] else '/ ' + str(r['ours'])}"
            for r in rows
            if r["contender"] == name
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.append("\nMicroseconds of archdsl for each node of a chain:\n")
    lines.append("| nodes | text to cost | cost from the graph | text to report |")
    lines.append("| ---: | ---: | ---: | ---: |")
    lines += [
        f"| {length:,} | {each['text']:.2f} | {each['graph']:.2f} | {each['report']:.2f} |"
        for length, each in results["chains"].items()
    ]
    known = results["candidates"]
    spread = f"a tenth below {known['tenth']:.2f}, a tenth above {known['ninth']:.2f}"
    lines.append(
        f"\nA candidate of the NASNet space that was never seen, priced in a warm process: {known['median']:.2f} ms "
        f"(median; {spread}); the first one of a process {known['first']:.0f} ms."
    )
    return "\n".join(lines) + "\n"


def versions() -> str:
    """Versions of the tools."""
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in ("torch", "fvcore", "ptflops", "thop", "torchinfo"))


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--contenders", nargs="+", default=CONTENDERS, choices=CONTENDERS, help="The first is ours.")
    parser.add_argument("--output", type=Path, default=Path("runs/bench/cost"))
    options = parser.parse_args()
    machine = f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {versions()}"
    rows = measure(options.networks, options.contenders, options.rounds)
    results: dict[str, Any] = {"machine": machine, "rounds": options.rounds, "rows": rows}
    results["chains"] = chains()
    results["candidates"] = candidates()
    write_atomically(options.output / "results.json", json.dumps(results, indent=2) + "\n")
    write_atomically(options.output / "results.md", markdown(results))
    print(f"written: {options.output}/results.json, {options.output}/results.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
