"""Engines of ONNX Runtime and OpenVINO: tensors are lent to them where they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from archdsl.backends.runtimes.huge_pages import Growth
from archdsl.backends.runtimes.opening import open_session
from archdsl.backends.runtimes.session import Array, Foreign, Session, Threads, UnfitError
from archdsl.backends.torch.inference.recipe import Setting, dtype_name
from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.ir.graph import Graph
from archdsl.types import TensorType

LARGEST_MODEL = 2**31 - 2**20


class ForeignEngine:
    """A session with torch tensors at both ends, without copies unless an input isn't contiguous or isn't float32."""

    def __init__(self, graph: Graph, weights: Mapping[str, Array], runtime: Foreign, slice_size: int, setting: Setting):
        from archdsl.backends.onnx import to_model

        held = sum(array.nbytes for array in weights.values())
        if held > LARGEST_MODEL:
            raise UnfitError(f"{runtime} takes models of up to 2 GiB, and this one has {held:,} bytes of weights")
        try:
            model = to_model(graph, weights, checked=False).SerializeToString()
        except ArchdslError as error:  # an operator without an ONNX form
            raise UnfitError(f"{runtime} does not take this network: {error}") from error
        threads = Threads(setting.threads, slice_size)
        self._growth = Growth()
        self._session = open_session(runtime, model, setting.batch_size, threads, dtype_name(setting.dtype))
        self._outputs = [value.type for value in graph.outputs.values()]
        self._dtype = setting.dtype

    def __call__(self, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        """See `Engine`."""
        made = new_outputs(self._outputs, inputs[0].shape[0])
        run_lent(self._session, [_plain(x) for x in inputs], made)
        self._growth.settle_aside()
        if self._dtype is torch.float32:
            return made
        return [y.to(self._dtype) if y.dtype is torch.float32 else y for y in made]


def new_outputs(types: Sequence[TensorType], samples: int) -> list[Tensor]:
    """Tensors for a session to write."""
    return [
        torch.empty((samples, *each.shape), dtype=torch.int64 if each.dtype == "int64" else torch.float32)
        for each in types
    ]


def run_lent(session: Session, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
    """Run a session on contiguous tensors [N, ...], N > 0, of its model's types, where they lie."""
    session.run(inputs[0].shape[0], [x.data_ptr() for x in inputs], [y.data_ptr() for y in outputs])


def _plain(x: Tensor) -> Tensor:
    if x.dtype is torch.float32 and x.is_contiguous():
        return x  # what nearly all are; with caches full of the network each call of torch takes 10 us or more
    x = x.detach().contiguous()
    return x if x.dtype is torch.int64 else x.float()
