"""Passes in a row, and the simplification that the canonical hash and every backend start from."""

from __future__ import annotations

import os
from collections.abc import Sequence

from archdsl.ir.graph import Graph
from archdsl.ir.verify import assert_valid
from archdsl.passes.base import Pass, PassResult
from archdsl.passes.dead_nodes import DeadNodes
from archdsl.passes.identities import Identities
from archdsl.passes.weights import WeightStep
from archdsl.passes.zeroed_branches import ZeroedBranches

SIMPLIFICATION: tuple[Pass, ...] = (DeadNodes(), Identities(), ZeroedBranches())

# Set to 1, the verifier runs before the first pass and after each one.
VERIFY = "ARCHDSL_VERIFY"


def run_passes(graph: Graph, passes: Sequence[Pass]) -> PassResult:
    """The passes one after another, each once; the notes of all, each with the name of its pass in front.

    Raises:
        InvalidGraphError: if a pass makes an invalid graph, where the environment variable ARCHDSL_VERIFY is 1.
    """
    verifying = os.environ.get(VERIFY) == "1"
    if verifying:
        assert_valid(graph)
    changed = False
    notes: list[str] = []
    steps: list[WeightStep] = []
    places: list[str] = []
    for each in passes:
        result = each.run(graph)
        if result.changed:
            graph, changed = result.graph, True
            notes += [f"{each.name}: {note}" for note in result.notes]
            steps += result.steps
            places += result.places
            if verifying:
                assert_valid(graph)
    return PassResult(graph, changed, tuple(notes), tuple(steps), tuple(places))


def run_to_fixed_point(graph: Graph, passes: Sequence[Pass]) -> PassResult:
    """The passes in turn until none of them changes anything."""
    changed = False
    notes: list[str] = []
    while (result := run_passes(graph, passes)).changed:
        graph, changed = result.graph, True
        notes += result.notes
    return PassResult(graph, changed, tuple(notes))


def simplify(graph: Graph) -> PassResult:
    """Without dead nodes, identities and zeroed branches. Outputs are the same up to rounding, for finite values."""
    return run_to_fixed_point(graph, SIMPLIFICATION)
