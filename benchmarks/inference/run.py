"""How fast networks run, beside what one would use instead.

Each contender has a process of its own; for each network and batch size they get ready one after the other, then take
turns, round by round. A round gives each contender's median pass and the ratios within that round; the medians over the
rounds count. Two threads, float32. Results are kept for each network as soon as it is done, and a run goes on where the
last one stopped.

    python benchmarks/inference/run.py                                   # everything: takes an hour
    python benchmarks/inference/run.py --networks googlenet --contenders onnxruntime openvino archdsl
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from networks import NETWORKS
from tables import markdown

from archdsl.pipeline.files import write_atomically

PEERS = ["eager", "eager-channels-last", "torch.compile", "torch.compile-frozen", "onnxruntime", "openvino"]
OURS = ["archdsl"]
BATCHES = [1, 8]


class Process:
    """A contender that waits for commands."""

    def __init__(self, name: str):
        self.name = name
        command = [sys.executable, str(Path(__file__).with_name("contender.py")), name]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def ask(self, **command: Any) -> dict[str, Any]:
        """Its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the process ended"}
        return answer

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(network: str, batch: int, contenders: list[str], rounds: int, seconds: float) -> dict[str, Any]:
    """One network at one batch size, all contenders in turn."""
    with tempfile.TemporaryDirectory() as folder:
        expected = str(Path(folder) / "expected.npy")
        processes = {name: Process(name) for name in contenders}
        try:
            loaded = {name: p.ask(load=network, batch=batch, expected=expected) for name, p in processes.items()}
            working = {name: p for name, p in processes.items() if "error" not in loaded[name]}
            times: dict[str, list[float]] = {name: [] for name in working}
            for _ in range(rounds):
                for name, process in working.items():
                    times[name].append(process.ask(measure=seconds)["median"])
        finally:
            for process in processes.values():
                process.close()
    rows = {name: loaded[name] | ({"seconds": times[name]} if name in times else {}) for name in contenders}
    return {"network": network, "batch": batch, "contenders": rows}


def machine() -> dict[str, str]:
    """What was measured on and with."""
    packages = {name: version(name) for name in ("torch", "onnxruntime", "openvino")}
    return {"processor": platform.processor() or platform.machine(), "python": platform.python_version(), **packages}


def report(found: dict[str, Any]) -> None:
    """One line of progress."""
    row = found["contenders"]
    medians = {name: 1000 * statistics.median(each["seconds"]) for name, each in row.items() if "seconds" in each}
    told = ", ".join(f"{name} {ms:.2f}" for name, ms in medians.items())
    failed = "".join(f"; {name}: {each['error']}" for name, each in row.items() if "error" in each)
    print(f"{found['network']} b{found['batch']}: {told}{failed}", file=sys.stderr, flush=True)


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=NETWORKS, choices=NETWORKS)
    parser.add_argument("--contenders", nargs="+", default=[*PEERS, *OURS])
    parser.add_argument("--batches", nargs="+", type=int, default=BATCHES)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.15, help="of each contender in each round")
    parser.add_argument("--output", type=Path, default=Path("runs/bench/inference"))
    parser.add_argument("--again", action="store_true", help="measure anew what is there")
    options = parser.parse_args()
    for network in options.networks:
        for batch in options.batches:
            path = options.output / f"{network}-{batch}.json"
            if path.exists() and not options.again:
                continue
            found = measure(network, batch, options.contenders, options.rounds, options.seconds)
            write_atomically(path, json.dumps({"machine": machine(), **found}, indent=2) + "\n")
            report(found)
    kept = [json.loads(path.read_text()) for path in sorted(options.output.glob("*-*.json"))]
    write_atomically(options.output / "results.md", markdown(kept, NETWORKS))
    print(f"written: {options.output}/results.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
