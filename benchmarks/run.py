"""How long archdsl itself takes: start-up, reading, building, costing; and whether building grows with the nodes alone.

`make bench` runs it and writes runs/bench/results.json and results.md. Each figure is the best of several runs, in
seconds of wall time on this machine; other programs that run at the same time show.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from archdsl.pipeline.files import write_atomically

OUT = Path("runs/bench")
REPEATS = 5
START_UP = [["--help"], ["check", "resnet50"], ["cost", "resnet50"], ["zoo", "list"], ["schema"], ["explain", "E0302"]]
NETWORKS = ["resnet50", "nasnet_large", "retinanet_resnet50_fpn"]
CHAIN_LENGTHS = [1_000, 10_000, 100_000]
CHAIN = """\
archdsl: 1
name: chain
inputs: {{x: [8, 4, 4]}}
graph:
  - do:
      - conv2d: {{out_channels: 8, kernel_size: 3, padding: 1}}
      - relu
    repeat: {rounds}
"""


def main() -> int:
    """Measure everything and write the results."""
    results = {**start_up(), **networks(), **chains()}
    machine = f"{platform.processor() or platform.machine()}, Python {platform.python_version()}"
    lines = [f"# Benchmarks of archdsl\n\n{machine}\n", "| what | seconds |", "| --- | ---: |"]
    lines += [f"| {name} | {seconds:.3f} |" for name, seconds in results.items()]
    write_atomically(OUT / "results.json", json.dumps({"machine": machine, "seconds": results}, indent=2) + "\n")
    write_atomically(OUT / "results.md", "\n".join(lines) + "\n")
    print(f"written: {OUT}/results.json, {OUT}/results.md")
    return 0


def start_up() -> dict[str, float]:
    """Whole commands, interpreter included."""
    found = {}
    for arguments in START_UP:
        command = [sys.executable, "-m", "archdsl", *arguments]
        found[f"archdsl {' '.join(arguments)}"] = best(lambda command=command: run(command))
    return found


def networks() -> dict[str, float]:
    """Reading a shipped network and building its graph, and costing it, in a running interpreter."""
    import archdsl

    found = {}
    for name in NETWORKS:
        found[f"load {name}"] = best(lambda name=name: archdsl.load(name))
        architecture = archdsl.load(name)
        found[f"cost {name}"] = best(lambda architecture=architecture: archdsl.cost(architecture))
    return found


def chains() -> dict[str, float]:
    """Building chains of so many nodes; the time of each node should not grow."""
    import archdsl

    found = {}
    with TemporaryDirectory() as folder:
        for nodes in CHAIN_LENGTHS:
            path = Path(folder) / f"chain{nodes}.yaml"
            path.write_text(CHAIN.format(rounds=nodes // 2))
            found[f"load a chain of {nodes:,} nodes"] = best(lambda path=path: archdsl.load(path), repeats=2)
    return found


def run(command: list[str]) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, check=True, capture_output=True)


def best(measured: Callable[[], object], repeats: int = REPEATS) -> float:
    """The shortest of several runs, in seconds."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        measured()
        times.append(time.perf_counter() - started)
    print(f"{min(times):8.3f} s", file=sys.stderr)
    return min(times)


if __name__ == "__main__":
    sys.exit(main())
