"""What holds the optimized networks: where a pass spends its time, by the profile of the runtime that `auto` takes.

For each network: milliseconds of a pass, of its convolutions and products of matrices, of everything else by kind, and
what the module around the runtime takes; the rate of the arithmetic beside that of a large product of matrices on this
machine, which is as fast as float32 gets. Convolutions alone are a bound for what passes can still gain.

    python benchmarks/inference/limits.py --batch 1
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from networks import NETWORKS, architecture, images

ROUNDS = 30
ARITHMETIC = ("conv", "matmul", "gemm", "fullyconnected", "deconvolution")
# Of those, how many kinds are named.
NAMED = 4


def milliseconds(run: Callable[[], Any]) -> float:
    """Median time of a pass."""
    for _ in range(3):
        run()
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run()
        taken.append(time.perf_counter() - started)
    return 1e3 * statistics.median(taken)


def product_rate() -> float:
    """Operations in a second of a large product of matrices."""
    import torch

    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    return 2 * 2048**3 / (milliseconds(lambda: torch.mm(a, b)) / 1e3)


def kinds_on_onnxruntime(model: bytes, given: list[Any], threads: int) -> dict[str, float]:
    """Milliseconds of a pass by kind of step."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.enable_profiling = True
        options.profile_file_prefix = f"{folder}/profile"
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        feed = {value.name: x for value, x in zip(session.get_inputs(), given, strict=True)}
        for _ in range(ROUNDS):
            session.run(None, feed)
        events = json.loads(Path(session.end_profiling()).read_text())
    found: Counter[str] = Counter()
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            found[event["args"]["op_name"]] += event["dur"]
    return {name: value / ROUNDS / 1e3 for name, value in found.items()}


def kinds_on_openvino(model: bytes, given: list[Any], threads: int) -> dict[str, float]:
    """Milliseconds of a pass by kind of step."""
    import openvino

    core: Any = openvino.Core()
    read: Any = core.read_model(model, b"")
    read.reshape({port: list(x.shape) for port, x in zip(read.inputs, given, strict=True)})
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "PERF_COUNT": True}
    settings["INFERENCE_PRECISION_HINT"] = "f32"
    request = core.compile_model(read, "CPU", settings).create_infer_request()
    found: Counter[str] = Counter()
    for number in range(ROUNDS + 3):
        request.infer(dict(enumerate(given)))
        if number >= 3:
            for step in request.get_profiling_info():
                found[step.node_type] += step.real_time.total_seconds() * 1e3
    return {name: value / ROUNDS for name, value in found.items() if value}


def row(name: str, batch: int, folder: Path, threads: int, rate: float) -> str:
    """A line of the table."""
    import torch

    import archdsl
    from archdsl.backends.onnx import to_model
    from archdsl.backends.torch.inference.engines import as_array
    from archdsl.backends.torch.inference.recipe import PIPELINES
    from archdsl.passes.optimization import optimize

    net = architecture(name)
    module: Any = archdsl.compile(net, mode="inference", weights=folder / f"{name}.safetensors", batch_size=batch)
    given = images(net, batch)
    tensors = [torch.from_numpy(x) for x in given]
    whole = milliseconds(lambda: module(*tensors))
    recipe = module.recipe(batch)
    if recipe.runtime == "torch":
        return f"| {name} | {recipe.runtime} | {whole:.2f} | | | | |"
    engine = module._engine(module.setting(batch))
    around = whole - milliseconds(lambda: engine(tensors))
    made = optimize(net.graph(), PIPELINES[recipe.pipeline])
    weights = made.weights.forward({key: as_array(tensor) for key, tensor in module.state_dict().items()})
    model = to_model(made.graph, weights, checked=False).SerializeToString()
    profiled = kinds_on_onnxruntime if recipe.runtime == "onnxruntime" else kinds_on_openvino
    kinds = profiled(model, given, threads)
    main = sum(value for kind, value in kinds.items() if any(part in kind.lower() for part in ARITHMETIC))
    rest = {kind: value for kind, value in kinds.items() if not any(part in kind.lower() for part in ARITHMETIC)}
    told = ", ".join(f"{kind} {value:.2f}" for kind, value in Counter(rest).most_common(NAMED))
    operations = 2 * batch * archdsl.cost(net).mult_adds
    reached = operations / (main / 1e3) / rate
    return f"| {name} | {recipe} | {whole:.2f} | {main:.2f} | {reached:.0%} | {told} | {1e3 * around:.0f} |"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=NETWORKS, choices=NETWORKS)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--given", type=Path, default=Path("runs/bench/inference/given"), help="as run.py makes it")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    rate = product_rate()
    print(f"products of matrices: {rate / 1e9:.0f} G operations in a second, {options.threads} threads\n")
    print(f"| batch {options.batch} | runs on | ms | arithmetic, ms | of that rate | other steps, ms | module, us |")
    print("| --- | --- | ---: | ---: | ---: | --- | ---: |")
    for name in options.networks:
        print(row(name, options.batch, options.given, options.threads, rate), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
