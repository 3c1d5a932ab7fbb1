"""What can keep a graph from becoming an ONNX model."""

from __future__ import annotations


class OnnxExportError(ValueError):
    """A weight is missing or has another shape, or the graph can't do what was asked of it (another image size)."""
