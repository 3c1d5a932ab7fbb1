"""Their modules laid over our definition order.

A module's tensors stand together in our order of definition, as one stretch; its children share the stretch out among
them, one after another. A child can take a stretch only if shapes agree there, one by one. What is left open by this
is decided in this order:

1. Numbers in names rise along our order (`layer1` before `layer2`), or else fall.
2. The order of the file, where it is known to be that of definition and can be kept as it is.
3. The graph: the arrangement wins in which most numbered series are chains, each member feeding the next (`conv1`,
   `conv2`, `conv3` of a block, but not its shortcut), and most series are linked number by number (`conv1` and `bn1`).
4. The order of the file once more: the arrangement that disturbs it least.

What is still open then is a rival: another arrangement for which as much speaks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import combinations, islice, pairwise, product

from archdsl.conversion.arrangement import Arrangement, Numbered, alike, inversions, numbered
from archdsl.conversion.names import Tree
from archdsl.conversion.queues import Queue, backwards, in_natural_order, readings
from archdsl.conversion.units import Flow, Signature, Unit

# Arrangements of one module that are compared, and children that are tried in all.
MOST_ARRANGEMENTS = 128
BUDGET = 2_000_000
_MOST_LISTS = 4


class TooHardError(Exception):
    """The search for an arrangement went on for too long."""


class Solver:
    """Finds arrangements.

    Args:
        units: ours, in order of definition.
        flow: what feeds what among them.
        ordered: whether the order of the file is that of definition.
        pins: pairs of prefixes, theirs and ours, that belong together.
    """

    def __init__(self, units: Sequence[Unit], flow: Flow, ordered: bool, pins: Sequence[tuple[str, str]] = ()):
        self.units = units
        self.flow = flow
        self.ordered = ordered
        self.pins = pins
        self.signatures = [unit.signature for unit in units]
        self.sums = [0]
        for signature in self.signatures:
            self.sums.append(self.sums[-1] + _number(signature))
        self.work = 0
        self._kinds: dict[Tree, object] = {}
        self._names: dict[object, int] = {}
        self._totals: dict[Tree, int] = {}
        self._readings: dict[Tree, list[tuple[int, list[Queue]]]] = {}
        self._solved: dict[tuple[Tree, int], Arrangement | None] = {}

    def solve(self, tree: Tree, at: int) -> Arrangement | None:
        """The best arrangement of a module on the stretch that begins at `at`; None if it doesn't fit there.

        Raises:
            TooHardError: if too much had to be tried.
        """
        end = at + tree.size
        if end > len(self.units) or self.sums[end] - self.sums[at] != self._total(tree):
            return None
        if not tree.children:
            return Arrangement(tree, at) if self._leaf_fits(tree, at) else None
        key = (tree, at)
        if key not in self._solved:
            self._solved[key] = None
            for strain, queues in self._read(tree):
                found = self._best(tree, at, queues, strain)
                if found is not None:
                    self._solved[key] = found
                    break
        return self._solved[key]

    def kind(self, tree: Tree) -> object:
        """Equal for modules that can stand for each other: equal leaves and branches, whatever the names."""
        found = self._kinds.get(tree)
        if found is None:
            key: object = (
                frozenset(Counter(self.kind(child) for child in tree.children).items())
                if tree.children
                else (tree.signature, *[pin for pin in self.pins if _within(tree.prefix, pin[0])])
            )
            found = self._kinds[tree] = self._names.setdefault(key, len(self._names))
        return found

    def _leaf_fits(self, tree: Tree, at: int) -> bool:
        unit = self.units[at]
        if tree.signature != unit.signature:
            return False
        return all(_within(tree.prefix, theirs) == _within(unit.prefix, ours) for theirs, ours in self.pins)

    def _total(self, tree: Tree) -> int:
        found = self._totals.get(tree)
        if found is None:
            parts = [self._total(child) for child in tree.children]
            found = self._totals[tree] = sum(parts) if parts else _number(tree.signature)
        return found

    def _read(self, tree: Tree) -> list[tuple[int, list[Queue]]]:
        if tree not in self._readings:
            found = list(readings(tree, self.kind))
            if not self.ordered:
                found = [(strain, [in_natural_order(queue) for queue in queues]) for strain, queues in found]
            self._readings[tree] = found
        return self._readings[tree]

    def _best(self, tree: Tree, at: int, queues: Sequence[Queue], strain: int) -> Arrangement | None:
        """The arrangement for which most speaks, with its rivals."""
        found = [
            self._arranged(tree, at, parts, queues, strain)
            for parts in islice(self._orders(queues, at), MOST_ARRANGEMENTS + 1)
        ]
        more = len(found) > MOST_ARRANGEMENTS
        found = [variant for each in found for variant in self._turned(each, queues)]
        if not found:
            return None
        best, *rivals = self._foremost(found)
        best.rivals = tuple(rivals)
        best.incomplete = more and not (self.ordered and inversions(best.parts) == 0)
        best.alike = () if self.ordered else alike(best.parts, queues)
        return best

    def _foremost(self, found: list[Arrangement]) -> list[Arrangement]:
        """Those with the least strain; of them by the file's own order, else by the graph, else by little disorder."""
        least_strain = min(each.strain for each in found)
        found = [each for each in found if each.strain == least_strain]
        if len(found) < 2:
            return found
        disorder = {id(each): inversions(each.parts) for each in found} if self.ordered else {}
        if 0 in disorder.values():
            return [each for each in found if disorder[id(each)] == 0]
        most = max(each.evidence for each in found)
        found = [each for each in found if each.evidence == most]
        least = min((disorder[id(each)] for each in found), default=0) if disorder else 0
        return [each for each in found if disorder.get(id(each), 0) == least]

    def _orders(self, queues: Sequence[Queue], at: int) -> Iterator[tuple[Arrangement, ...]]:
        """Every merge of the queues whose members fit where they come to stand. Depth first; dead ends once."""
        taken = [0] * len(queues)
        dead: set[tuple[int, ...]] = set()
        chosen: list[tuple[int, Arrangement]] = []
        choices = [self._next(queues, taken, at)]
        complete = [False]
        total = sum(len(queue.members) for queue in queues)
        while choices:
            step = next(choices[-1], None)
            if step is None:
                choices.pop()
                if not complete.pop():
                    dead.add(tuple(taken))
                elif complete:
                    complete[-1] = True
                if chosen:
                    taken[chosen.pop()[0]] -= 1
                continue
            taken[step[0]] += 1
            chosen.append(step)
            if len(chosen) == total:
                complete[-1] = True
                yield tuple(part for _, part in chosen)
            elif tuple(taken) not in dead:
                choices.append(self._next(queues, taken, step[1].stretch.stop))
                complete.append(False)
                continue
            taken[chosen.pop()[0]] -= 1

    def _next(self, queues: Sequence[Queue], taken: Sequence[int], at: int) -> Iterator[tuple[int, Arrangement]]:
        """The heads of the queues that fit at `at`, each with its queue's index."""
        heads = [
            (queue.members[done].first, index)
            for index, (queue, done) in enumerate(zip(queues, taken, strict=True))
            if done < len(queue.members)
        ]
        found = []
        for _, index in sorted(heads):
            self.work += 1
            if self.work > BUDGET:
                raise TooHardError
            part = self.solve(queues[index].members[taken[index]], at)
            if part is not None:
                found.append((index, part))
        return iter(found)

    def _arranged(
        self, tree: Tree, at: int, parts: tuple[Arrangement, ...], queues: Sequence[Queue], strain: int
    ) -> Arrangement:
        return Arrangement(tree, at, parts, self._evidence(parts, queues), strain + sum(part.strain for part in parts))

    def _evidence(self, parts: Sequence[Arrangement], queues: Sequence[Queue]) -> int:
        """How many numbered series are chains, and lists linked; with what was found within the parts."""
        stretch = {part.tree: part.stretch for part in parts}
        chains = sum(
            queue.counted and all(self.flow.reaches(stretch[a], stretch[b]) for a, b in pairwise(queue.members))
            for queue in queues
        )
        links = sum(self._linked(one, other) for one, other in combinations(numbered(parts), 2))
        return chains + links + sum(part.evidence for part in parts)

    def _linked(self, one: Numbered, other: Numbered) -> bool:
        """Whether those that have one number read one another, for all numbers."""
        if one.keys() != other.keys():
            return False
        return all(self.flow.touches(one[number], other[number]) for number in one)

    def _turned(self, found: Arrangement, queues: Sequence[Queue]) -> list[Arrangement]:
        """The arrangement, or what it becomes with some lists backwards, if more speaks for that."""
        options = []
        lists = 0
        for part in found.parts:
            option = [part]
            if part.tree.is_list and part.parts and lists < _MOST_LISTS:
                lists += 1
                turned = self._best_backwards(part)
                option += [turned] if turned is not None else []
            options.append(option)
        if lists < 2 or all(len(option) == 1 for option in options):
            return [found]
        strain = found.strain - sum(part.strain for part in found.parts)
        variants = [self._arranged(found.tree, found.at, parts, queues, strain) for parts in product(*options)]
        most = max(each.evidence for each in variants)
        return [found] if most <= found.evidence else [each for each in variants if each.evidence == most]

    def _best_backwards(self, part: Arrangement) -> Arrangement | None:
        queues = backwards(part.tree, self.kind)
        for parts in self._orders(queues, part.at):
            found = self._arranged(part.tree, part.at, parts, queues, 0)
            return found if dict(found.leaves()) != dict(part.leaves()) else None
        return None


def _within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def _number(signature: Signature) -> int:
    """A large number by which sums of signatures tell multisets of them apart."""
    return int.from_bytes(blake2b(repr(signature).encode(), digest_size=16).digest(), "big")
