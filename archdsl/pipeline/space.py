"""Search spaces: files with open decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic, Severity
from archdsl.pipeline.architecture import Architecture
from archdsl.pipeline.elaboration import Forms, Request
from archdsl.pipeline.reaching import never_reached
from archdsl.pipeline.settings import labels
from archdsl.pipeline.tallying import Price, Tallier, Tally
from archdsl.spec.elaborate.decisions import Chosen, Decider, Decision, FirstOption, Given, Sampled
from archdsl.spec.syntax.model import Label

# How often `sample` draws again when a candidate is not in the space.
SAMPLE_ATTEMPTS = 1000


@dataclass(frozen=True)
class Walk:
    """One way through the decisions of a space.

    Attributes:
        points: the decisions that were reached and not fixed beforehand, in the order reached; outside the space, up to
            the first mistake.
        decisions: the outcome of each decision, fixed ones included.
        architecture: what they give; None if that is not in the space.
        price: what it costs; None if it is not in the space.
    """

    points: tuple[Decision, ...]
    decisions: dict[str, Label]
    architecture: Architecture | None
    price: Price | None
    _request: Request = field(repr=False, compare=False)

    @cached_property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Why it is not in the space: a `require` that does not hold, shapes that don't fit."""
        if self.architecture is not None:
            return ()
        return tuple(self._request.build(Given(self.decisions, FirstOption())).errors)


class Space:
    """A search space: a file with open decisions.

    Candidates are not built to be looked at: cell calls that were seen before, in this or another candidate, are
    remembered with what they cost (the least recently used are forgotten).

    Attributes:
        name: the variant's name, or the file's.
        file: the file it comes from, as it was given.
        path: where that file is.
    """

    def __init__(self, request: Request):
        self._request = request.of_space
        self.path: Path = request.spec.path
        self._tallier = Tallier()
        self.name: str = request.name
        self.file: str = request.spec.display
        self.description: str = request.spec.description

    @property
    def digest(self) -> str:
        """SHA-256 of the file and of the files whose cells it imports: where it differs, another space may be meant."""
        spec = self._request.spec
        files = [spec, *sorted(spec.imported_files(), key=lambda each: each.path)]
        return sha256(b"".join(each.path.read_bytes() for each in files)).hexdigest()

    def resolve(self, decisions: Mapping[str, Any]) -> Architecture:
        """The architecture that these decisions give. Its graph is built when it is first needed.

        Args:
            decisions: a label for the id of every decision that is reached; no others.

        Raises:
            ArchdslError: for open, unknown or impossible decisions, and for candidates outside the space (E0407).
        """
        request = self._request.with_decisions(labels(decisions))
        return Architecture(request, self._found(request))

    def price(self, decisions: Mapping[str, Any]) -> Price:
        """What the architecture of these decisions costs: the figures of `archdsl.cost`, without building it.

        Raises:
            ArchdslError: as of `resolve`.
        """
        return self._price(self._found(self._request.with_decisions(labels(decisions))))

    def walk(self, choose: Callable[[Decision], int]) -> Walk:
        """Ask `choose` for the number of an outcome at each decision, in the order in which they are reached.

        Args:
            choose: called once for each decision that is open; gives a number from 0 below `decision.outcomes`.
                What it raises comes through.
        """
        reached: list[Decision] = []

        def number(decision: Decision) -> int:
            reached.append(decision)
            return choose(decision)

        chosen = Chosen(number)
        found = self._tallied(Given(self._request.decisions, chosen))
        if found is None:
            decisions = {**self._request.decisions, **chosen.known}
            return Walk(tuple(reached), decisions, None, None, self._request)
        request = self._request.with_decisions(found.decisions)
        made = Architecture(request, found)
        return Walk(tuple(reached), dict(found.decisions), made, self._price(found), request)

    def sample(self, rng: Random) -> dict[str, Label]:
        """Random decisions of one valid candidate: each decision uniform over its outcomes, in the order reached.

        Candidates that a `require` excludes, or whose shapes don't fit, are drawn again.

        Raises:
            ArchdslError: E0608 if no valid candidate was found in 1000 draws.
        """
        for _ in range(SAMPLE_ATTEMPTS):
            drawn = Sampled(rng)
            found = self._tallied(Given(self._request.decisions, drawn))
            if found is not None:
                return dict(found.decisions)
        last = self._request.build(Given({**self._request.decisions, **drawn.known}, FirstOption()))
        why = last.errors[0]
        message = f"no valid architecture in {SAMPLE_ATTEMPTS} draws; the last one: {why.message}"
        raise ArchdslError(Diagnostic("E0608", message, why.span, why.label, why.notes, Severity.ERROR))

    def decisions(self, given: Mapping[str, Any] | None = None) -> dict[str, Decision]:
        """The decisions that are reached with `given` filled and the first option everywhere else, by id."""
        filled = Given({**self._request.decisions, **labels(given or {})}, FirstOption())
        found = self._tallied(filled)
        return dict((found or self._request.build(filled)).points)

    def expect_known(self) -> None:
        """Make sure that the decisions which are fixed exist.

        Raises:
            ArchdslError: E0602 for each one that no candidate reaches, as far as can be seen.
        """
        found = never_reached(self._request, self._tallied) if self._request.decisions else []
        if found:
            raise ArchdslError(found)

    def _tallied(self, decider: Decider) -> Tally | Forms | None:
        """What these decisions give; None if that is no candidate."""
        found = self._tallier.tally(self._request, decider)
        if isinstance(found, Tally) or found is None:
            return found
        forms = self._request.build(Given(found.decisions, decider))
        return None if forms.errors else forms

    def _found(self, request: Request) -> Tally | Forms:
        """As above, for complete decisions.

        Raises:
            ArchdslError: with everything that is wrong.
        """
        decider = Given(request.decisions)
        found = self._tallier.tally(request, decider)
        if isinstance(found, Tally) and request.decisions.keys() - request.optional <= found.points.keys():
            return found
        forms = request.build(decider)
        forms.raise_errors()
        return forms

    def _price(self, found: Tally | Forms) -> Price:
        return found.price if isinstance(found, Tally) else Price.of(found)

    def __repr__(self) -> str:
        return f"Space({self.name!r})"
