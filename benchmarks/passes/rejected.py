"""Rewritings that no pass does, because they don't pay: each beside what stands now, on ONNX Runtime and OpenVINO.

- `sum`: two separable convolutions that are added, beside one 1x1 convolution of the joined depthwise results.
- `twins`: the same of one value, beside one depthwise convolution with two results per channel (the smaller window in
  zeros) and one 1x1 convolution.
- `width`: four separable convolutions of a width that is no multiple of 16, beside the next multiple.

Neither side goes through a pass. Medians over rounds in turn, batch 1. Prints lines of Markdown.

    python benchmarks/passes/rejected.py --threads 2
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import archdsl
from archdsl.backends.onnx import to_model
from archdsl.backends.runtimes.opening import open_session
from archdsl.backends.runtimes.session import FOREIGN, Session, Threads

DEPTHWISE = "conv2d: {{out_channels: {c}, kernel_size: {k}, padding: half, groups: {g}}}"
POINTWISE = "conv2d: {{out_channels: {c}, kernel_size: 1}}"


def separable(width: int, kernel: int, source: str = "", name: str = "") -> str:
    """Two steps: depthwise and 1x1; `width` channels before and behind."""
    first = "  - " + DEPTHWISE.format(c=width, k=kernel, g=width) + (f"\n    from: {source}" if source else "")
    return first + "\n  - " + POINTWISE.format(c=width) + (f"\n    name: {name}" if name else "") + "\n"


def summed(width: int, one: str, other: str) -> tuple[str, str]:
    """Separable convolutions of two values (or of one value), added; and one 1x1 convolution of both."""
    before = (
        separable(width, 5, one, "p") + separable(width, 3, other, "q") + "  - add:\n    from: [p, q]\n    name: y\n"
    )
    after = "".join(
        "  - " + DEPTHWISE.format(c=width, k=kernel, g=width) + f"\n    from: {source}\n    name: {name}\n"
        for kernel, source, name in ((5, one, "p"), (3, other, "q"))
    )
    return before, after + "  - concat:\n    from: [p, q]\n  - " + POINTWISE.format(c=width) + "\n    name: y\n"


def twins(width: int) -> tuple[str, str]:
    """One value read by both: a depthwise convolution with two results per channel."""
    after = "  - " + DEPTHWISE.format(c=2 * width, k=5, g=width) + "\n    from: a\n  - " + POINTWISE.format(c=width)
    return summed(width, "a", "a")[0], after + "\n    name: y\n"


def widths(width: int, wider: int) -> tuple[str, str]:
    """A chain, entered and left by 1x1 convolutions."""

    def chain(inner: int) -> str:
        body = "".join(separable(inner, 3) + "  - relu\n" for _ in range(4))
        head = "  - " + POINTWISE.format(c=inner) + "\n    from: a\n"
        return head + body + "  - " + POINTWISE.format(c=width) + "\n    name: y\n"

    return chain(width), chain(wider)


CASES = {
    "sum, 44 channels of 28x28": (44, 28, summed(44, "a", "b")),
    "sum, 88 channels of 14x14": (88, 14, summed(88, "a", "b")),
    "sum, 176 channels of 7x7": (176, 7, summed(176, "a", "b")),
    "twins, 44 channels of 28x28": (44, 28, twins(44)),
    "twins, 88 channels of 14x14": (88, 14, twins(88)),
    "width 22 as 32, 56x56": (22, 56, widths(22, 32)),
    "width 44 as 48, 28x28": (44, 28, widths(44, 48)),
    "width 88 as 96, 14x14": (88, 14, widths(88, 96)),
}


def session(body: str, channels: int, side: int, runtime: Any, threads: int, folder: Path) -> Session:
    """The network of these steps as it is written."""
    names = ["a", "b"] if "from: b" in body else ["a"]
    inputs = ", ".join(f"{name}: [{channels}, {side}, {side}]" for name in names)
    path = folder / "net.yaml"
    path.write_text(f"archdsl: 1\nname: net\ninputs: {{{inputs}}}\ngraph:\n{body}outputs: [y]\n")
    net = archdsl.load(path)
    state = archdsl.compile(net, "inference", optimize=False).state_dict()
    weights = {key: tensor.numpy() for key, tensor in state.items()}
    return open_session(runtime, to_model(net.graph(), weights).SerializeToString(), 1, Threads(threads))


def measured(pair: tuple[Session, ...], inputs: list[list[int]], output: int, rounds: int) -> tuple[list[float], float]:
    """Median milliseconds of both, and the median of their ratios."""
    times: list[list[float]] = [[], []]
    for _ in range(rounds):
        for taken, each, given in zip(times, pair, inputs, strict=True):
            for _ in range(3):
                each.run(1, given, [output])
            started = time.perf_counter()
            for _ in range(30):
                each.run(1, given, [output])
            taken.append((time.perf_counter() - started) / 30)
    ratio = statistics.median(before / after for before, after in zip(*times, strict=True))
    return [1000 * statistics.median(taken) for taken in times], ratio


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    print("| | runtime | now, ms | rewritten, ms | times as fast |\n| --- | --- | ---: | ---: | ---: |")
    with TemporaryDirectory() as folder:
        for name, (channels, side, bodies) in CASES.items():
            value = random.normal(0, 1, (1, channels, side, side)).astype(np.float32)
            made = np.empty_like(value)
            for runtime in FOREIGN:
                pair = tuple(session(b, channels, side, runtime, options.threads, Path(folder)) for b in bodies)
                inputs = [[value.ctypes.data] * (2 if "from: b" in body else 1) for body in bodies]
                (before, after), ratio = measured(pair, inputs, made.ctypes.data, options.rounds)
                print(f"| {name} | {runtime} | {before:.3f} | {after:.3f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
