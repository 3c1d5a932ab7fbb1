"""thop: modules of torch.nn alone; everything written as a function is free.

One for each multiply-add of convolutions (of transposed ones as if the window lay over the output) and linear layers,
four for each element of an affine normalisation (two without weights), one for each output of average pooling, the
window and one more for adaptive average pooling. ReLU, maximum pooling and biases are free.
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


def _exact(call: Call) -> int:
    return cost_of(call.op, call.operands).mult_adds


def _transposed(call: Call) -> int:
    groups: int = call.op.groups  # type: ignore[attr-defined]
    kernel = call.weights[0].shape[2:]
    return call.made * (call.operands[0].shape[0] // groups) * prod(kernel)


def _norm(call: Call) -> int:
    affine = getattr(call.op, "affine", False) or getattr(call.op, "elementwise_affine", False)
    return call.given * (4 if affine else 2)


def _made(call: Call) -> int:
    return call.made


def _adaptive_average(call: Call) -> int:
    # In floating point as there, so that windows of unequal sizes are rounded alike.
    window = prod(a / b for a, b in zip(call.operands[0].shape[1:], call.shape[1:] or (1, 1), strict=True))
    return int((window + 1) * call.made)


def _softmax(call: Call) -> int:
    features = call.operands[0].shape[call.op.dim]  # type: ignore[attr-defined]
    return call.given // features * (3 * features - 1)


def _upsample(call: Call) -> int:
    return call.made * {"nearest": 1, "bilinear": 11, "bicubic": 259}[call.op.mode]  # type: ignore[attr-defined]


# Matrices and biases of one step are as many as the weights; what else each element of the state needs:
_STATE = {"lstm": 8, "lstm_cell": 8, "gru": 7, "gru_cell": 7, "rnn": 1}


def _step(call: Call, weights: int) -> int:
    hidden: int = call.op.hidden_size  # type: ignore[attr-defined]
    return weights + _STATE[call.op.name] * hidden


def _recurrent(call: Call) -> int:
    total = sum(_step(call, sum(prod(spec.shape) for spec in specs)) for _, specs in layers_of(call.weights))
    directions = 2 if getattr(call.op, "bidirectional", False) else 1
    return total * directions * call.operands[0].shape[0]


def _cell(call: Call) -> int:
    return _step(call, sum(prod(spec.shape) for spec in call.weights))


_RULES: dict[str, Callable[[Call], int]] = {
    **dict.fromkeys(["nn.Conv1d", "nn.Conv2d", "nn.Linear"], _exact),
    "nn.ConvTranspose2d": _transposed,
    **dict.fromkeys(["nn.BatchNorm1d", "nn.BatchNorm2d", "nn.InstanceNorm2d", "nn.LayerNorm"], _norm),
    **dict.fromkeys(["nn.AvgPool1d", "nn.AvgPool2d"], _made),
    "nn.PReLU": lambda call: call.given,
    "nn.AdaptiveAvgPool2d": _adaptive_average,
    "nn.Softmax": _softmax,
    "nn.Upsample": _upsample,
    **dict.fromkeys(["nn.LSTM", "nn.GRU", "nn.RNN"], _recurrent),
    **dict.fromkeys(["nn.LSTMCell", "nn.GRUCell"], _cell),
}
