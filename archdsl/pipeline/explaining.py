"""What the optimizing passes do to a network, and what each is predicted and measured to gain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from archdsl.analysis.costing import cost_report
from archdsl.ir.graph import Graph
from archdsl.passes.base import Pass
from archdsl.passes.optimization import EVERY, optimize

if TYPE_CHECKING:
    from archdsl.pipeline.architecture import Architecture

WRITTEN = "as written"


class Figures(NamedTuple):
    """Cost of one sample.

    Attributes:
        operators: nodes of the graph.
        mult_adds: multiply-adds.
        memory_access: elements read and written, weights included.
    """

    operators: int
    mult_adds: int
    memory_access: int


@dataclass(frozen=True)
class Effect:
    """One run of a pass.

    Attributes:
        name: the pass.
        notes: what it did.
        places: the nodes that it did it to, by path.
        figures: the predicted cost of the network behind it.
        seconds: of one forward pass of the network behind it, if it was measured.
    """

    name: str
    notes: tuple[str, ...]
    places: tuple[str, ...]
    figures: Figures
    seconds: float | None = None


@dataclass(frozen=True)
class Explanation:
    """The way of a network through the passes.

    Attributes:
        network: its name.
        effects: the network as it was written, then each pass that did something, in order.
        batch_size: of what was measured.
        runtime: what ran it, the same for all; empty if nothing was measured.
    """

    network: str
    effects: tuple[Effect, ...]
    batch_size: int = 1
    runtime: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        rows = [
            {"pass": e.name, "notes": list(e.notes), "nodes": list(e.places)} | e.figures._asdict()
            | ({} if e.seconds is None else {"seconds": e.seconds})
            for e in self.effects
        ]  # fmt: skip
        timed = {"batch_size": self.batch_size, "runtime": self.runtime} if self.runtime else {}
        return {"network": self.network, **timed, "passes": rows}


def explain_passes(
    architecture: Architecture,
    groups: Sequence[Sequence[Pass]] = EVERY,
    *,
    timed: bool = False,
    runtime: str | None = None,
    batch_size: int = 1,
    rounds: int = 15,
    start: Callable[[int], None] = lambda total: None,
    advance: Callable[[], None] = lambda: None,
) -> Explanation:
    """Optimize a network and say what each pass did.

    Args:
        architecture: what `archdsl.load` gives.
        groups: the passes, as of `archdsl.passes.optimization.optimize`.
        timed: run the network after each pass, too: every graph as a plain module on the CPU, in rounds that take all
            in turn, so that only the graph differs.
        runtime: what runs them instead, as of `archdsl.compile`; `auto` takes the rule's for the network as written.
        batch_size: samples of a timed pass.
        rounds: samples of each graph, at least 2.
        start: called with the number of measurements before the first one.
        advance: called after each.
    """
    made = optimize(architecture.graph(), groups)
    graphs = [architecture.graph(), *(record.after for record in made.records)]
    seconds: list[float | None] = [None] * len(graphs)
    named = ""
    if timed:
        start(len(graphs) * (rounds + 1))
        named, found = _timed(graphs, runtime, batch_size, rounds, advance)
        seconds = list(found)
    first = Effect(WRITTEN, (), (), figures_of(graphs[0]), seconds[0])
    rest = [
        Effect(record.name, record.notes, record.places, figures_of(record.after), taken)
        for record, taken in zip(made.records, seconds[1:], strict=True)
    ]
    return Explanation(architecture.name, (first, *rest), batch_size, named)


def _timed(
    graphs: Sequence[Graph], runtime: str | None, batch_size: int, rounds: int, advance: Callable[[], None]
) -> tuple[str, list[float]]:
    """What ran them on what, and the seconds of each graph."""
    from archdsl.backends.torch.stopwatch import device_facts, time_graphs

    facts = device_facts("cpu")
    if runtime is None:
        seconds = [timing.median for timing in time_graphs(graphs, "cpu", batch_size, rounds, advance)]
        what = f"torch {facts.torch}, plain modules"
    else:
        from archdsl.backends.runtimes.session import runtime_version
        from archdsl.backends.torch.inference.side_by_side import time_on_runtime

        name, seconds = time_on_runtime(graphs, runtime, batch_size, rounds, advance)
        what = f"{name} {runtime_version(name)}"
    return f"{what}, {facts.name}, {facts.threads} threads, float32", seconds


def figures_of(graph: Graph) -> Figures:
    """The predicted cost of a graph."""
    report = cost_report(graph)
    return Figures(len(graph.nodes), report.mult_adds, report.memory_access)
