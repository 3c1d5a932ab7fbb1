"""What each optimizing pass gains, with the runtime held fixed: the network with all passes, and with all but one.

The forms take turns, round by round, and medians of the ratios within a round count. With several threads each form has
a process of its own that stays, because thread pools disturb each other; with one thread all share one, because
processes with the very same work differ by some per cent for as long as they live. The gain of a pass is the time
without it over the time with all; over 1 it pays on this runtime. Writes results.json and results.md into `--output`
(by default a folder of runs/bench/passes).

    python benchmarks/passes/run.py --runtime onnxruntime --batch 1 --networks googlenet shufflenet_v2_x1_0
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from archdsl.pipeline.files import write_atomically

NETWORKS = ["resnet18", "resnet50", "googlenet", "inception_v3", "densenet121", "squeezenet1_1"]
NETWORKS += ["mobilenet_v2", "mobilenet_v3_large", "shufflenet_v2_x1_0", "mnasnet_b1_1_0", "nasnet_mobile"]
# One form each for what only clears up after the others.
TOGETHER = {"affine folding": ("affine_form", "affine_folding"), "fusion": ("activation_fusion", "residual_fusion")}
CLEARING = frozenset({"dead_nodes", "identities", "zeroed_branches", "views", "noise"})
WRITTEN, ALL, SPLIT = "as written", "all passes", "all passes, siblings merged and split"


class Process:
    """A contender that waits for commands."""

    def __init__(self, runtime: str, threads: int):
        command = [sys.executable, str(Path(__file__).with_name("contender.py")), runtime, str(threads)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *problem: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def ask(self, **command: Any) -> dict[str, Any]:
        """Its answer; raises RuntimeError if it has died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a contender has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


def forms(network: str) -> dict[str, list[str] | None]:
    """What is measured: as written, all passes, and all but each one that does something here."""
    import archdsl
    from archdsl.passes.optimization import optimize

    used = dict.fromkeys(record.name for record in optimize(archdsl.load(network).graph()).records)
    grouped = {name for names in TOGETHER.values() for name in names}
    found: dict[str, list[str] | None] = {WRITTEN: None, ALL: [], SPLIT: []}
    found |= {f"{name}": list(names) for name, names in TOGETHER.items() if set(names) & set(used)}
    return found | {name: [name] for name in used if name not in CLEARING | grouped}


def measure(network: str, given: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for each form."""
    wanted = forms(network)
    with ExitStack() as stack:
        one = stack.enter_context(Process(given.runtime, given.threads)) if given.threads == 1 else None
        processes = {name: one or stack.enter_context(Process(given.runtime, given.threads)) for name in wanted}
        operators = {}
        for name, without in wanted.items():
            command = {"load": network, "form": name, "without": without, "splits": name == SPLIT}
            operators[name] = processes[name].ask(**command, batch=given.batch)["operators"]
        times: dict[str, list[float]] = {name: [] for name in wanted}
        for _ in range(given.rounds):
            for name, process in processes.items():
                times[name].append(min(process.ask(measure=given.repeats, form=name)["seconds"]))
    rows = []
    for name, taken in times.items():
        ratios = [one / other for one, other in zip(taken, times[ALL], strict=True)]
        quartiles = statistics.quantiles(ratios, n=4, method="inclusive")
        rows.append(
            {
                "network": network,
                "form": name if name in (WRITTEN, ALL, SPLIT) else f"without {name}",
                "operators": operators[name],
                "milliseconds": statistics.median(taken) * 1e3,
                "ratio": quartiles[1],
                "quartiles": [quartiles[0], quartiles[2]],
            }
        )
    return rows


def markdown(rows: list[dict[str, Any]], facts: str) -> str:
    """The rows as a table."""
    lines = [f"# Gains of the optimizing passes\n\n{facts}\n"]
    lines += ["| network | form | operators | ms | time over that of all passes | quartiles |"]
    lines += ["| --- | --- | ---: | ---: | ---: | --- |"]
    for row in rows:
        low, high = row["quartiles"]
        cells = [row["network"], row["form"], row["operators"], f"{row['milliseconds']:.2f}", f"{row['ratio']:.3f}"]
        lines.append(f"| {' | '.join(map(str, cells))} | {low:.3f} to {high:.3f} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runtime", choices=["onnxruntime", "openvino", "torch"], default="onnxruntime")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2, help="with 1, processor time counts, else time on the wall")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--repeats", type=int, default=3, help="forward passes in a round, the fastest counts")
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    output = given.output or Path("runs/bench/passes") / f"{given.runtime}-batch{given.batch}-threads{given.threads}"
    machine = f"{platform.processor() or platform.machine()}, Python {platform.python_version()}"
    facts = (
        f"{machine}, {given.runtime} {version(given.runtime)}, {given.threads} threads, float32, batch of {given.batch}"
    )
    rows: list[dict[str, Any]] = []
    for network in given.networks:
        rows += measure(network, given)
        print("\n".join(f"{r['network']:20} {r['form']:34} {r['ratio']:.3f}" for r in rows if r["network"] == network))
        write_atomically(output / "results.json", json.dumps({"facts": facts, "rows": rows}, indent=2) + "\n")
        write_atomically(output / "results.md", markdown(rows, facts))
    print(f"written: {output}/results.json, {output}/results.md", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
