"""Predicted against measured time, on networks that the fit of the profile has not seen.

    python benchmarks/latency/run.py device.json --fit --threads 2 --output docs/benchmarks/latency
    archdsl profile --fit -o device.json && python benchmarks/latency/run.py device.json

Measures each network with the threads, clock and device of the profile, in passes over all of them; of a pass the
fastest round counts, as in the fit, and of all passes the median. With `--fit` the profile is made here, between the
passes: so a machine that slows down meanwhile does not count as an error. Writes results.json and results.md into
`--output`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import archdsl
from archdsl.analysis.latency.fitting import rank_correlation
from archdsl.analysis.latency.forms import MODES
from archdsl.analysis.latency.profile_file import write_profile
from archdsl.pipeline.files import write_atomically
from archdsl.pipeline.latency_fit import LESSONS, fit_profile

NETWORKS = (
    "resnet34",
    "resnet50",
    "resnetv2_50",
    "seresnet50",
    "wide_resnet50_2",
    "resnext101_32x4d",
    "resnet56_cifar_a",
    "densenet121",
    "densenet40_12_cifar",
    "bn_inception",
    "googlenet_caffe",
    "inception_v4",
    "inception_resnet_v1_facenet",
    "vgg11_bn",
    "vgg16",
    "alexnet_caffe",
    "nin_cifar10",
    "squeezenet1_1",
    "darknet53_224",
    "mobilenet_v1_0_5",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mnasnet_b1_1_0",
    "shufflenet_v1_g3",
    "shufflenet_v2_x1_0",
    "nasnet_cifar_6_768",
    "nasnet_large",
)
SPACES = ("nasnet_space", "nasbench201", "ofa")
CANDIDATES = 3
SEED = 99  # the fit draws its candidates with another one


def networks() -> Iterator[tuple[str, archdsl.Architecture]]:
    """Networks that no fit measures."""
    assert not set(NETWORKS) & {name for name, _ in LESSONS}
    for name in NETWORKS:
        yield name, archdsl.load(name)
    for name in SPACES:
        space, rng = archdsl.load_space(name), Random(SEED)
        for number in range(CANDIDATES):
            yield f"{name}, candidate {number}", space.resolve(space.sample(rng))


Times = dict[str, list[float]]


def measure(times: Times, threads: int | None, clock: Any, device: str, mode: Any) -> None:
    """One more pass over the networks: the fastest round of each, in seconds."""
    for name, network in networks():
        taken = archdsl.profile(network, device, threads=threads, clock=clock, mode=mode).whole.least
        times.setdefault(name, []).append(taken)
        print(f"pass {len(times[name])}: {name}: {1000 * taken:.2f} ms", file=sys.stderr)


def compare(profile: archdsl.DeviceProfile, times: Times) -> dict[str, Any]:
    """Rows and what they say together."""
    rows = []
    for name, network in networks():
        if name not in times:
            continue
        measured = median(times[name])
        found = archdsl.predict_latency(network, profile)
        error = found.seconds / measured - 1
        inside = found.low <= measured <= found.high
        row = {"network": name, "measured": measured, "passes": times[name], "predicted": found.seconds, "error": error}
        rows.append({**row, "low": found.low, "high": found.high, "within_interval": inside})
    errors = [abs(row["error"]) for row in rows]
    return {
        "device": profile.summary(),
        "networks": len(rows),
        "passes": len(rows[0]["passes"]),
        "between_passes": median(max(row["passes"]) / min(row["passes"]) - 1 for row in rows),
        "mean_absolute_error": sum(errors) / len(errors),
        "within_10_percent": sum(error <= 0.1 for error in errors) / len(errors),
        "within_interval": sum(row["within_interval"] for row in rows) / len(rows),
        "rank_correlation": rank_correlation([r["predicted"] for r in rows], [r["measured"] for r in rows]),
        "rows": rows,
    }


def markdown(results: dict[str, Any]) -> str:
    """The results as a page."""
    device = results["device"]
    facts, clock = device["device"], device.get("clock", "wall")
    timed = "processor time of one thread" if clock == "cpu" else f"{facts['threads']} threads"
    fitted, passes = len(device["fit"]["networks"]), device["fit"]["passes"]
    own = f"{device['fit']['held_out_mean_error']:.1%}, rank {device['fit']['held_out_rank_correlation']:.3f}"
    lines = [
        "# Predicted and measured time\n",
        f"{facts['name']}, {timed}, torch {facts['torch']}, float32, batch of 1, {device['runtime']}.",
        f"The profile was fitted to {fitted} networks ({passes} passes), none of which is below.",
        f"Measured is the fastest round, the median of {results['passes']} passes; half of the networks differ by",
        f"{results['between_passes']:.1%} or more between these.\n",
        "| | |\n| --- | ---: |",
        f"| mean absolute error | {results['mean_absolute_error']:.1%} |",
        f"| rank correlation | {results['rank_correlation']:.3f} |",
        f"| networks predicted within 10 % | {results['within_10_percent']:.0%} of {results['networks']} |",
        f"| networks within the predicted interval | {results['within_interval']:.0%} |",
        f"| cross-validation of the fit | {own} |",
        "\n| network | measured, ms | predicted, ms | interval, ms | error |\n| --- | ---: | ---: | ---: | ---: |",
    ]
    for row in results["rows"]:
        measured, predicted, low, high = (1000 * row[key] for key in ("measured", "predicted", "low", "high"))
        figures = f"{measured:.2f} | {predicted:.2f} | {low:.2f} to {high:.2f} | {row['error']:+.1%}"
        lines.append(f"| {row['network']} | {figures} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("profile", type=Path, help="a profile that `archdsl profile --fit` has made on this machine")
    parser.add_argument("--fit", action="store_true", help="make the profile here, between the passes")
    parser.add_argument("--threads", type=int, default=2, help="with --fit")
    parser.add_argument("--mode", choices=MODES, default="plain", help="with --fit: layers as written, or optimized")
    parser.add_argument("--passes", type=int, default=2, help="how often all is measured")
    parser.add_argument("--output", type=Path, default=Path("runs/bench/latency"))
    options = parser.parse_args()
    times: Times = {}
    if options.fit:
        for number in range(options.passes):
            if number == options.passes // 2:
                made, _ = fit_profile(threads=options.threads, mode=options.mode, on_step=tell)
                write_profile(made, options.profile)
            measure(times, options.threads, "wall", "cpu", options.mode)
    profile = archdsl.read_profile(options.profile)
    if not options.fit:
        device = profile.measured["device"]
        threads = device["threads"] if device["kind"] == "cpu" else None
        for _ in range(options.passes):
            measure(times, threads, profile.measured.get("clock", "wall"), device["kind"], profile.mode)
    write(options.output, compare(profile, times))
    return 0


def tell(what: str) -> None:
    """One line of progress."""
    print(what, file=sys.stderr)


def write(folder: Path, results: dict[str, Any]) -> None:
    """Write both forms of the results."""
    write_atomically(folder / "results.json", json.dumps(results, indent=2) + "\n")
    write_atomically(folder / "results.md", markdown(results))
    print(f"written: {folder}/results.json, {folder}/results.md")


if __name__ == "__main__":
    sys.exit(main())
