"""Two architectures side by side: what `archdsl diff` shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archdsl.pipeline.architecture import Architecture

if TYPE_CHECKING:
    from archdsl.analysis.differences import Comparison


def compare_architectures(before: Architecture, after: Architecture, training: bool = False) -> Comparison:
    """What differs between two networks: steps, cells, shapes, cost, and which weights of the first fit the second.

    Without torch. `equal` of the result says that they are one network: equal canonical hashes of this form.

    Args:
        before, after: what `archdsl.load` gives.
        training: compare the training forms, with their auxiliary parts.
    """
    from archdsl.analysis.comparison import compare

    found = compare(before.graph(training), after.graph(training))
    return replace(found, names=(before.name, after.name))
