"""Everything about GPUs that waits for one, in one run: inference beside torch's own means, then training steps.

Inference: bfloat16 and float16, batches of 1 and 128; eager, eager channels last, eager as a CUDA graph, torch.compile
(default and max-autotune), `archdsl.compile(mode="inference")` by rule and with `optimize="measure"`. Contenders take
turns in one process, round by round; ratios are medians. Training: `benchmarks/training/run.py` on the same device.
Results are kept after each network, a run goes on where the last one stopped, and nothing new begins once `--minutes`
are over. (Not run on a GPU yet: there was none.)

    python benchmarks/gpu/run.py --minutes 13 --output runs/bench/gpu
    python benchmarks/gpu/run.py --device cpu --no-training --networks squeezenet1_1 --contenders eager archdsl
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "search"), str(ROOT / "benchmarks" / "inference")]

from networks import NETWORKS, architecture, images, plain_module  # noqa: E402

import archdsl  # noqa: E402
from archdsl.pipeline.files import write_atomically  # noqa: E402

Run = Callable[[], Any]
# The branchy ones first: they are what the project is about, and time may run out.
FIRST = ["nasnet_mobile", "googlenet", "resnet50", "mobilenet_v2", "densenet121", "inception_v3", "shufflenet_v2_x1_0"]
ORDER = [name for name in FIRST if name in NETWORKS] + [name for name in NETWORKS if name not in FIRST]
SAMPLE_SECONDS = 0.1


def eager(net: Any, module: nn.Module, x: Tensor) -> Run:
    """PyTorch as it is."""
    return lambda: module(x)


def channels_last(net: Any, module: nn.Module, x: Tensor) -> Run:
    """PyTorch with channels innermost."""
    module, x = module.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    return lambda: module(x)


def graphed(net: Any, module: nn.Module, x: Tensor) -> Run:
    """Eager channels last, recorded as a CUDA graph; inputs are copied in, outputs copied out."""
    run, given = channels_last(net, module, x), x.clone()
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    held = x.contiguous(memory_format=torch.channels_last)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        made = module(held)

    def replay() -> Any:
        held.copy_(given)
        graph.replay()
        return made.clone()

    return replay


def compiled(mode: str) -> Callable[[Any, nn.Module, Tensor], Run]:
    """torch.compile in a mode, channels last."""

    def ready(net: Any, module: nn.Module, x: Tensor) -> Run:
        made = torch.compile(module.to(memory_format=torch.channels_last), mode=mode, dynamic=False)
        given = x.contiguous(memory_format=torch.channels_last)
        return lambda: made(given)

    return ready


def ours(optimize: Any) -> Callable[[Any, nn.Module, Tensor], Run]:
    """`archdsl.compile`."""

    def ready(net: Any, module: nn.Module, x: Tensor) -> Run:
        options: dict[str, Any] = {"device": x.device, "dtype": x.dtype, "batch_size": len(x), "optimize": optimize}
        made = archdsl.compile(net, mode="inference", weights=module, **options)
        return lambda: made(x)

    return ready


CONTENDERS: dict[str, Callable[[Any, nn.Module, Tensor], Run]] = {
    "eager": eager,
    "channels-last": channels_last,
    "cuda-graph": graphed,
    "torch.compile": compiled("default"),
    "max-autotune": compiled("max-autotune"),
    "archdsl": ours(True),
    "archdsl-measure": ours("measure"),
}
OURS = ("archdsl", "archdsl-measure")


class Bench:
    """Contenders on one device until the time is over."""

    def __init__(self, device: str, minutes: float, rounds: int):
        self.device = torch.device(device)
        self.until = time.monotonic() + 60 * minutes
        self.rounds = rounds

    @property
    def is_over(self) -> bool:
        """Whether nothing new is to begin."""
        return time.monotonic() > self.until

    def row(self, name: str, dtype: str, batch: int, contenders: list[str]) -> dict[str, Any]:
        """One network in one type at one batch size."""
        net, kind = architecture(name), getattr(torch, dtype)
        plain = plain_module(net).requires_grad_(False)
        x = torch.from_numpy(images(net, batch)[0]).to(self.device)
        exact = _first(plain.to(self.device)(x)).float()
        found: dict[str, dict[str, Any]] = {}
        runs: dict[str, Run] = {}
        for each in contenders:
            if self.is_over:
                break
            found[each] = self.ready(each, net, x.to(kind), exact, runs)
        times: dict[str, list[float]] = {each: [] for each in runs}
        for _ in range(self.rounds):
            for each, run in runs.items():
                times[each].append(self.sample(run))
        for each, taken in times.items():
            found[each]["seconds"] = taken
        return {"network": name, "dtype": dtype, "batch": batch, "contenders": found}

    def ready(self, name: str, net: Any, x: Tensor, exact: Tensor, runs: dict[str, Run]) -> dict[str, Any]:
        """Get a contender ready: seconds until its first result, and how far that is off eager float32."""
        module = plain_module(net).requires_grad_(False).to(x.device, x.dtype)
        self.wait()
        started = time.perf_counter()
        try:
            run = CONTENDERS[name](net, module, x)
            first = _first(run()).float()
            self.wait()
        except Exception as error:  # said in the table; the others go on
            return {"error": f"{type(error).__name__}: {error}"[:300]}
        runs[name] = run
        off = float((first - exact).abs().max() / exact.abs().max())
        return {"ready": time.perf_counter() - started, "deviation": off}

    def sample(self, run: Run) -> float:
        """Seconds of a pass, over at least SAMPLE_SECONDS; the first passes of a turn aren't counted."""
        run()
        self.wait()
        started, done = time.perf_counter(), 0
        while time.perf_counter() - started < SAMPLE_SECONDS:
            for _ in range(5):
                run()
            self.wait()
            done += 5
        return (time.perf_counter() - started) / done

    def wait(self) -> None:
        """Until the device has done everything."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def _first(made: Any) -> Tensor:
    return made if isinstance(made, Tensor) else next(iter(made.values()))


def markdown(machine: str, rows: list[dict[str, Any]]) -> str:
    """All rows: milliseconds of each contender, and how many times as fast as the best peer archdsl is."""
    lines = [f"# Inference on a GPU\n\n{machine}\n"]
    lines += [f"| network | type | batch | {' | '.join(CONTENDERS)} | best peer / archdsl | ready, s | deviation |"]
    lines += ["|" + " --- |" * 2 + " ---: |" * (len(CONTENDERS) + 4)]
    gains = []
    for row in rows:
        found = {name: each for name, each in row["contenders"].items() if each.get("seconds")}
        ms = {name: f"{1000 * statistics.median(each['seconds']):.3f}" for name, each in found.items()}
        cells = [ms.get(name, "failed" if name in row["contenders"] else "") for name in CONTENDERS]
        peers = [name for name in found if name not in OURS]
        tail = ["", "", ""]
        if "archdsl" in found and peers:
            own = found["archdsl"]
            peer = min(peers, key=lambda name: statistics.median(found[name]["seconds"]))
            pairs = zip(found[peer]["seconds"], own["seconds"], strict=True)
            gains.append(statistics.median(theirs / mine for theirs, mine in pairs))
            tail = [f"{gains[-1]:.2f}x ({peer})", f"{own['ready']:.1f}", f"{own['deviation']:.0e}"]
        lines.append(f"| {row['network']} | {row['dtype']} | {row['batch']} | {' | '.join([*cells, *tail])} |")
    if gains:
        lines.append(f"\nGeometric mean over the best peer: {statistics.geometric_mean(gains):.3f}x.")
    for row in rows:
        for name, each in row["contenders"].items():
            if "error" in each:
                lines.append(f"\n{row['network']} {row['dtype']} {row['batch']}, {name}: {each['error']}")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=13)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=ORDER)
    parser.add_argument("--dtypes", nargs="+", default=["bfloat16", "float16"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 128])
    parser.add_argument("--contenders", nargs="+", choices=list(CONTENDERS), default=list(CONTENDERS))
    parser.add_argument("--no-training", action="store_true", help="inference alone")
    parser.add_argument("--output", type=Path, default=Path("runs/bench/gpu"))
    options = parser.parse_args()
    if options.device != "cpu" and not torch.cuda.is_available():
        print("there is no GPU here; --device cpu tries the script", file=sys.stderr)
        return 2
    if not options.no_training:  # first: it takes a minute or two
        sections = ["children", "torchvision"] + (["compile"] if options.minutes > 30 else [])
        script = [sys.executable, str(ROOT / "benchmarks/training/run.py"), "--device", options.device]
        script += ["--sections", *sections, "--output", str(options.output / "training")]
        subprocess.run(script, check=False)
    named = torch.cuda.get_device_name() if options.device != "cpu" else "CPU"
    machine = f"{named}, torch {torch.__version__}, Python {sys.version.split()[0]}"
    bench = Bench(options.device, options.minutes, options.rounds)
    path = options.output / "inference.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text())["rows"] if path.exists() else []
    done = {(row["network"], row["dtype"], row["batch"]) for row in rows}
    wanted = [(n, d, b) for d in options.dtypes for n in options.networks for b in options.batches]
    for name, dtype, batch in wanted:
        if bench.is_over:
            print("the time is over", file=sys.stderr)
            break
        if (name, dtype, batch) in done:
            continue
        with torch.no_grad():
            rows.append(bench.row(name, dtype, batch, options.contenders))
        torch.compiler.reset()
        write_atomically(path, json.dumps({"machine": machine, "rows": rows}, indent=2) + "\n")
        write_atomically(options.output / "inference.md", markdown(machine, rows))
        print(f"{name} {dtype} {batch}", file=sys.stderr)
    print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
