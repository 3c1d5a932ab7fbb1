"""Forms of a network on one runtime, in a process of its own: answers commands, a line of JSON each.

{"load": network, "form": name, "without": [passes] or null, "splits": bool, "batch": n} makes one ready; {"measure": n,
"form": name} times n forward passes. With one thread it is processor time that counts: other programs disturb it less.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

import archdsl
from archdsl.ir.graph import Graph
from archdsl.passes.optimization import EVERY, FEWEST, optimize, pipeline
from archdsl.passes.weights import keys_of

THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 2
CLOCK = time.process_time if THREADS == 1 else time.perf_counter
Arrays = dict[str, "np.ndarray[Any, Any]"]


def main() -> None:
    """Read commands until the input ends."""
    runtime = RUNTIMES[sys.argv[1]]
    runs: dict[str, Callable[[], Any]] = {}
    for line in sys.stdin:
        command = json.loads(line)
        if "load" in command:
            graph, state = form(command["load"], command["without"], command["splits"])
            run = runs[command["form"]] = runtime(graph, state, inputs(graph, command["batch"]))
            for _ in range(3):
                run()
            answer: dict[str, Any] = {"operators": len(graph.nodes)}
        else:
            answer = {"seconds": timed(runs[command["form"]], command["measure"])}
        print(json.dumps(answer), flush=True)


def form(network: str, without: list[str] | None, splits: bool = False) -> tuple[Graph, Arrays]:
    """The graph as written (None), or optimized without some passes; and random weights.

    `splits` merges siblings even where the result must be split.
    """
    graph = archdsl.load(network).graph()
    rng = np.random.default_rng(0)
    state: Arrays = {}
    for key, spec in keys_of(graph).items():
        if spec.dtype == "int64":
            state[key] = np.zeros(spec.shape, np.int64)
        elif len(spec.shape) > 1:
            state[key] = rng.normal(0, (2 / np.prod(spec.shape[1:])) ** 0.5, spec.shape).astype(np.float32)
        else:
            state[key] = rng.uniform(0.5, 1.5, spec.shape).astype(np.float32)
    if without is None:
        return graph, state
    made = optimize(graph, pipeline(without=without, groups=FEWEST if splits else EVERY))
    return made.graph, made.weights.forward(state)


def inputs(graph: Graph, batch: int) -> Arrays:
    """Random images."""
    rng = np.random.default_rng(1)
    return {name: rng.normal(size=(batch, *v.type.shape)).astype(np.float32) for name, v in graph.inputs.items()}


def onnxruntime(graph: Graph, state: Arrays, given: Arrays) -> Callable[[], Any]:
    """ONNX Runtime's CPU provider with its own optimizations."""
    import onnxruntime

    from archdsl.backends.onnx import to_model

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    model = to_model(graph, state).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, given)


def openvino(graph: Graph, state: Arrays, given: Arrays) -> Callable[[], Any]:
    """OpenVINO on the CPU, in float32, one stream."""
    import openvino

    from archdsl.backends.onnx import to_model

    core = openvino.Core()
    model = core.read_model(to_model(graph, state).SerializeToString(), b"")
    settings = {"INFERENCE_NUM_THREADS": THREADS, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    return lambda: request.infer(given)


def torch(graph: Graph, state: Arrays, given: Arrays) -> Callable[[], Any]:
    """The graph as a plain module of torch, channels last."""
    import torch

    from archdsl.backends.torch import build_module

    torch.set_num_threads(THREADS)
    module = build_module(graph).eval()
    module.load_state_dict({key: torch.from_numpy(array) for key, array in state.items()})
    module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    tensors = [torch.from_numpy(array) for array in given.values()]

    def run() -> None:
        with torch.inference_mode():
            module(*tensors)

    return run


def timed(run: Callable[[], Any], times: int) -> list[float]:
    """Seconds of so many forward passes."""
    found = []
    run()  # wakes the threads up
    for _ in range(times):
        started = CLOCK()
        run()
        found.append(CLOCK() - started)
    return found


RUNTIMES: dict[str, Callable[[Graph, Arrays, Arrays], Callable[[], Any]]] = {
    "onnxruntime": onnxruntime,
    "openvino": openvino,
    "torch": torch,
}

if __name__ == "__main__":
    main()
