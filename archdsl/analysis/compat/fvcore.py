"""fvcore's FlopCountAnalysis: one for each multiply-add, and some element-wise work.

It traces the network and counts by traced operator: two for each element of a batch norm (one without weights), five
(four) for other normalisations, the input of adaptive average pooling, four for bilinear resizing and one for nearest.
Activations, other pooling, sums, scaled dot-product attention and recurrent layers are not counted.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from archdsl.analysis.compat.calls import Call
from archdsl.ops.base import cost_of


def count(call: Call) -> int:
    """What it counts for a call."""
    rule = _RULES.get(call.name)
    return rule(call) if rule else 0


def _exact(call: Call) -> int:
    return cost_of(call.op, call.operands).mult_adds


def _batch_norm(call: Call) -> int:
    if any(spec.name == "running_mean" for spec in call.weights):
        return call.given * (2 if call.has_weight else 1)
    return _norm(call)


def _norm(call: Call) -> int:
    return call.given * (5 if call.has_weight else 4)


def _matmul(call: Call) -> int:
    """Elements of the first factor times columns of the second; a first factor that is broadcast counts once."""
    a, b = call.operands
    return prod(a.shape) * (b.shape[-1] if b.rank > 1 else 1)


def _resize(call: Call) -> int:
    return call.made * {"nearest": 1, "bilinear": 4}.get(getattr(call.op, "mode", ""), 0)


_RULES: dict[str, Callable[[Call], int]] = {
    **dict.fromkeys(["nn.Conv1d", "nn.Conv2d", "nn.ConvTranspose2d", "nn.Linear", "F.conv2d"], _exact),
    "support.LearnedGroupConv2d": _exact,
    **dict.fromkeys(["nn.LSTMCell", "nn.GRUCell", "support.LSTMCell", "support.GRUCell"], _exact),
    **dict.fromkeys(["nn.BatchNorm1d", "nn.BatchNorm2d", "F.batch_norm"], _batch_norm),
    **dict.fromkeys(["nn.InstanceNorm2d", "nn.GroupNorm", "nn.LayerNorm"], _norm),
    **dict.fromkeys(["F.instance_norm", "F.group_norm", "F.layer_norm"], _norm),
    "torch.matmul": _matmul,
    "F.adaptive_avg_pool2d": lambda call: call.given,
    "F.interpolate": _resize,
}
