"""The attributes `init` and `bias_init` of operators with weights: how weights start, as torch.nn.init has it.

A word is the function of torch.nn.init without the trailing underscore, with its default arguments; a number fills
the weight with it. Without the attribute the weight starts as its torch module makes it.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from archdsl.ops.lowering import Constant
from archdsl.ops.rules.attributes import Finite

# A vector has no fan-in and fan-out: only these schemes take one.
VectorInit: TypeAlias = Finite | Literal["uniform", "normal", "trunc_normal", "zeros", "ones"]
MatrixInit: TypeAlias = (
    VectorInit | Literal["xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "orthogonal"]
)
LinearInit: TypeAlias = MatrixInit | Literal["eye"]
ConvInit: TypeAlias = MatrixInit | Literal["dirac"]

INIT = "How the weight starts: a scheme of torch.nn.init, or a number. By default as torch's module does."
BIAS_INIT = "How the bias starts: a scheme of torch.nn.init, or a number. By default as torch's module does."

Inits: TypeAlias = "tuple[tuple[str, str, tuple[Constant, ...]], ...]"


def inits(schemes: dict[str, str | float | None]) -> Inits:
    """The `inits` of a leaf module, from weight names and their schemes; weights with None are left alone."""
    return tuple(
        (scheme, name, ()) if isinstance(scheme, str) else ("constant", name, (float(scheme),))
        for name, scheme in schemes.items()
        if scheme is not None
    )
