"""Lower precision on the digits: accuracy, output error and speed of float32, bfloat16 and 8-bit integers.

The network is trained first, unless weights are given. Speed is that of `archdsl.compile` and `quantize` in this
process, variants in turn, medians over the rounds. Writes results.json and results.md into `--output` (by default
runs/bench/precision).

    python benchmarks/precision/run.py --network digits_resnet --epochs 20
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import archdsl
from archdsl.pipeline.files import write_atomically
from archdsl.training.preparation import Preparation

CALIBRATION = 200
BATCHES = (1, 64)
SAMPLE_SECONDS = 0.05


def variants(net: Any, module: Any, calibration: torch.Tensor) -> dict[str, Callable[[torch.Tensor], torch.Tensor]]:
    """What is compared, each from float32 images to float32 outputs."""
    plain = archdsl.compile(net, "inference", module, optimize=False)
    single = archdsl.compile(net, "inference", module)
    brain = {
        name: archdsl.compile(net, "inference", module, dtype="bfloat16", runtime=name)
        for name in ("torch", "openvino")
    }
    integers = archdsl.quantize(net, module, calibration)
    found: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "eager float32": plain,
        "float32": single,
        "int8": integers,
    }
    for name, made in brain.items():
        found[f"bfloat16 on {name}"] = lambda x, made=made: made(x.bfloat16()).float()
    return found


def timed(run: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, clock: Callable[[], float]) -> float:
    """Seconds of a pass, over at least SAMPLE_SECONDS; the first pass isn't counted."""
    run(x)
    started, done = clock(), 0
    while clock() - started < SAMPLE_SECONDS:
        run(x)
        done += 1
    return (clock() - started) / done


def trained(net: Any, data: Any, epochs: int, weights: Path | None) -> Any:
    """The network after so many epochs, or with these weights."""
    if weights is not None:
        return archdsl.compile(net, weights=weights)
    settings = archdsl.TrainingSettings(epochs=epochs, batch_size=64, seed=1)
    return archdsl.train(net, data, settings, device="cpu", test=False).module


def measure(network: str, epochs: int, weights: Path | None, rounds: int, clock: Callable[[], float]) -> dict[str, Any]:
    """A row for each variant."""
    data, net = archdsl.load_dataset("digits"), archdsl.load(network)
    module = trained(net, data, epochs, weights)
    (shape,) = [value.type.shape for value in net.graph().inputs.values()]
    prepare = Preparation.for_dataset(data, shape)
    images, labels = prepare(data.test.pixels), data.test.labels
    with torch.no_grad():
        runs = variants(net, module, prepare(data.train.pixels[:CALIBRATION]))
        outputs = {name: run(images) for name, run in runs.items()}
        times: dict[tuple[str, int], list[float]] = {(name, n): [] for name in runs for n in BATCHES}
        for _ in range(rounds):
            for name, n in times:
                times[name, n].append(timed(runs[name], images[:n], clock))
    exact = outputs["eager float32"]
    rows = []
    for name, found in outputs.items():
        row: dict[str, Any] = {"variant": name, "accuracy": float((found.argmax(1) == labels).float().mean())}
        row["error"] = float((found - exact).abs().max() / exact.abs().max())
        row |= {f"ms, batch {n}": 1000 * statistics.median(times[name, n]) for n in BATCHES}
        rows.append(row)
    return {"network": network, "threads": torch.get_num_threads(), "rows": rows}


def markdown(found: dict[str, Any]) -> str:
    """The rows as a table."""
    head = ["variant", "accuracy", "largest output error", *[f"ms, batch {n}" for n in BATCHES]]
    lines = [f"# Precision\n\n{found['network']} on digits, {found['threads']} threads.\n", f"| {' | '.join(head)} |"]
    lines.append("| --- |" + " ---: |" * (len(head) - 1))
    for row in found["rows"]:
        speeds = " | ".join(f"{row[f'ms, batch {n}']:.2f}" for n in BATCHES)
        lines.append(f"| {row['variant']} | {row['accuracy']:.2%} | {row['error']:.1e} | {speeds} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="digits_resnet")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--weights", type=Path, help="trained already (archdsl train)")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: processor time, for one thread")
    parser.add_argument("--output", type=Path, default=Path("runs/bench/precision"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    clock = time.process_time if options.clock == "cpu" else time.perf_counter
    found = measure(options.network, options.epochs, options.weights, options.rounds, clock)
    write_atomically(options.output / "results.json", json.dumps(found, indent=2) + "\n")
    write_atomically(options.output / "results.md", markdown(found))
    print(f"written: {options.output}/results.json, {options.output}/results.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
