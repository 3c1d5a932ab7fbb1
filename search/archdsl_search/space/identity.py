"""Identity: which candidates are one, so that the result of one serves all.

- `graph`: those with the same canonical graph in inference (`archdsl.Architecture.hash`). Dead nodes, identities and
  zeroed branches are taken away first; operands of commutative operators may stand in any order; sums are not
  flattened. Candidates that are one compute the same function of the same weights.
- `none`: those with the same decisions, and even these are evaluated each time they are proposed.
- `string`: a rule that belongs to the evaluator's table, from decisions alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal, TypeAlias

from archdsl_search.candidate import Decisions

if TYPE_CHECKING:
    from archdsl import Space

Rule: TypeAlias = Literal["graph", "string", "none"]
# From a space and decisions that are in it to the name that equal candidates share.
Identify: TypeAlias = "Callable[[Space, Decisions], str]"


def by_graph(space: Space, decisions: Decisions) -> str:
    """The canonical hash of the inference graph."""
    return space.resolve(decisions).hash


def by_decisions(space: Space, decisions: Decisions) -> str:
    """A digest of the decisions, in the order reached."""
    return digest_of(decisions)


def by_string(rule: Callable[[Decisions], str]) -> Identify:
    """What an evaluator's own rule makes of the decisions."""
    return lambda space, decisions: rule(decisions)


def digest_of(decisions: Decisions) -> str:
    """32 hexadecimal digits that equal decisions share."""
    text = json.dumps(decisions, separators=(",", ":"), ensure_ascii=False)
    return blake2b(text.encode(), digest_size=16).hexdigest()
