"""A network in 8-bit integers behind the interface of a module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.backends.runtimes.onnxruntime_session import OnnxRuntimeSession
from archdsl.backends.runtimes.quantization import quantized
from archdsl.backends.runtimes.session import Array, Session, Threads
from archdsl.backends.torch.inference.foreign import new_outputs, run_lent
from archdsl.backends.torch.inference.inputs import checked, ordered
from archdsl.ir.graph import Graph
from archdsl.ir.text import parse_graph, print_graph
from archdsl.passes.optimization import optimize

CPU = torch.device("cpu")
# Samples that calibration runs at once: more would only take memory.
CALIBRATION_BATCH = 16


class QuantizedNetwork(nn.Module):
    """A network in 8-bit integers on ONNX Runtime; inputs and outputs are float32 on the CPU.

    It has no weights that could be trained, moved or loaded: those are in `model`.

    Attributes:
        model: the serialized ONNX model.
    """

    def __init__(self, graph: Graph, model: bytes, move_channels: bool = True):
        super().__init__()
        self.model = model
        self._move_channels = move_channels
        self._graph = graph
        self._session: Session | None = None
        self._threads = 0
        self.eval()

    def forward(self, *inputs: Tensor, **named: Tensor) -> Tensor | dict[str, Tensor]:
        """As of the float32 module.

        Raises:
            TypeError, ValueError: naming the input that doesn't fit.
            RuntimeError: if gradients are asked for.
        """
        if named:
            inputs = ordered(self._graph, inputs, named)
        n = checked(self._graph, inputs, CPU, torch.float32)
        if torch.is_grad_enabled() and any(x.requires_grad for x in inputs):
            raise RuntimeError("a network in 8-bit integers has no gradients: train it in floats and quantize it then")
        made = new_outputs([value.type for value in self._graph.outputs.values()], n)
        if n:
            run_lent(self._running(), [x.contiguous() for x in inputs], made)
        return made[0] if len(made) == 1 else dict(zip(self._graph.outputs, made, strict=True))

    def train(self, mode: bool = True) -> QuantizedNetwork:
        """Only eval mode.

        Raises:
            RuntimeError: in train mode.
        """
        if mode:
            raise RuntimeError("a network in 8-bit integers can't be trained: train it in floats and quantize it then")
        super().train(False)
        return self

    def _apply(self, fn: Any, recurse: bool = True) -> QuantizedNetwork:
        probe = fn(torch.empty(0))
        if probe.dtype is not torch.float32 or probe.device.type != "cpu":
            raise RuntimeError("a network in 8-bit integers reads and gives float32 on the CPU; it can't be moved")
        return self

    def _running(self) -> Session:
        threads = torch.get_num_threads()
        if self._session is None or threads != self._threads:
            self._session = OnnxRuntimeSession(self.model, Threads(threads), self._move_channels)
            self._threads = threads
        return self._session

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_graph": print_graph(self._graph), "_session": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._graph = parse_graph(state["_graph"])


def quantized_network(
    graph: Graph, state: Mapping[str, Array], samples: Sequence[Array], name: str = ""
) -> QuantizedNetwork:
    """Quantize a network: passes fold its batch norms, calibration runs over the samples.

    Args:
        graph: the inference form.
        state: its weights.
        samples: an array [M, ...] for each input.
        name: name of the ONNX graph.
    """
    from archdsl.backends.onnx import to_model

    made = optimize(graph)
    model = to_model(made.graph, made.weights.forward(state), name=name, checked=False).SerializeToString()
    starts = range(0, len(samples[0]), CALIBRATION_BATCH)
    pairs = list(zip(graph.inputs, samples, strict=True))
    parts = [{key: array[i : i + CALIBRATION_BATCH] for key, array in pairs} for i in starts]
    integers = quantized(model, parts)
    tested = [torch.from_numpy(part) for part in parts[0].values()]
    return QuantizedNetwork(graph, integers, _can_move_channels(graph, integers, tested))


def _can_move_channels(graph: Graph, model: bytes, inputs: Sequence[Tensor]) -> bool:
    """Whether ONNX Runtime's own change of layout leaves the network as it is.

    It is faster, but ONNX Runtime 1.32 then fails on some networks (a concat and a shuffle behind quantized
    convolutions).
    """
    kept = _outputs(QuantizedNetwork(graph, model, move_channels=False)(*inputs))
    try:
        moved = _outputs(QuantizedNetwork(graph, model)(*inputs))
    except Exception:  # whatever it raises, the answer is no
        return False
    # Sums of integers may be rounded differently, by a step or two of 255.
    return all(float((a - b).abs().max()) <= 0.03 * float(b.abs().max()) for a, b in zip(moved, kept, strict=True))


def _outputs(made: Tensor | dict[str, Tensor]) -> list[Tensor]:
    return [made] if isinstance(made, Tensor) else list(made.values())
