"""Identity: which candidates are one, so that the result of one serves all.

- `graph`: those with the same canonical graph in inference (`archdsl.Architecture.identity`). Dead nodes, identities
  and zeroed branches are taken away first; operands of commutative operators may stand in any order; sums are not
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
    from archdsl import Architecture

Rule: TypeAlias = Literal["graph", "string", "none"]
# From what gives the architecture, and its decisions, to the name that equal candidates share.
Identify: TypeAlias = "Callable[[Callable[[], Architecture], Decisions], str]"


def by_graph(architecture: Callable[[], Architecture], decisions: Decisions) -> str:
    """32 hexadecimal digits that equal inference graphs share."""
    return architecture().identity


def by_hash(architecture: Callable[[], Architecture], decisions: Decisions) -> str:
    """As `by_graph`, by the canonical hash: slower. Journals of earlier versions name candidates so."""
    return architecture().hash


def by_decisions(architecture: Callable[[], Architecture], decisions: Decisions) -> str:
    """A digest of the decisions, in the order reached."""
    return digest_of(decisions)


def by_string(rule: Callable[[Decisions], str]) -> Identify:
    """What an evaluator's own rule makes of the decisions."""
    return lambda architecture, decisions: rule(decisions)


def digest_of(decisions: Decisions) -> str:
    """32 hexadecimal digits that equal decisions share."""
    text = json.dumps(decisions, separators=(",", ":"), ensure_ascii=False)
    return blake2b(text.encode(), digest_size=16).hexdigest()
