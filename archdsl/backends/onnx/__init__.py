"""ONNX: a model whose nodes bear the step paths and whose initializers bear the `state_dict` keys."""

from archdsl.backends.onnx.file import save
from archdsl.backends.onnx.model import to_model

__all__ = ["save", "to_model"]
