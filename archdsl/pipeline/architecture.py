"""Architectures: networks without open decisions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archdsl.ir.graph import Graph
from archdsl.pipeline.elaboration import Forms, Request
from archdsl.pipeline.settings import attributes
from archdsl.spec.elaborate.decisions import Given
from archdsl.spec.elaborate.scopes import Data
from archdsl.spec.syntax.model import Label, SpecFile

if TYPE_CHECKING:
    from archdsl.pipeline.tallying import Tally


class Architecture:
    """A network without open decisions.

    Attributes:
        name: the variant's name, or the file's.
        file: the file it comes from, as it was given.
        params: values of the root parameters that are data.
        decisions: the filled holes, by id, in the order in which they are reached.
    """

    def __init__(self, request: Request, found: Forms | Tally):
        self._request = request
        self.name: str = request.name
        self.file: str = request.spec.display
        self.description: str = request.spec.description
        self.references: tuple[str, ...] = request.spec.references
        self.params: dict[str, Data] = dict(found.params)
        self.decisions: dict[str, Label] = dict(found.decisions)
        self._outline: Callable[[], Graph] = self.graph
        self._digest: Callable[[], bytes | None] | None = None
        if isinstance(found, Forms):
            self._forms = found
        else:
            self._outline, self._digest = found.graph, found.digest

    @property
    def source(self) -> SpecFile:
        """The file as it was read, its imports resolved."""
        return self._request.spec

    @cached_property
    def _forms(self) -> Forms:
        """Both forms: of a candidate that was only added up, they are built when they are needed."""
        forms = self._request.build(Given(self.decisions))
        forms.raise_errors()
        return forms

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

        return canonical_hash(self._outline())

    @cached_property
    def identity(self) -> str:
        """32 hexadecimal digits, equal for architectures whose `hash` is equal and different for all others.

        For telling candidates of a space apart: of most it is found without making a graph, where `hash` needs one.
        """
        from archdsl.passes.canonical import identity, identity_of_hash

        if self._digest is None:
            return identity(self._outline())
        found = self._digest()
        return identity_of_hash(self.hash) if found is None else found.hex()

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
        text = path.read_bytes().decode()  # with its ends of lines
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
                files[path.relative_to(root).as_posix()] = path.read_bytes().decode()
        return files

    def __repr__(self) -> str:
        return f"Architecture({self.name!r})"
