"""What a sweep needs, what there is, and what it would take: before it begins, and without beginning it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from archdsl_search.driver.engines import NAMES, needs_of
from archdsl_search.driver.estimating import Estimate, estimate
from archdsl_search.driver.probing import Probe, Seen, probe
from archdsl_search.driver.stopping import Stop
from archdsl_search.engines.preflight import Preflight, ThisMachine, processors
from archdsl_search.errors import SearchError
from archdsl_search.sweep.model import Sweep
from archdsl_search.sweep.parts import Parts, put_together


@dataclass(frozen=True)
class Check:
    """What was found.

    Attributes:
        preflight: needs beside what there is.
        problems: why the sweep should not begin like this; empty if it can.
        notes: what else is worth knowing.
        probe: of some candidates; None if none was evaluated.
        estimate: from the probe; None without one that finished.
        signal: the number of the signal that stopped it, or 0.
    """

    engine: str
    preflight: Preflight
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    probe: Probe | None = None
    estimate: Estimate | None = None
    signal: int = 0

    @property
    def at_once(self) -> int:
        """Trials that run at the same time; on a cluster that grows, as many as are wanted."""
        return self.preflight.needs.workers if self.preflight.grows else self.preflight.places

    def to_json(self) -> dict[str, Any]:
        """Plain data, all of it."""
        found = self.preflight
        return {
            "engine": self.engine,
            "fine": not self.problems,
            "problems": list(self.problems),
            "notes": list(self.notes),
            "needs": {"per_trial": found.needs.total, "workers": found.needs.workers},
            "has": {name: found.has.get(name, 0.0) for name in found.has},
            "machines": len(found.nodes),
            "grows": found.grows,
            "at_once": self.at_once,
            "probe": None if self.probe is None else asdict(self.probe),
            "estimate": None if self.estimate is None else asdict(self.estimate),
        }


def check(
    sweep: Sweep, engine: str, address: str, probes: int, price: float | None, seen: Seen = lambda ended, of: None
) -> Check:
    """Look at what there is, evaluate some candidates, and estimate the whole. Nothing is written.

    Args:
        probes: how many candidates are evaluated; 0: none, and there is no estimate.
        price: of an hour of one GPU, or of one CPU core where evaluations have no GPU.

    Raises:
        archdsl.ArchdslError, OptionError: for mistakes in space or sweep.
        RefusedError: if there is no cluster at the address.
        BrokenEvaluatorError: if the evaluator cannot be made.
    """
    parts = put_together(sweep)
    with _there(engine, parts, address) as preflight:
        found = Check(engine, preflight, _objections(preflight), tuple(_notes(parts, engine, address)))
        if found.problems or not probes:
            return found
        with Stop() as stop:
            tried = probe(parts, engine, address, probes, lambda: stop.signal != 0, seen)
    expected = None
    if tried.finished:
        resources, budget = sweep.resources, sweep.budget
        expected = estimate(budget, resources, _held(parts, found.at_once), tried.seconds, tried.simulated, price)
    problems = () if tried.stopped else tuple(_faults(tried))
    return replace(found, problems=problems, probe=tried, estimate=expected, signal=stop.signal)


@contextmanager
def _there(engine: str, parts: Parts, address: str) -> Iterator[Preflight]:
    """What the engine would find; a cluster stays connected within the block."""
    needs = needs_of(parts.sweep.resources)
    if engine not in NAMES:
        raise SearchError(f"there is no engine `{engine}`")
    if engine == "local":
        if address:
            raise SearchError("--address is for `--engine ray`")
        yield ThisMachine(needs)
        return
    from archdsl_search.engines.ray.before_import import prepare

    prepare(address)
    from archdsl_search.engines.ray.cluster import Cluster
    from archdsl_search.engines.ray.preflight import preflight

    cluster = Cluster(address, needs)
    try:
        yield preflight(needs)
    finally:
        cluster.leave()


def _held(parts: Parts, at_once: int) -> int:
    """Evaluations of milliseconds are carried out by one process of this machine, without a cluster."""
    return 1 if parts.plan.light else max(1, at_once)


def _objections(preflight: Preflight) -> tuple[str, ...]:
    return (preflight.objection,) if preflight.objection else ()


def _notes(parts: Parts, engine: str, address: str) -> Iterator[str]:
    resources = parts.sweep.resources
    there = processors()
    if not address and not parts.plan.light and resources.workers * resources.cpus > there:
        wanted = f"{resources.workers} trials of {resources.cpus:g} CPUs"
        yield f"{wanted} share {there} processors: each takes longer than one alone"
    if engine == "local" and (resources.custom or resources.bundles):
        yield "custom resources and bundles are for --engine ray; worker processes of this machine do without"
    if resources.timeout is None and not parts.plan.light:
        yield "there is no timeout: an evaluation that hangs is never stopped (resources.timeout)"


def _faults(tried: Probe) -> Iterator[str]:
    if not tried.candidates:
        yield f"none of {tried.drawn:,} candidates drawn at random is within the limits of the sweep"
    elif not tried.finished:
        yield f"no candidate of {tried.candidates} could be evaluated: {tried.errors[0]}"
