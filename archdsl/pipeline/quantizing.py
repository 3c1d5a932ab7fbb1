"""Post-training quantization: a trained network in 8-bit integers, and how far its outputs are from the float ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from archdsl.pipeline.architecture import Architecture

if TYPE_CHECKING:
    from archdsl.backends.torch.inference.quantized import QuantizedNetwork


def quantize(architecture: Architecture, weights: Any, calibration: Any) -> QuantizedNetwork:
    """The network in 8-bit integers (int8 weights with a scale per channel, uint8 values), run by ONNX Runtime.

    Static quantization after training: batch norms are folded, and the range of each value is what the calibration
    samples show. Inputs and outputs stay float32.

    Args:
        architecture: what `archdsl.load` gives.
        weights: trained weights, as of `archdsl.compile`.
        calibration: inputs like those to come, prepared as for the network: a tensor or array [M, ...] for one input,
            a list of them in the order of the file for several. A hundred samples are plenty.

    Raises:
        ArchdslError: E1001 if the weights don't fit.
        ValueError: if the calibration samples are none, of another shape than the inputs, or not finite.
        MissingRuntimeError: if ONNX Runtime is not installed.
        UnfitError: if it can't quantize this network.
    """
    from archdsl.backends.torch.inference.engines import as_array
    from archdsl.backends.torch.inference.quantized import quantized_network
    from archdsl.pipeline.building import compile_architecture

    if weights is None:
        raise ValueError("quantization needs trained weights: ranges of fresh ones say nothing")
    plain = compile_architecture(architecture, "inference", weights, optimize=False)
    state = {key: as_array(tensor) for key, tensor in plain.state_dict().items()}
    samples = calibration_arrays(architecture, calibration)
    return quantized_network(architecture.graph(), state, samples, architecture.name)


def calibration_arrays(architecture: Architecture, calibration: Any) -> list[Any]:
    """An array [M, ...] in the type of each input.

    Raises:
        ValueError: if samples are none, of another shape than the inputs, or hold what is no finite number.
    """
    import numpy as np

    inputs = architecture.graph().inputs
    given = list(calibration) if isinstance(calibration, Sequence) else [calibration]
    if len(given) != len(inputs):
        raise ValueError(f"calibration needs samples for {', '.join(inputs)}, and {len(given)} arrays were given")
    found = []
    for (name, value), each in zip(inputs.items(), given, strict=True):
        array = np.ascontiguousarray(each, dtype=value.type.dtype)
        if array.shape[1:] != value.type.shape or len(array) == 0:
            sizes = ", ".join(["M", *map(str, value.type.shape)])
            raise ValueError(f"calibration samples for {name} are {list(array.shape)}, and [{sizes}] is needed")
        if not np.isfinite(array).all():
            raise ValueError(f"calibration samples for {name} hold NaN or infinity, which say nothing of ranges")
        found.append(array)
    if len({len(array) for array in found}) > 1:
        raise ValueError(f"calibration needs as many samples for each input, not {[len(array) for array in found]}")
    return found
