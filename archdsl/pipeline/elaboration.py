"""From a file and what is given beside it to the two forms of a network, inference and training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic, Severity
from archdsl.diagnostics.suggest import nearest
from archdsl.ir.graph import Graph
from archdsl.spec.elaborate.decisions import Decider, Decision, Given
from archdsl.spec.elaborate.network import Elaboration, Remembered, elaborate
from archdsl.spec.elaborate.scopes import Data
from archdsl.spec.syntax.model import Attribute, GivenLabel, Label, SpecFile

# Open decisions named one by one; a search space has hundreds.
OPEN_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Forms:
    """Both forms of one network; one object twice where they don't differ."""

    inference: Elaboration
    training: Elaboration
    further: tuple[Diagnostic, ...] = ()

    @property
    def findings(self) -> list[Diagnostic]:
        """What was found in either form, each once."""
        both = [*self.inference.findings, *self.training.findings, *self.further]
        return list({finding.key: finding for finding in reversed(both)}.values())[::-1]

    @property
    def errors(self) -> list[Diagnostic]:
        """The findings that are errors."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]

    @property
    def decisions(self) -> dict[str, Label]:
        """Outcomes by id; those that only training reaches stand last."""
        return {**self.training.decisions, **self.inference.decisions} if self._differ else self.inference.decisions

    @property
    def params(self) -> dict[str, Data]:
        """Values of the root parameters that are data."""
        return self.inference.params

    @property
    def points(self) -> dict[str, Decision]:
        """Decisions by id."""
        return {**self.inference.points, **self.training.points}

    @property
    def steps(self) -> int:
        """Expanded steps of what was elaborated."""
        return self.inference.steps + (self.training.steps if self._differ else 0)

    @property
    def _differ(self) -> bool:
        return self.training is not self.inference

    def raise_errors(self) -> None:
        """Raise what was found, if any of it is an error.

        Raises:
            ArchdslError: with the findings; many open decisions as one.
        """
        errors = self.errors
        if not errors:
            return
        opened = [e for e in errors if e.code == "E0601"]
        if len(opened) > OPEN_SHOWN:
            ids = ", ".join(f"`{name}`" for name in list(self.points)[:OPEN_SHOWN])
            message = f"{len(opened)} places are open: this is a search space, not an architecture"
            hint = "give decisions (`archdsl resolve` fills them), or load it as a space"
            first = Diagnostic("E0601", message, opened[0].span, hint, (f"decisions: {ids}, ...",))
            errors = [first, *(e for e in errors if e.code != "E0601")]
        raise ArchdslError(errors)


@dataclass(frozen=True, slots=True)
class Request:
    """A file with everything given beside it: variant, parameters, input shapes, decisions.

    Attributes:
        written: the decisions that the file gives itself, by id; not those for which the caller gives another label.
        optional: decisions that need not be reached: what is fixed in a space holds where it exists.
    """

    spec: SpecFile
    name: str
    params: Mapping[str, Attribute]
    shapes: Mapping[str, tuple[int, ...]]
    decisions: Mapping[str, Label]
    written: Mapping[str, GivenLabel]
    optional: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        spec: SpecFile,
        variant: str,
        params: Mapping[str, Attribute],
        shapes: Mapping[str, Sequence[int]],
        decisions: Mapping[str, Label],
    ) -> Request:
        """Put together what the file, its variant and the caller give; the caller wins.

        Raises:
            ArchdslError: E0409 for an unknown variant.
        """
        chosen = spec.variants.get(variant)
        if variant and chosen is None:
            close = nearest(variant, list(spec.variants))
            hint = f"did you mean `{close}`?" if close else "variants: " + (", ".join(spec.variants) or "none")
            raise ArchdslError(Diagnostic("E0409", f"{spec.display} has no variant `{variant}`", None, hint))
        written = {each.id.text: each for each in (*spec.decisions, *(chosen.decisions if chosen else ()))}
        of_variant = {attribute.name: attribute for attribute in chosen.params} if chosen else {}
        return cls(
            spec,
            variant or spec.name or spec.path.stem,
            {**of_variant, **params},
            {name: tuple(shape) for name, shape in shapes.items()},
            {**{name: each.label for name, each in written.items()}, **decisions},
            {name: each for name, each in written.items() if name not in decisions},
        )

    def with_decisions(self, decisions: Mapping[str, Label]) -> Request:
        """The same with further decisions, which must be reached."""
        return replace(self, decisions={**self.decisions, **decisions}, optional=self.optional - decisions.keys())

    @property
    def of_space(self) -> Request:
        """The same for the candidates of a space: what is given is fixed where it is reached."""
        return replace(self, optional=frozenset(self.decisions))

    def build(self, decider: Decider) -> Forms:
        """Elaborate the file; the training form only if the file depends on it."""
        like = Remembered()
        # What a caller has put in place of the file's label stands nowhere in it.
        labels = {name: each.span for name, each in self.written.items() if self.decisions[name] == each.label}
        inference = elaborate(self.spec, decider, self.params, self.shapes, like=like, labels=labels)
        training = inference
        further: list[Diagnostic] = []
        if inference.saw_training:
            again = Given(inference.decisions, decider)
            training = elaborate(self.spec, again, self.params, self.shapes, training=True, like=like, labels=labels)
            further.extend(_unlike_weights(inference.graph, training.graph))
        for found in (inference.graph, training.graph):
            if found is not None:
                found.name = self.name
        known = {**inference.points, **training.points}
        if inference.graph is not None and training.graph is not None:
            missing = [name for name in self.decisions if name not in known and name not in self.optional]
            further.extend(self.unknown(name, list(known)) for name in missing)
        return Forms(inference, training, tuple(further))

    def unknown(self, name: str, known: Sequence[str]) -> Diagnostic:
        """E0602: a decision that is given is not among those that were reached."""
        close = nearest(name, known)
        hint = f"did you mean `{close}`?" if close else ""
        span = self.written[name].id.span if name in self.written else None
        return Diagnostic("E0602", f"no decision `{name}` is reached", span, hint)


def _unlike_weights(inference: Graph | None, training: Graph | None) -> list[Diagnostic]:
    """The weights of inference must be a subset of training's: else a trained checkpoint could not be used."""
    if inference is None or training is None:
        return []
    known: dict[str, dict[str, tuple[int, ...]]] = {}
    for node, spec in training.weights():
        known.setdefault(node.path, {})[spec.name] = spec.shape
    found: dict[str, Diagnostic] = {}
    for node, spec in inference.weights():
        path = node.path
        if path not in known:
            message = f"`{path}` has weights in inference that training does not have"
        elif spec.name not in known[path]:
            message = f"`{path}` has `{spec.name}` in inference, and not in training"
        elif spec.shape != known[path][spec.name]:
            message = f"`{path}` has another `{spec.name}` in inference than in training"
        else:
            continue
        found.setdefault(path, Diagnostic("E0706", message, node.span))
    return list(found.values())
