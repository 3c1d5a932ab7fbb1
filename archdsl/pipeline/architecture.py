"""Architectures and search spaces: what a spec file gives once it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic, Severity
from archdsl.ir.graph import Graph
from archdsl.pipeline.elaboration import Forms, Request
from archdsl.pipeline.settings import attributes, labels
from archdsl.spec.elaborate.decisions import Chosen, Decision, FirstOption, Given, Sampled
from archdsl.spec.elaborate.scopes import Data
from archdsl.spec.syntax.model import Label

# How often `sample` draws again when a candidate is not in the space.
SAMPLE_ATTEMPTS = 1000


class Architecture:
    """A network without open decisions.

    Attributes:
        name: the variant's name, or the file's.
        file: the file it comes from, as it was given.
        params: values of the root parameters that are data.
        decisions: the filled holes, by id, in the order in which they are reached.
    """

    def __init__(self, request: Request, forms: Forms):
        self._request = request
        self._forms = forms
        self.name: str = request.name
        self.file: str = request.spec.display
        self.description: str = request.spec.description
        self.references: tuple[str, ...] = request.spec.references
        self.params: dict[str, Data] = dict(forms.inference.params)
        self.decisions: dict[str, Label] = dict(forms.decisions)

    def graph(self, training: bool = False) -> Graph:
        """The network as a typed graph: the inference form, or the training form with its auxiliary parts."""
        form = self._forms.training if training else self._forms.inference
        assert form.graph is not None  # forms with errors never become an Architecture
        return form.graph

    @property
    def has_training_form(self) -> bool:
        """Whether training and inference differ (the file reads `training`)."""
        return self._forms.training is not self._forms.inference

    @cached_property
    def hash(self) -> str:
        """The canonical hash of the inference form: equal for isomorphic networks (see archdsl.passes.canonical)."""
        from archdsl.passes.canonical import canonical_hash

        return canonical_hash(self.graph())

    def with_settings(self, params: Mapping[str, Any], inputs: Mapping[str, Sequence[int]]) -> Architecture:
        """The same file with the same decisions, other values of root parameters and other shapes of inputs.

        Raises:
            ArchdslError: if no network comes of that.
        """
        request = self._request.with_decisions(self.decisions)
        shapes = {name: tuple(shape) for name, shape in inputs.items()}
        given = {**request.params, **attributes(params)}
        request = replace(request, params=given, shapes={**request.shapes, **shapes})
        forms = request.build(Given(self.decisions))
        forms.raise_errors()
        return Architecture(request, forms)

    def source_with_decisions(self) -> str:
        """The text of the file with the key `decisions` added, and nothing else changed."""
        from archdsl.spec.format.decisions import with_decisions

        path = self._request.spec.path
        text = path.read_text(encoding="utf-8")
        if not self.decisions:
            return text
        return with_decisions(text, self.decisions, json=path.suffix == ".json")

    def spec_files(self) -> dict[str, str]:
        """The network as files that need nothing but the library: parameters, input shapes and decisions written in.

        Returns:
            Texts by path: the file itself first, under its own name; then the files beside it that it imports.
        """
        from archdsl.spec.format.settings import with_settings
        from archdsl.spec.library import library_root

        spec = self._request.spec
        root = spec.path.resolve().parent
        given = {name: attribute.value for name, attribute in self._request.params.items()}
        text = self.source_with_decisions()
        files = {spec.path.name: with_settings(text, given, self._request.shapes, json=spec.path.suffix == ".json")}
        shipped = library_root()
        for imported in spec.imported_files():
            path = imported.path.resolve()
            # What an import finds in the library is found there again; only files beside this one must come along.
            if path.is_relative_to(root) and (root.is_relative_to(shipped) or not path.is_relative_to(shipped)):
                files[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8")
        return files

    def __repr__(self) -> str:
        return f"Architecture({self.name!r})"


@dataclass(frozen=True, slots=True)
class Walk:
    """One way through the decisions of a space.

    Attributes:
        points: the decisions that were reached and not fixed beforehand, in the order reached.
        decisions: the outcome of each decision, fixed ones included.
        architecture: what they give; None if that is not in the space.
        errors: why it is not: a `require` that does not hold, shapes that don't fit.
    """

    points: tuple[Decision, ...]
    decisions: dict[str, Label]
    architecture: Architecture | None
    errors: tuple[Diagnostic, ...] = ()


class Space:
    """A search space: a file with open decisions.

    Attributes:
        name: the variant's name, or the file's.
        file: the file it comes from, as it was given.
        path: where that file is.
    """

    def __init__(self, request: Request):
        self._request = request
        self.name: str = request.name
        self.file: str = request.spec.display
        self.path: Path = request.spec.path
        self.description: str = request.spec.description

    def resolve(self, decisions: Mapping[str, Any]) -> Architecture:
        """The architecture that these decisions give.

        Args:
            decisions: a label for the id of every decision that is reached; no others.

        Raises:
            ArchdslError: for open, unknown or impossible decisions, and for candidates outside the space (E0407).
        """
        request = self._request.with_decisions(labels(decisions))
        forms = request.build(Given(request.decisions))
        forms.raise_errors()
        return Architecture(request, forms)

    def sample(self, rng: Random) -> dict[str, Label]:
        """Random decisions of one valid candidate: each decision uniform over its outcomes, in the order reached.

        Candidates that a `require` excludes, or whose shapes don't fit, are drawn again.

        Raises:
            ArchdslError: E0608 if no valid candidate was found in 1000 draws.
        """
        last: Forms | None = None
        for _ in range(SAMPLE_ATTEMPTS):
            last = self._request.build(Given(self._request.decisions, Sampled(rng)))
            if not last.errors:
                return dict(last.decisions)
        assert last is not None
        why = last.errors[0]
        message = f"no valid architecture in {SAMPLE_ATTEMPTS} draws; the last one: {why.message}"
        raise ArchdslError(Diagnostic("E0608", message, why.span, why.label, why.notes, Severity.ERROR))

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

        forms = self._request.build(Given(self._request.decisions, Chosen(number)))
        errors = tuple(forms.errors)
        made = None if errors else Architecture(self._request.with_decisions(forms.decisions), forms)
        return Walk(tuple(reached), dict(forms.decisions), made, errors)

    def decisions(self, given: Mapping[str, Any] | None = None) -> dict[str, Decision]:
        """The decisions that are reached with `given` filled and the first option everywhere else, by id."""
        filled = {**self._request.decisions, **labels(given or {})}
        forms = self._request.build(Given(filled, FirstOption()))
        return dict(forms.points)

    def __repr__(self) -> str:
        return f"Space({self.name!r})"
