"""A candidate: what a searcher proposes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

# The label of an option: a word, a number, a truth value or a list of them (language reference, rule 16).
Label: TypeAlias = "bool | int | float | str | list[Label]"
Decisions: TypeAlias = Mapping[str, Label]


@dataclass(frozen=True, eq=False, slots=True)
class Candidate:
    """One architecture of a space.

    Attributes:
        decisions: the label of every decision that is reached, by id, in the order reached.
        identity: candidates with equal identities are one: see `archdsl_search.space.identity`.
    """

    decisions: Decisions
    identity: str
