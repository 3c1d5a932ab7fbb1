"""The gates of recurrent layers: PyTorch and ONNX stack their weights in different orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

# Which of PyTorch's gates stands first, second, ... in ONNX.
LSTM_ORDER = (0, 3, 1, 2)  # input, forget, cell, output to input, output, forget, cell
GRU_ORDER = (1, 0, 2)  # reset, update, new to update, reset, new


def reordered(weight: np.ndarray[Any, Any], order: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """The rows of `weight`, one block of equal height for each gate, with the blocks in another order."""
    blocks = weight.reshape(len(order), -1, *weight.shape[1:])
    return blocks[list(order)].reshape(weight.shape)
