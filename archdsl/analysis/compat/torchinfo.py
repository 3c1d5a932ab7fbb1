"""torchinfo: the parameters of every module, as often as its type suggests.

A convolution's `weight` and `bias` count for each position of its output; those of every other module once for each
sample, however many positions they are applied to; weights of other names (those of recurrent layers) once for each
step. Whatever has no parameters is free.
"""

from __future__ import annotations

from math import prod

from archdsl.analysis.compat.calls import Call


def count(call: Call) -> int:
    """What it counts for a call."""
    total = 0
    for spec in call.weights:
        if spec.kind != "parameter":
            continue
        if spec.name not in ("weight", "bias"):
            total += prod(spec.shape) * call.shape[0]
        elif "Conv" in call.name:
            total += prod(spec.shape) * prod(call.shape[1:])
        else:
            total += prod(spec.shape)
    return total
