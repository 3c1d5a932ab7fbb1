"""The optimizing pipeline: an inference graph made faster, with the map of its weights and a record of each pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from archdsl.ir.graph import Graph
from archdsl.passes.base import Pass
from archdsl.passes.dead_nodes import DeadNodes
from archdsl.passes.identities import Identities
from archdsl.passes.inference.activation_motion import ActivationMotion
from archdsl.passes.inference.affine_folding import AffineFolding
from archdsl.passes.inference.affine_form import AffineForm
from archdsl.passes.inference.channel_order import ChannelOrder
from archdsl.passes.inference.common_subexpressions import CommonSubexpressions
from archdsl.passes.inference.concat_splitting import ConcatSplitting
from archdsl.passes.inference.constants import ConstantFolding
from archdsl.passes.inference.fusion import ActivationFusion, ResidualFusion
from archdsl.passes.inference.linear_chains import LinearChains
from archdsl.passes.inference.noise import Noise
from archdsl.passes.inference.padding_merge import PaddingMerge
from archdsl.passes.inference.parallel_branches import ParallelBranches
from archdsl.passes.inference.pooling_order import PoolingOrder
from archdsl.passes.inference.shifted_windows import ShiftedWindows
from archdsl.passes.inference.sibling_merging import SiblingMerging
from archdsl.passes.inference.strided_pooling import StridedPooling
from archdsl.passes.inference.views import Views
from archdsl.passes.pipeline import run_passes
from archdsl.passes.weights import Dropped, WeightMap, WeightStep, keys_of
from archdsl.passes.zeroed_branches import ZeroedBranches

# A group that hasn't settled by then stays as it is; only graphs made for it take more than a few.
MOST_ROUNDS = 100
CLEANING: tuple[Pass, ...] = (DeadNodes(), Identities(), CommonSubexpressions(), Views())
SIMPLIFYING: tuple[Pass, ...] = (Noise(), ZeroedBranches(), ConstantFolding(), *CLEANING)
FOLDING: tuple[Pass, ...] = (AffineForm(), AffineFolding(), ParallelBranches(), LinearChains())
ORDERING: tuple[Pass, ...] = (
    StridedPooling(),
    PaddingMerge(),
    ShiftedWindows(),
    PoolingOrder(),
    ActivationMotion(),
)
FUSING: tuple[Pass, ...] = (ResidualFusion(), ActivationFusion())

WITH_SPLITS: tuple[Pass, ...] = (SiblingMerging(splits=True, grouped=True),)

# Groups run one after the other, each until nothing changes.
EVERY: tuple[tuple[Pass, ...], ...] = (
    SIMPLIFYING,
    (*FOLDING, *ORDERING, *CLEANING),
    (ConcatSplitting(), *CLEANING),
    (*FUSING, *CLEANING),
    (SiblingMerging(), *CLEANING),
    (ChannelOrder(), *CLEANING),
)

# The same for devices where starting kernels costs more than copying parts of their results.
FEWEST: tuple[tuple[Pass, ...], ...] = (*EVERY[:-2], (*WITH_SPLITS, *CLEANING), EVERY[-1])


@dataclass(frozen=True)
class Record:
    """What one run of a pass did.

    Attributes:
        name: the pass.
        notes: what it did, one line for each kind of change.
        places: the nodes it did it to, by path.
        before, after: the graph.
    """

    name: str
    notes: tuple[str, ...]
    places: tuple[str, ...]
    before: Graph = field(repr=False)
    after: Graph = field(repr=False)


@dataclass(frozen=True)
class Optimized:
    """An optimized network.

    Attributes:
        graph: the network, with operators that only optimized graphs have.
        weights: how its weights come from those of the source, and back.
        records: what each pass did, in order; passes that did nothing are left out.
    """

    graph: Graph
    weights: WeightMap
    records: tuple[Record, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done, each line with the name of its pass in front."""
        return tuple(f"{record.name}: {note}" for record in self.records for note in record.notes)


def pipeline(
    only: Iterable[str] | None = None,
    without: Iterable[str] = (),
    groups: Sequence[Sequence[Pass]] = EVERY,
) -> tuple[tuple[Pass, ...], ...]:
    """Groups of passes with some left out.

    Args:
        only: names of the passes to keep; by default all.
        without: names of passes to leave out.
        groups: what to choose from.

    Raises:
        ValueError: if there is no pass of a name.
    """
    known = {each.name for group in groups for each in group}
    wanted = known if only is None else set(only)
    unknown = sorted((wanted | set(without)) - known)
    if unknown:
        raise ValueError(f"there is no pass {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    kept = wanted - set(without)
    return tuple(tuple(each for each in group if each.name in kept) for group in groups)


def optimize(graph: Graph, groups: Sequence[Sequence[Pass]] = EVERY) -> Optimized:
    """Make an inference graph faster without changing what it computes, up to rounding.

    Args:
        graph: an inference form; it is left as it is.
        groups: passes; each group runs until none of its passes changes anything, then the next one, and all again
            until a whole round changes nothing. `pipeline` makes a choice by name.
    """
    run = _Run(graph)
    for _ in range(MOST_ROUNDS):
        before = len(run.records)
        for group in groups:
            run.until_settled(group)
        if len(run.records) == before:
            return Optimized(
                run.graph, WeightMap(keys_of(graph), keys_of(run.graph), tuple(run.steps)), tuple(run.records)
            )
    raise RuntimeError("groups of passes undo each other's work")


class _Run:
    """A graph on its way through the passes."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.steps: list[WeightStep] = []
        self.records: list[Record] = []

    def until_settled(self, group: Sequence[Pass]) -> None:
        """Run the passes in turn until none of them changes anything."""
        for _ in range(MOST_ROUNDS):
            before = len(self.records)
            for each in group:
                self.apply(each)
            if len(self.records) == before:
                return

    def apply(self, each: Pass) -> None:
        """Run one pass and keep what it says."""
        result = run_passes(self.graph, (each,))
        if result.changed:
            notes = tuple(note.removeprefix(f"{each.name}: ") for note in result.notes)
            self.records.append(Record(each.name, notes, result.places, self.graph, result.graph))
            self.steps += result.steps or _dropped(self.graph, result.graph)
            self.graph = result.graph


def _dropped(before: Graph, after: Graph) -> tuple[WeightStep, ...]:
    """What a pass that changes no weights leaves out with their nodes."""
    old, new = keys_of(before), keys_of(after)
    gone = {key: spec for key, spec in old.items() if key not in new}
    return (Dropped(gone),) if gone else ()
