"""How often which option was chosen: by the best candidates, by all, and as the search went on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from archdsl_search.candidate import Label
from archdsl_search.journal.records import Result

PERIODS = 8
_MOST_OPTIONS = 24


@dataclass(frozen=True)
class Option:
    """One option: shares among the best candidates, among all, and in each period of the search (from 0 to 1)."""

    text: str
    top: float
    all: float
    periods: tuple[float, ...]


@dataclass(frozen=True)
class Group:
    """Decisions of one kind: those of one cell that fill the same attribute, `normal: op`.

    Attributes:
        decisions: how many different ones.
        options: the most frequent among the best first; `more` is how many are left out.
    """

    name: str
    decisions: int
    options: tuple[Option, ...]
    more: int


def groups_of(results: Sequence[Result], top: Sequence[Result]) -> list[Group]:
    """The decisions of candidates, in groups, in the order in which they are reached.

    Args:
        results: all candidates, in the order of the search.
        top: the best of them.
    """
    keys: dict[str, str] = {}
    for result in results:
        for name in result.decisions:
            if name not in keys:
                keys[name] = group_name(name)
    by_period = [_counts(_part(results, i), keys) for i in range(min(PERIODS, max(1, len(results))))]
    best = _counts(top, keys)
    everything = {key: sum((part[key] for part in by_period), Counter()) for key in best}
    found = []
    for key in dict.fromkeys(keys.values()):
        texts = sorted(everything[key], key=lambda text: (-_share(best, key, text), -everything[key][text], text))
        options = tuple(
            Option(
                text,
                _share(best, key, text),
                _share(everything, key, text),
                tuple(_share(part, key, text) for part in by_period),
            )
            for text in texts[:_MOST_OPTIONS]
        )
        count = sum(group == key for group in keys.values())
        found.append(Group(key, count, options, max(0, len(texts) - _MOST_OPTIONS)))
    return found


def group_name(decision: str) -> str:
    """`normal/block[0]/left/op` as `normal: op`; an id of one part as itself."""
    parts = [part.partition("[")[0] for part in decision.split("/")]
    return parts[0] if len(parts) == 1 else f"{parts[0]}: {parts[-1]}"


def label_text(label: Label) -> str:
    """A label as a file writes it."""
    if isinstance(label, str):
        return label
    return str(label) if type(label) is int else json.dumps(label)


def _counts(results: Sequence[Result], keys: dict[str, str]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {key: Counter() for key in keys.values()}
    for result in results:
        for name, label in result.decisions.items():
            found[keys[name]][label_text(label)] += 1
    return found


def _share(counts: dict[str, Counter[str]], key: str, text: str) -> float:
    total = counts[key].total()
    return counts[key][text] / total if total else 0.0


def _part(results: Sequence[Result], number: int) -> Sequence[Result]:
    parts = min(PERIODS, max(1, len(results)))
    return results[len(results) * number // parts : len(results) * (number + 1) // parts]
