"""`archdsl.load` and `archdsl.load_space`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic, Severity
from archdsl.pipeline.architecture import Architecture
from archdsl.pipeline.elaboration import Request
from archdsl.pipeline.settings import attributes, labels
from archdsl.spec.elaborate.decisions import Given
from archdsl.spec.files import Files
from archdsl.spec.library import locate
from archdsl.spec.static.check import check_file

if TYPE_CHECKING:
    from archdsl.pipeline.space import Space


def load(
    spec: str | PathLike[str],
    params: Mapping[str, Any] | None = None,
    decisions: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
) -> Architecture:
    """Read a spec and build its network.

    Args:
        spec: a shipped network's name (`resnet50`), a file, or `file.yaml@variant`.
        params: values for root parameters, as a file would write them.
        decisions: labels for open decisions, by id.
        inputs: shapes of one sample that replace those of the file, by input.

    Raises:
        ArchdslError: with every mistake that was found, and its place.
    """
    request = _request(spec, params, decisions, inputs)
    forms = request.build(Given(request.decisions))
    forms.raise_errors()
    return Architecture(request, forms)


def load_space(
    spec: str | PathLike[str],
    params: Mapping[str, Any] | None = None,
    decisions: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
) -> Space:
    """Read a spec with open decisions. Arguments as of `load`; `decisions` fixes some of them.

    A decision that is fixed holds in the candidates that reach it.

    Raises:
        ArchdslError: with every mistake that was found without building a network; E0602 for decisions that are fixed
            and never reached.
    """
    from archdsl.pipeline.space import Space

    space = Space(_request(spec, params, decisions, inputs))
    space.expect_known()
    return space


def _request(
    reference: str | PathLike[str],
    params: Mapping[str, Any] | None,
    decisions: Mapping[str, Any] | None,
    inputs: Mapping[str, Sequence[int]] | None,
) -> Request:
    path, display, variant = locate(fspath(reference))
    files = Files()
    spec = files.load(path, display)
    errors = [f for f in files.findings if f.severity is Severity.ERROR]
    if spec.root is not None or not errors:
        errors.extend(f for f in check_file(spec) if f.severity is Severity.ERROR)
    if errors:
        raise ArchdslError(errors)
    if spec.root is None:
        raise ArchdslError(Diagnostic("E0107", f"{display} has no graph: it is a library of cells", spec.span))
    return Request.of(spec, variant, attributes(params or {}), inputs or {}, labels(decisions or {}))
