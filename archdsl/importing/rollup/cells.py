"""Segments that occur several times become cells, those that save the most lines first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from archdsl.importing.program import Level
from archdsl.importing.rollup.naming import cell_name
from archdsl.importing.rollup.parameters import Abstraction, abstracted, apply, type_of
from archdsl.importing.rollup.segments import Segment, apart, segments
from archdsl.importing.rollup.signatures import Signatures
from archdsl.importing.rollup.tree import Body, Cell, Expression, Step, Tree, leaves, nested

MOST_CELLS = 40
MOST_PARAMS = 6
MOST_INPUTS = 3
# In lines: what a cell costs beside its body, what a parameter costs in each call, what a module's border is worth.
OVERHEAD = 3.0
ARGUMENT = 0.4
ALIGNED = 1.4
LEAST = 1.5


class _Candidate(NamedTuple):
    saving: float
    found: list[Segment]
    abstraction: Abstraction
    scope: tuple[Level, ...]
    shared: list[str]


def add_cells(tree: Tree) -> None:
    """Move what is repeated into cells, as long as that makes the spec shorter."""
    for _ in range(MOST_CELLS):
        best = _best(tree)
        if best is None:
            return
        _extract(tree, best)


def _best(tree: Tree) -> _Candidate | None:
    signatures = Signatures()
    groups: dict[str, list[Segment]] = {}
    uses = Counter(step.share for body in tree.bodies() for step in body.steps if step.share)
    for body in tree.bodies():
        for signature, segment in segments(body, signatures):
            groups.setdefault(signature, []).append(segment)
    bounded = sorted(
        ((bound, found) for found in groups.values() if len(found) > 1 and (bound := _bound(found)) > LEAST),
        key=lambda pair: -pair[0],
    )
    best: _Candidate | None = None
    for bound, found in bounded:
        if best is not None and bound * ALIGNED <= best.saving:
            break
        candidate = _candidate(found, uses)
        if candidate is not None and candidate.saving > (best.saving if best else LEAST):
            best = candidate
    return best


def _bound(found: Sequence[Segment]) -> float:
    """What a group saves at most: within a cell that is shared as a whole, nothing says so."""
    lines = sum(step.lines for step in found[0].steps)
    return (len(found) - 1) * lines - len(found) - OVERHEAD + len(found[0].keys)


def _candidate(group: Sequence[Segment], uses: Counter[str]) -> _Candidate | None:
    found = apart(group)
    bound = _bound(found)
    if len(found) < 2 or bound <= 0 or len(found[0].outside) > MOST_INPUTS:
        return None
    shared = _shared_calls(found, uses)
    entry = [segment.outside[0] for segment in found]
    abstraction = abstracted([segment.steps for segment in found], lambda v: not _wordy(v), entry)
    if shared is None or abstraction is None or len(abstraction.values) > MOST_PARAMS:
        return None
    if not _alike_where_shared(shared, abstraction):
        return None
    scope = module_of(found)
    saving = bound - ARGUMENT * len(found) * len(abstraction.values) - (1 if abstraction.values else 0)
    saving -= (len(found[0].outside) - 1) * len(found)
    saving -= sum(map(bool, shared)) if any(shared) else len(found[0].keys)
    return _Candidate(saving * (ALIGNED if scope else 1), found, abstraction, scope, shared)


def _wordy(values: Sequence[Any]) -> bool:
    """Whether some value is a word or missing: no parameter can stand for that."""
    return any(value is None or (isinstance(value, str) and not isinstance(value, Expression)) for value in values)


def _shared_calls(found: Sequence[Segment], uses: Counter[str]) -> list[str] | None:
    """For each segment the key that its call shares weights under, empty for none; None if that can't be said.

    Weights are shared either within a segment, or by whole segments: then all of its weights are.
    """
    inside = [Counter(step.share for step in _all_steps(segment) if step.share) for segment in found]
    local = [all(uses[key] == count for key, count in each.items()) for each in inside]
    if all(local):
        return [""] * len(found)
    together: Counter[str] = Counter()
    for each in inside:
        together.update(each)
    keys = ["+".join(sorted(each)) for each in inside]
    members = Counter(keys)
    for segment, each, key in zip(found, inside, keys, strict=True):
        simple = [step for step in _all_steps(segment) if not step.bodies]
        weighted = [step for step in simple if any(node.weights for node in step.nodes)]
        if any(not step.share for step in weighted) or any(count != 1 for count in each.values()):
            return None
        if any(uses[name] != members[key] or together[name] != uses[name] for name in each):
            return None
    return [key if members[key] > 1 else "" for key in keys]


def _all_steps(segment: Segment) -> list[Step]:
    inner = [step for each in segment.steps for body in each.bodies for b in nested(body) for step in b.steps]
    return [*segment.steps, *inner]


def _alike_where_shared(shared: Sequence[str], abstraction: Abstraction) -> bool:
    """Calls with one set of weights must have equal arguments."""
    for values in abstraction.values.values():
        by_key: dict[str, str] = {}
        for key, value in zip(shared, values, strict=True):
            if key and by_key.setdefault(key, repr(value)) != repr(value):
                return False
    return True


def module_of(found: Sequence[Segment]) -> tuple[Level, ...]:
    """The module whose instructions are just those of a segment, if that holds for each of them; else nothing."""
    common: tuple[Level, ...] = ()
    kinds = set()
    for segment in found:
        scopes = [step.scope for step in _all_steps(segment) if step.scope or not step.bodies]
        common = _common(scopes)
        if not common or not any(len(scope) > len(common) for scope in scopes):
            return ()
        neighbours = segment.body.steps[max(0, segment.start - 1) : segment.start]
        neighbours += segment.body.steps[segment.stop : segment.stop + 1]
        if any(step.scope[: len(common)] == common for step in neighbours):
            return ()
        kinds.add(common[-1].kind or len(common))
    return common if len(kinds) == 1 else ()


def _common(scopes: Sequence[tuple[Level, ...]]) -> tuple[Level, ...]:
    """The levels with which all scopes begin."""
    shortest = min(scopes, key=len, default=())
    for place, level in enumerate(shortest):
        if any(scope[place] != level for scope in scopes):
            return shortest[:place]
    return shortest


def _extract(tree: Tree, best: _Candidate) -> None:
    """Make the cell from the first segment, and calls of all."""
    first = best.found[0]
    template = first.steps
    calls = []
    name = cell_name(template, best.scope, {cell.name for cell in tree.cells}, best.abstraction.values)
    for place, segment in enumerate(best.found):
        arguments = {param: values[place] for param, values in best.abstraction.values.items()}
        steps = segment.steps
        scope = _common([step.scope for step in _all_steps(segment) if step.scope or not step.bodies])
        key = best.shared[place]
        calls.append(Step(name, arguments, segment.outside, steps[-1].makes, leaves(steps), [], key, scope))
    for segment, call in sorted(zip(best.found, calls, strict=True), key=lambda pair: -pair[0].start):
        segment.body.steps[segment.start : segment.stop] = [call]
    apply(best.abstraction)
    if any(best.shared):
        for step in _steps_of(template):
            step.share = ""
    params = {param: type_of(values) for param, values in best.abstraction.values.items()}
    body = Body(first.outside, template, template[-1].makes)
    tree.cells.append(Cell(name, params, body))


def _steps_of(steps: Sequence[Step]) -> list[Step]:
    return [*steps, *(inner for step in steps for body in step.bodies for b in nested(body) for inner in b.steps)]
