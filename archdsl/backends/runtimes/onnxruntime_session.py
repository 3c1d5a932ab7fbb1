"""ONNX Runtime on the CPU: sessions in memory, inputs and outputs where the caller has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from archdsl.backends.runtimes.session import Port, Threads
from archdsl.backends.runtimes.slices import Slices

ERRORS_ONLY = 3


class OnnxRuntimeSession:
    """A model in ONNX Runtime."""

    def __init__(self, model: bytes, threads: Threads, move_channels: bool = True):
        """`move_channels` lets it lay values out anew, channels last for integers."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        options.intra_op_num_threads = 1 if threads.slice_size else threads.number
        if not move_channels:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._inputs = [_port(value) for value in self._session.get_inputs()]
        self._outputs = [_port(value) for value in self._session.get_outputs()]
        # One for each caller at the same time; more are made when needed.
        self._bindings = [_Binding(self._session)]
        self._slices = Slices(threads, self._inputs, self._outputs, self._run) if threads.slice_size else None

    def run(self, samples: int, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """See `Session`."""
        if self._slices is not None:
            self._slices.run(samples, inputs, outputs)
        else:
            self._run(0, samples, inputs, outputs)

    def _run(self, _worker: int, samples: int, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        try:
            binding = self._bindings.pop()
        except IndexError:
            binding = _Binding(self._session)
        where = (samples, *inputs, *outputs)
        if binding.where != where:
            self._bind(binding, samples, inputs, outputs)
            binding.where = where
        self._session.run_with_iobinding(binding.runtimes)
        self._bindings.append(binding)

    def _bind(self, binding: _Binding, samples: int, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        for port, x in zip(self._inputs, inputs, strict=True):
            binding.runtimes.bind_input(port.name, "cpu", 0, port.kind, (samples, *port.shape), x)
        for port, y in zip(self._outputs, outputs, strict=True):
            binding.runtimes.bind_output(port.name, "cpu", 0, port.kind, (samples, *port.shape), y)


class _Binding:
    """ONNX Runtime's own, and which addresses it has: callers often come with those of the last call."""

    def __init__(self, session: Any):
        self.runtimes: Any = session.io_binding()
        self.where: tuple[int, ...] = ()


def _port(value: Any) -> Port:
    return Port(value.name, np.int64 if value.type == "tensor(int64)" else np.float32, tuple(value.shape[1:]))
