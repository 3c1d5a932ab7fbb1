"""The engine for every device and floating-point type: the optimized graph as a module, channels last.

On a GPU the first call for a batch size records a CUDA graph, which later calls replay: one launch for the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from archdsl.backends.runtimes.session import Array, UnfitError
from archdsl.backends.torch.inference.recipe import Setting
from archdsl.backends.torch.loading import build_module
from archdsl.ir.graph import Graph

WARM_PASSES = 3


class GenericEngine:
    """A module made of the optimized graph."""

    def __init__(self, graph: Graph, weights: Mapping[str, Array], setting: Setting, compiled: bool = False):
        """`compiled` has torch.compile write kernels for it, in the first call."""
        with torch.device("meta"):
            module = build_module(graph)
        state = {key: torch.from_numpy(array) for key, array in weights.items()}
        module.load_state_dict(state, assign=True)  # not copied into float32
        module = module.eval().to(device=setting.device, dtype=setting.dtype)
        for weight in module.parameters():
            weight.data = channels_last(weight.data)
        self._module = module.requires_grad_(False)
        if compiled:
            self._module.compile(dynamic=False)
        self._compiles = compiled  # until the first call has gone well
        self._names = list(graph.outputs)
        self._graphed: _Recorded | None = None
        self._records = setting.device.type == "cuda"

    def __call__(self, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        """See `Engine`."""
        # What is recorded is written to in later calls, which tensors made in inference mode allow only there.
        with torch.inference_mode(False), torch.no_grad():
            given = [channels_last(x) for x in inputs]
            if self._compiles:
                self._compile(given)
            if not self._records:
                return self._run(given)
            with torch.cuda.device(inputs[0].device):
                if self._graphed is None:
                    self._graphed = _Recorded(self._run, given)
                return self._graphed(given)

    def _compile(self, inputs: Sequence[Tensor]) -> None:
        """Call it once, outside of recordings.

        Raises:
            UnfitError: if torch.compile doesn't take the network, or has no compiler here.
        """
        try:
            self._run(inputs)
        except Exception as error:  # torch.compile raises errors of every kind
            raise UnfitError(
                f"torch.compile does not take this network: {' '.join(str(error).split())[:300]}"
            ) from error
        self._compiles = False

    def _run(self, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        made = self._module(*inputs)
        return [made[name] for name in self._names] if isinstance(made, dict) else [made]


class _Recorded:
    """A run recorded as a CUDA graph, with inputs and outputs in fixed places. (Never run: there was no GPU.)"""

    def __init__(self, run: Callable[[Sequence[Tensor]], Sequence[Tensor]], inputs: Sequence[Tensor]):
        self._inputs: list[Tensor] = [torch.empty_like(x) for x in inputs]
        self._copy_in(inputs)
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_PASSES):  # libraries choose kernels and take memory, which a recording may not
                run(self._inputs)
        torch.cuda.current_stream().wait_stream(stream)
        self._graph: torch.cuda.CUDAGraph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._outputs: Sequence[Tensor] = run(self._inputs)

    def __call__(self, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        self._copy_in(inputs)
        self._graph.replay()
        return [y.clone() for y in self._outputs]  # the next replay writes over them

    def _copy_in(self, inputs: Sequence[Tensor]) -> None:
        for place, x in zip(self._inputs, inputs, strict=True):
            place.copy_(x)


def channels_last(x: Tensor) -> Tensor:
    """Images [N, C, H, W] with the channels innermost in memory; anything else as it is."""
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x
