"""ONNX Runtime on the CPU: sessions in memory, inputs and outputs where the caller has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archdsl.backends.runtimes.session import Array, Threads
from archdsl.backends.runtimes.slices import Slices

ERRORS_ONLY = 3


class OnnxRuntimeSession:
    """A model in ONNX Runtime."""

    def __init__(self, model: bytes, threads: Threads, move_channels: bool = True):
        """`move_channels` lets it lay values out anew, channels last for integers."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        options.intra_op_num_threads = 1 if threads.split else threads.number
        if not move_channels:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._inputs = [(value.name, value.type) for value in self._session.get_inputs()]
        self._outputs = [value.name for value in self._session.get_outputs()]
        self._slices = Slices(threads.number, lambda _, x, y: self._run(x, y)) if threads.split else None

    def run(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        """See `Session`."""
        if self._slices is not None and len(outputs[0]) > 1:
            self._slices.run(inputs, outputs)
        else:
            self._run(inputs, outputs)

    def _run(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        binding = self._session.io_binding()
        for (name, _), x in zip(self._inputs, inputs, strict=True):
            binding.bind_input(name, "cpu", 0, x.dtype, x.shape, x.ctypes.data)
        for name, y in zip(self._outputs, outputs, strict=True):
            binding.bind_output(name, "cpu", 0, y.dtype, y.shape, y.ctypes.data)
        self._session.run_with_iobinding(binding)
