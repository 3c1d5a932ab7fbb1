"""OpenVINO on the CPU: models compiled in memory for one batch size, inputs and outputs where the caller has them."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from archdsl.backends.runtimes.session import Array, Port, Threads
from archdsl.backends.runtimes.slices import Slices

PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}


class OpenVinoSession:
    """A model in OpenVINO. Sizes are fixed, since its kernels are chosen for them."""

    def __init__(self, model: bytes, batch_size: int, threads: Threads, dtype: str = "float32"):
        import openvino

        core: Any = openvino.Core()
        read: Any = core.read_model(model, b"")
        samples = threads.slice_size or batch_size
        read.reshape({port: [samples, *list(port.get_partial_shape())[1:]] for port in read.inputs})
        workers = threads.number if threads.slice_size else 1
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads.number,
            "INFERENCE_PRECISION_HINT": PRECISIONS[dtype],
            "NUM_STREAMS": workers,
        }
        self._tensor: Any = openvino.Tensor
        self._compiled: Any = core.compile_model(read, "CPU", settings)
        self._inputs = [_port(port) for port in self._compiled.inputs]
        self._outputs = [_port(port) for port in self._compiled.outputs]
        # A request holds the state of one run: one for each worker, and one caller at a time.
        self._requests = [_Request(self._compiled.create_infer_request()) for _ in range(workers)]
        self._lock = threading.Lock()
        self._slices = Slices(threads, self._inputs, self._outputs, self._run) if threads.slice_size else None

    def run(self, samples: int, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """See `Session`. The batch size is the one it was made for, unless samples are shared out."""
        with self._lock:
            if self._slices is not None:
                self._slices.run(samples, inputs, outputs)
            else:
                self._run(0, samples, inputs, outputs)

    def _run(self, worker: int, samples: int, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        request = self._requests[worker]
        where = (samples, *inputs, *outputs)
        if request.where != where:
            for i, (port, x) in enumerate(zip(self._inputs, inputs, strict=True)):
                request.runtimes.set_input_tensor(i, self._tensor(_array(port, samples, x), shared_memory=True))
            for i, (port, y) in enumerate(zip(self._outputs, outputs, strict=True)):
                request.runtimes.set_output_tensor(i, self._tensor(_array(port, samples, y), shared_memory=True))
            request.where = where
        request.runtimes.infer(share_outputs=True)


class _Request:
    """OpenVINO's own, and which addresses it has: callers often come with those of the last call."""

    def __init__(self, request: Any):
        self.runtimes = request
        self.where: tuple[int, ...] = ()


def _port(port: Any) -> Port:
    kind = np.int64 if port.get_element_type().to_string() == "i64" else np.float32
    return Port(port.get_any_name(), kind, tuple(port.get_shape())[1:])


def _array(port: Port, samples: int, address: int) -> Array:
    """The memory as OpenVINO's interface wants it."""
    memory = (ctypes.c_uint8 * (samples * port.sample_bytes)).from_address(address)
    array: Array = np.frombuffer(memoryview(memory), port.kind).reshape(samples, *port.shape)
    return array
