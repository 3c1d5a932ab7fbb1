"""OpenVINO on the CPU: models compiled in memory for one batch size, inputs and outputs where the caller has them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from archdsl.backends.runtimes.session import Array, Threads
from archdsl.backends.runtimes.slices import Slices

PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}


class OpenVinoSession:
    """A model in OpenVINO. Sizes are fixed, since its kernels are chosen for them."""

    def __init__(self, model: bytes, batch_size: int, threads: Threads, dtype: str = "float32"):
        import openvino

        core: Any = openvino.Core()
        read: Any = core.read_model(model, b"")
        samples = 1 if threads.split else batch_size
        read.reshape({port: [samples, *list(port.get_partial_shape())[1:]] for port in read.inputs})
        workers = threads.number if threads.split else 1
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads.number,
            "INFERENCE_PRECISION_HINT": PRECISIONS[dtype],
            "NUM_STREAMS": workers,
        }
        self._tensor: Any = openvino.Tensor
        self._compiled: Any = core.compile_model(read, "CPU", settings)
        # A request holds the state of one run: one for each worker, and one caller at a time.
        self._requests = [self._compiled.create_infer_request() for _ in range(workers)]
        self._lock = threading.Lock()
        self._slices = Slices(workers, self._run) if threads.split else None

    def run(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        """See `Session`. The batch size is the one it was made for, unless samples are shared out."""
        with self._lock:
            if self._slices is not None:
                self._slices.run(inputs, outputs)
            else:
                self._run(0, inputs, outputs)

    def _run(self, worker: int, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        request = self._requests[worker]
        for i, x in enumerate(inputs):
            request.set_input_tensor(i, self._tensor(x, shared_memory=True))
        for i, y in enumerate(outputs):
            request.set_output_tensor(i, self._tensor(y, shared_memory=True))
        request.infer()
