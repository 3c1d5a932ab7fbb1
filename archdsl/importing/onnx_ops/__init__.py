"""Rules for ONNX operators, as exporters write them."""

from archdsl.importing.onnx_ops import (
    activations,
    arithmetic,
    normalization,
    recurrent,
    selection,
    views,
    windows,
)
from archdsl.importing.onnx_ops.common import RULES

translate = RULES.translate

__all__ = ["activations", "arithmetic", "normalization", "recurrent", "selection", "translate", "views", "windows"]
