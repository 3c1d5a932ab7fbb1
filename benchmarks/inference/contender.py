"""One contender in its own process: reads commands as lines of JSON, answers each with one.

`{"load": "resnet50", "batch": 1, "weights": FILE}` gets the network ready and gives the seconds that took and the
outputs' deviation from FILE's; `{"measure": 0.3}` runs it for so many seconds and gives the median time of a pass.

Every contender gets the plain module with the same weights: torch and its compiler as it is, ONNX Runtime and OpenVINO
through torch's own ONNX exporter with fixed sizes, archdsl through `archdsl.compile`.
"""

from __future__ import annotations

import gc
import io
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from networks import architecture, images, plain_module

THREADS = 2
Run = Callable[[], Any]


def eager(net: Any, module: Any, given: list[Any]) -> Run:
    """PyTorch as it is."""
    return _torch_run(module, _tensors(given))


def eager_channels_last(net: Any, module: Any, given: list[Any]) -> Run:
    """PyTorch with channels innermost."""
    import torch

    layout = torch.channels_last
    return _torch_run(module.to(memory_format=layout), [x.to(memory_format=layout) for x in _tensors(given)])


def compiled(net: Any, module: Any, given: list[Any]) -> Run:
    """torch.compile with its defaults."""
    import torch

    return _torch_run(torch.compile(module), _tensors(given))


def compiled_frozen(net: Any, module: Any, given: list[Any]) -> Run:
    """torch.compile with frozen weights, which lets it fold batch norms and lay weights out."""
    import torch
    import torch._inductor.config as config

    config.freezing = True
    return _torch_run(torch.compile(module), _tensors(given))


def onnxruntime(net: Any, module: Any, given: list[Any]) -> Run:
    """ONNX Runtime on torch's own export."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(_exported(module, given), options, providers=["CPUExecutionProvider"])
    feed = dict(zip([value.name for value in session.get_inputs()], given, strict=True))
    return lambda: session.run(None, feed)[0]


def openvino(net: Any, module: Any, given: list[Any]) -> Run:
    """OpenVINO on torch's own export, float32, for latency."""
    import openvino

    core = openvino.Core()
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": THREADS,
        "INFERENCE_PRECISION_HINT": "f32",
    }
    request = core.compile_model(core.read_model(_exported(module, given), b""), "CPU", settings).create_infer_request()
    return lambda: request.infer(dict(enumerate(given)), share_inputs=True)[0]


def archdsl_with(**options: Any) -> Callable[[Any, Any, list[Any]], Run]:
    """`archdsl.compile(mode="inference")` with some options."""

    def prepare(net: Any, module: Any, given: list[Any]) -> Run:
        import archdsl

        made = archdsl.compile(net, mode="inference", weights=module, batch_size=len(given[0]), **options)
        tensors = _tensors(given)
        return lambda: made(*tensors)

    return prepare


CONTENDERS: dict[str, Callable[[Any, Any, list[Any]], Run]] = {
    "eager": eager,
    "eager-channels-last": eager_channels_last,
    "torch.compile": compiled,
    "torch.compile-frozen": compiled_frozen,
    "onnxruntime": onnxruntime,
    "openvino": openvino,
    "archdsl": archdsl_with(),
    "archdsl-measure": archdsl_with(optimize="measure"),
    "archdsl-torch": archdsl_with(runtime="torch"),
    "archdsl-onnxruntime": archdsl_with(runtime="onnxruntime"),
    "archdsl-openvino": archdsl_with(runtime="openvino"),
}


def _tensors(given: list[Any]) -> list[Any]:
    import torch

    return [torch.from_numpy(x) for x in given]


def _torch_run(module: Any, tensors: list[Any]) -> Run:
    import torch

    def run() -> Any:
        with torch.inference_mode():
            return module(*tensors)

    return run


def _exported(module: Any, given: list[Any]) -> bytes:
    import torch

    program = torch.onnx.export(module, tuple(_tensors(given)), dynamo=True, verbose=False)
    buffer = io.BytesIO()
    program.save(buffer)
    return buffer.getvalue()


class Contender:
    """One network at a time."""

    def __init__(self, name: str):
        import torch

        torch.set_num_threads(THREADS)
        self._prepare = CONTENDERS[name]
        self._run: Run | None = None

    def load(self, network: str, batch_size: int, expected: str) -> dict[str, float]:
        """Get a network ready: seconds from the call with the plain module to the first result."""
        import numpy as np

        self._run = None
        gc.collect()
        net = architecture(network)
        module, given = plain_module(net), images(net, batch_size)
        started = time.perf_counter()
        self._run = self._prepare(net, module, given)
        first = self._run()
        ready = time.perf_counter() - started
        found = np.asarray(next(iter(first.values())) if isinstance(first, dict) else first)
        file = Path(expected)
        if not file.exists():
            np.save(file, found)
        wanted = np.load(file)
        return {"ready": ready, "deviation": float(np.abs(found - wanted).max() / np.abs(wanted).max())}

    def measure(self, seconds: float) -> dict[str, float]:
        """Median seconds of a pass; the first passes after another contender's turn aren't counted."""
        assert self._run is not None
        for _ in range(2):
            self._run()
        times: list[float] = []
        until = time.perf_counter() + seconds
        while len(times) < 3 or time.perf_counter() < until:
            started = time.perf_counter()
            self._run()
            times.append(time.perf_counter() - started)
        return {"median": statistics.median(times)}


def main() -> int:
    """Answer commands until the input ends."""
    warnings.simplefilter("ignore")
    contender = Contender(sys.argv[1])
    answers = sys.stdout
    sys.stdout = sys.stderr  # exporters talk
    for line in sys.stdin:
        command: dict[str, Any] = json.loads(line)
        try:
            if "load" in command:
                answer: dict[str, Any] = contender.load(command["load"], command["batch"], command["expected"])
            else:
                answer = contender.measure(command["measure"])
        except Exception as error:  # said in the table; the others go on
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
