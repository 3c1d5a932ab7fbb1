"""One contender in its own process: reads commands as lines of JSON, answers each with one.

`{"load": "resnet50", "batch": 1, "folder": DIR}` gets the network ready and gives the seconds that took and how far the
outputs are from eager torch's; `{"measure": 0.3}` runs it for so many seconds and gives the median time of a pass.

Every contender gets the same weights: torch and its compiler in the plain module, ONNX Runtime and OpenVINO in the file
that torch's own ONNX exporter made of it with fixed sizes, archdsl in a state dict. DIR holds what `prepare` made.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from networks import architecture, images, module_with, prepare

THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 2
# Processor time tells the truth on a loaded machine too, as long as one thread computes and nobody waits.
CLOCK = time.process_time if sys.argv[3:] == ["cpu"] else time.perf_counter
Run = Callable[[], Any]


class Material(NamedTuple):
    """What a contender is given: the architecture, the plain module, the exported file, the inputs."""

    net: Any
    module: Any
    exported: Path
    images: list[Any]


def eager(given: Material) -> Run:
    """PyTorch as it is."""
    return _torch_run(given.module, given.images)


def eager_channels_last(given: Material) -> Run:
    """PyTorch with channels innermost."""
    import torch

    layout = torch.channels_last
    return _torch_run(given.module.to(memory_format=layout), given.images, layout)


def compiled(given: Material) -> Run:
    """torch.compile with its defaults."""
    import torch

    return _torch_run(torch.compile(given.module), given.images)


def compiled_frozen(given: Material) -> Run:
    """torch.compile with frozen weights, which lets it fold batch norms and lay weights out."""
    import torch
    import torch._inductor.config as config

    config.freezing = True
    return _torch_run(torch.compile(given.module), given.images)


def onnxruntime(given: Material) -> Run:
    """ONNX Runtime on torch's own export."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(given.exported), options, providers=["CPUExecutionProvider"])
    feed = dict(zip([value.name for value in session.get_inputs()], given.images, strict=True))
    return lambda: session.run(None, feed)[0]


def openvino(given: Material) -> Run:
    """OpenVINO on torch's own export, float32, for latency."""
    import openvino

    core = openvino.Core()
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": THREADS,
        "INFERENCE_PRECISION_HINT": "f32",
    }
    request = core.compile_model(str(given.exported), "CPU", settings).create_infer_request()
    feed = dict(enumerate(given.images))
    return lambda: request.infer(feed, share_inputs=True)[0]


def archdsl_with(**options: Any) -> Callable[[Material], Run]:
    """`archdsl.compile(mode="inference")` with some options."""

    def ready(given: Material) -> Run:
        import torch

        import archdsl

        state, batch = given.module.state_dict(), len(given.images[0])
        made = archdsl.compile(given.net, mode="inference", weights=state, batch_size=batch, **options)
        tensors = [torch.from_numpy(x) for x in given.images]
        return lambda: made(*tensors)

    return ready


CONTENDERS: dict[str, Callable[[Material], Run]] = {
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


def _torch_run(module: Any, images: list[Any], layout: Any = None) -> Run:
    import torch

    tensors = [torch.from_numpy(x).to(memory_format=layout or torch.contiguous_format) for x in images]

    def run() -> Any:
        with torch.inference_mode():
            return module(*tensors)

    return run


class Contender:
    """One network at a time."""

    def __init__(self, name: str):
        import torch

        torch.set_num_threads(THREADS)
        self._ready = CONTENDERS[name]
        self._run: Run | None = None

    def load(self, network: str, batch: int, folder: str) -> dict[str, float]:
        """Get a network ready: seconds from the call with the weights to the first result."""
        import numpy as np

        self._run = None
        gc.collect()
        net, place = architecture(network), Path(folder)
        exported = place / f"{network}-{batch}.onnx"
        given = Material(net, module_with(net, place / f"{network}.safetensors"), exported, images(net, batch))
        started = time.perf_counter()
        self._run = self._ready(given)
        first = self._run()
        ready = time.perf_counter() - started
        found = np.asarray(next(iter(first.values())) if isinstance(first, dict) else first)
        wanted = np.load(place / f"{network}-{batch}.npy")
        return {"ready": ready, "deviation": float(np.abs(found - wanted).max() / np.abs(wanted).max())}

    def measure(self, seconds: float) -> dict[str, float]:
        """Median seconds of a pass; the first passes after another contender's turn aren't counted."""
        assert self._run is not None
        for _ in range(2):
            self._run()
        times: list[float] = []
        until = CLOCK() + seconds
        while len(times) < 3 or CLOCK() < until:
            started = CLOCK()
            self._run()
            times.append(CLOCK() - started)
        return {"median": statistics.median(times)}


def main() -> int:
    """Answer commands until the input ends."""
    warnings.simplefilter("ignore")
    contender = Contender(sys.argv[1]) if sys.argv[1] != "prepare" else None
    answers = sys.stdout
    sys.stdout = sys.stderr  # exporters talk
    for line in sys.stdin:
        command: dict[str, Any] = json.loads(line)
        try:
            answer: dict[str, Any] = {}
            if contender is None:
                prepare(command["load"], command["batch"], Path(command["folder"]))
            elif "load" in command:
                answer = contender.load(command["load"], command["batch"], command["folder"])
            else:
                answer = contender.measure(command["measure"])
        except Exception as error:  # said in the table; the others go on
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
