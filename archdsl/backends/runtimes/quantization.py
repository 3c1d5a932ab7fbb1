"""Models of 8-bit integers, by ONNX Runtime's post-training static quantization.

Weights get a scale for each output channel, values one for each tensor, from the smallest and largest numbers seen in
calibration. The model computes in integers between the pairs of QuantizeLinear and DequantizeLinear that mark them.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from archdsl.backends.runtimes.session import Array, UnfitError, require


def quantized(model: bytes, samples: Sequence[dict[str, Array]]) -> bytes:
    """A serialized model in 8-bit integers, inputs and outputs float32.

    Args:
        model: a serialized float32 model without batch norms of its own.
        samples: inputs by name, [n, ...] each, that are like those to come.

    Raises:
        MissingRuntimeError: if ONNX Runtime is not installed.
        UnfitError: if it can't quantize this model.
    """
    require("onnxruntime")
    from onnxruntime import quantization

    with tempfile.TemporaryDirectory(prefix="archdsl-") as folder:
        source, target = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        source.write_bytes(model)
        level = logging.root.level
        logging.root.setLevel(logging.ERROR)  # it recommends a preprocessing that our passes have done
        try:
            quantization.quantize_static(
                source,
                target,
                _Reader(iter(samples)),
                quant_format=quantization.QuantFormat.QDQ,
                per_channel=True,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
            )
        except Exception as error:  # it has no error class of its own
            raise UnfitError(f"onnxruntime does not quantize this network: {error}") from error
        finally:
            logging.root.setLevel(level)
        return target.read_bytes()


class _Reader:
    """Samples one after the other, as calibration asks for them."""

    def __init__(self, samples: Iterator[dict[str, Array]]):
        self._samples = samples

    def get_next(self) -> dict[str, Any] | None:
        """The next ones; None behind the last."""
        return next(self._samples, None)
