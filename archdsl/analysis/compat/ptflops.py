"""ptflops with its backend `pytorch`: one for each multiply-add and each bias, and much element-wise work.

It hooks modules and patches functions. Where the module calls the function, as nn.ReLU and the pooling modules do,
both count. Batch norms count two for each element. Sums are not counted, nor what has neither a hook nor a patch.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from archdsl.analysis.compat.calls import Call
from archdsl.analysis.compat.recurrent import layers_of
from archdsl.ops.base import cost_of


def count(call: Call) -> int:
    """What it counts for a call."""
    rule = _RULES.get(call.name)
    return rule(call) if rule else 0


def _layer(call: Call) -> int:
    return cost_of(call.op, call.operands).mult_adds + (call.made if call.has_bias else 0)


def _norm(call: Call) -> int:
    # GroupNorm and the batch norms have an attribute `affine`; LayerNorm has none and counts once.
    affine = getattr(call.op, "affine", False)
    return call.given * (2 if affine else 1)


def _given(call: Call) -> int:
    return call.given


def _made(call: Call) -> int:
    return call.made


def _local_response(call: Call) -> int:
    """The average over the channels as a pooling over a padded map; the square, a product and a sum besides."""
    channels, *rest = call.operands[0].shape
    padded: int = (channels + getattr(call.op, "size", 1) - 1) * prod(rest)
    return padded + 3 * call.given


def _resized(call: Call) -> int:
    size, factor = getattr(call.op, "size", None), getattr(call.op, "scale_factor", None)
    if size is not None:
        made: int = call.operands[0].shape[0] * prod(size)
        return made
    assert factor is not None
    return call.given * prod(int(f) for f in factor)


def _matmul(call: Call) -> int:
    a, b = call.operands
    return prod(a.shape) * (b.shape[-1] if b.rank > 1 else 1)


# Additions and products of one step for each element of the state, besides the matrices.
_STATE = {"lstm": 10, "lstm_cell": 10, "gru": 7, "gru_cell": 7, "rnn": 1}


def _recurrent(call: Call) -> int:
    """Every layer as if its second direction, too, had the weights of the first."""
    hidden: int = call.op.hidden_size  # type: ignore[attr-defined]
    total = 0
    for _, specs in layers_of(call.weights):
        total += sum(prod(spec.shape) for spec in specs) + _STATE[call.op.name] * hidden
    steps = call.operands[0].shape[0]
    return total * steps * (2 if getattr(call.op, "bidirectional", False) else 1)


def _cell(call: Call) -> int:
    hidden: int = call.op.hidden_size  # type: ignore[attr-defined]
    return sum(prod(spec.shape) for spec in call.weights) + _STATE[call.op.name] * hidden


_RULES: dict[str, Callable[[Call], int]] = {
    **dict.fromkeys(["nn.Conv1d", "nn.Conv2d", "nn.ConvTranspose2d", "nn.Linear"], _layer),
    **dict.fromkeys(["nn.ReLU", "nn.PReLU", "nn.ELU", "nn.LeakyReLU", "nn.ReLU6", "nn.GELU", "nn.Upsample"], _made),
    **dict.fromkeys(["nn.MaxPool1d", "nn.MaxPool2d", "nn.AvgPool1d", "nn.AvgPool2d"], _given),
    **dict.fromkeys(["nn.AdaptiveAvgPool2d", "nn.AdaptiveMaxPool2d"], _given),
    **dict.fromkeys(["nn.BatchNorm1d", "nn.BatchNorm2d", "nn.InstanceNorm2d", "nn.GroupNorm", "nn.LayerNorm"], _norm),
    **dict.fromkeys(["nn.LSTM", "nn.GRU", "nn.RNN"], _recurrent),
    **dict.fromkeys(["nn.LSTMCell", "nn.GRUCell"], _cell),
    **dict.fromkeys(["F.relu", "F.prelu", "F.elu", "F.relu6", "F.gelu", "F.silu", "F.softmax"], _given),
    **dict.fromkeys(["F.max_pool1d", "F.max_pool2d", "F.avg_pool1d", "F.avg_pool2d"], _given),
    **dict.fromkeys(["F.adaptive_avg_pool2d", "F.adaptive_max_pool2d"], _given),
    "F.local_response_norm": _local_response,
    "F.interpolate": _resized,
    "torch.matmul": _matmul,
}
