"""How fast networks run, beside what one would use instead.

Each contender has a process of its own, a new one for each network and batch size, since what a process has run before
makes it slower. They get ready one after the other, then take turns, round by round; who is out of reach after three
rounds is not measured further. A round gives each contender's median pass and the ratios within that round; the medians
over the rounds count. Two threads, float32. Results are kept for each network as soon as it is done, and a run goes on
where the last one stopped.

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
from importlib.metadata import version
from pathlib import Path
from typing import Any

from networks import NETWORKS
from tables import markdown

from archdsl.pipeline.files import write_atomically

PEERS = ["eager", "eager-channels-last", "torch.compile", "torch.compile-frozen", "onnxruntime", "openvino"]
OURS = ["archdsl"]
BATCHES = [1, 8]
DEAD = "the process ended"
# After so many rounds, others that take so many times as long as the fastest are out: the best of them is what counts.
SETTLED = 3
OUT_OF_REACH = 1.3


class Process:
    """A contender that waits for commands."""

    def __init__(self, name: str, threads: int, clock: str):
        command = [sys.executable, str(Path(__file__).with_name("contender.py")), name, str(threads), clock]
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
        answer: dict[str, Any] = json.loads(line) if line else {"error": DEAD}
        return answer

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class Field:
    """The contenders' processes, started when they are first needed, and the folder with what they are given."""

    def __init__(self, contenders: list[str], folder: Path, threads: int, clock: str):
        self.contenders = contenders
        self._how = (threads, clock)
        self.folder = str(folder)
        self._processes: dict[str, Process] = {}

    def ask(self, name: str, **command: Any) -> dict[str, Any]:
        """A contender's answer; one that died is started anew for the next network."""
        if name not in self._processes:
            self._processes[name] = Process(name, *self._how)
        answer = self._processes[name].ask(**command)
        if answer.get("error") == DEAD:
            self._processes.pop(name).close()
        return answer

    def prepare(self, network: str, batch: int) -> None:
        """Make the weights and the export, unless they are there."""
        answer = self.ask("prepare", load=network, batch=batch, folder=self.folder)
        if "error" in answer:
            raise SystemExit(f"{network}: {answer['error']}")

    def measure(self, network: str, batch: int, rounds: int, seconds: float) -> dict[str, Any]:
        """One network at one batch size, all contenders in turn."""
        rows = {name: self.ask(name, load=network, batch=batch, folder=self.folder) for name in self.contenders}
        times: dict[str, list[float]] = {name: [] for name, row in rows.items() if "error" not in row}
        running = list(times)
        for done in range(rounds):
            for name in running:
                times[name].append(self.ask(name, measure=seconds)["median"])
            if done + 1 == SETTLED:
                running = _in_reach(times)
        found = {name: row | ({"seconds": times[name]} if name in times else {}) for name, row in rows.items()}
        return {"network": network, "batch": batch, "contenders": found}

    def close(self) -> None:
        """End all processes."""
        while self._processes:
            self._processes.popitem()[1].close()


def _in_reach(times: dict[str, list[float]]) -> list[str]:
    """The contenders that are still measured: all of ours, and those near the fastest of the others."""
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    others = [value for name, value in medians.items() if not name.startswith("archdsl")]
    most = OUT_OF_REACH * min(others, default=0.0)
    return [name for name, value in medians.items() if name.startswith("archdsl") or value <= most]


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
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--clock",
        choices=["wall", "cpu"],
        default="wall",
        help="cpu: processor time, for one thread",
    )
    parser.add_argument("--prepare", action="store_true", help="only make weights and exports, which takes minutes")
    parser.add_argument("--again", action="store_true", help="measure anew what is there")
    options = parser.parse_args()
    field = Field(options.contenders, options.output / "given", options.threads, options.clock)
    how = {"threads": options.threads, "clock": options.clock}
    try:
        for network in options.networks:
            for batch in options.batches:
                path = options.output / f"{network}-{batch}.json"
                if path.exists() and not options.again:
                    continue
                field.prepare(network, batch)
                if options.prepare:
                    continue
                found = field.measure(network, batch, options.rounds, options.seconds)
                write_atomically(path, json.dumps({"machine": machine(), **how, **found}, indent=2) + "\n")
                report(found)
                field.close()
    finally:
        field.close()
    kept = [json.loads(path.read_text()) for path in sorted(options.output.glob("*-*.json"))]
    write_atomically(options.output / "results.md", markdown(kept, NETWORKS))
    print(f"written: {options.output}/results.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
