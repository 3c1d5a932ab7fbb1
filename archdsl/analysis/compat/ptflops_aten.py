"""ptflops with its backend `aten`: convolutions and matrix products as they are dispatched on the CPU, with biases.

Everything else is free, and so is what runs as one kernel that it doesn't know: LSTM layers, and attention over heads
of one size.
"""

from __future__ import annotations

from math import prod

from archdsl.analysis.compat.calls import Call
from archdsl.ops.base import cost_of

_LAYERS = frozenset({"nn.Conv1d", "nn.Conv2d", "nn.ConvTranspose2d", "nn.Linear"})
_PRODUCTS = frozenset({"torch.matmul", "F.conv2d", "support.LearnedGroupConv2d"})
_CELLS = frozenset({"nn.LSTMCell", "nn.GRUCell", "support.LSTMCell", "support.GRUCell"})
_UNROLLED = frozenset({"gru", "rnn"})


def count(call: Call) -> int:
    """What it counts for a call."""
    if call.name in _PRODUCTS:
        return cost_of(call.op, call.operands).mult_adds
    if call.name == "nn.Linear" and call.strided and call.operands[0].rank > 1:
        return cost_of(call.op, call.operands).mult_adds  # the bias is a sum of its own then
    if call.name in _LAYERS:
        return cost_of(call.op, call.operands).mult_adds + (call.made if call.has_bias else 0)
    if call.name in _CELLS:
        return sum(prod(spec.shape) for spec in call.weights)
    if call.weights and call.op.name in _UNROLLED:
        return call.operands[0].shape[0] * sum(prod(spec.shape) for spec in call.weights)
    if call.name == "F.scaled_dot_product_attention":
        return _attention(call)
    return 0


def _attention(call: Call) -> int:
    sizes = {x.shape[-1] for x in call.operands[:3]}
    one_kernel = len(sizes) == 1 and all(x.rank == 3 for x in call.operands[:3])
    return 0 if one_kernel else cost_of(call.op, call.operands).mult_adds
