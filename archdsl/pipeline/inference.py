"""Compiling for inference: an optimized module with its weights, on its device, ready to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.pipeline.architecture import Architecture
from archdsl.pipeline.weights import fill

if TYPE_CHECKING:
    import torch

    from archdsl.backends.torch.inference import InferenceNetwork


def optimized_module(
    architecture: Architecture,
    weights: Any,
    device: torch.device | str | None,
    dtype: torch.dtype | str | None,
    measure: bool,
    runtime: str,
    batch_size: int,
) -> InferenceNetwork:
    """See `archdsl.compile`. With weights the module is ready to run; without, it gets ready in its first call."""
    from archdsl.backends.torch.inference import inference_network
    from archdsl.backends.torch.placement import placed
    from archdsl.pipeline.verdicts import MeasuredChoice

    if not isinstance(batch_size, int):
        raise ValueError(f"batch_size is a whole number, not {batch_size!r}")
    if batch_size < 1:
        raise ValueError(f"batch_size is at least 1, not {batch_size}")
    choose = MeasuredChoice(architecture.hash) if measure else None
    network = inference_network(architecture.graph(), runtime, choose, empty=weights is not None)
    if weights is not None:
        fill(network, weights, architecture.graph(training=True), architecture.name)
    placed(network, device, dtype)
    if weights is not None or measure:
        network.prepare(batch_size)
    return network
