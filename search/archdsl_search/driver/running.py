"""Starting a run and going on with one: folder, lock, journal, engine, driver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import archdsl
from archdsl_search.driver.disk import disk_keeper
from archdsl_search.driver.driver import Driver, Watcher
from archdsl_search.driver.engines import running_engine
from archdsl_search.driver.stopping import Stop
from archdsl_search.driver.watchers import Watchers
from archdsl_search.driver.weights import weights_keeper
from archdsl_search.engines.leftovers import marked
from archdsl_search.engines.worker import BrokenEvaluatorError
from archdsl_search.errors import SearchError
from archdsl_search.journal.provenance import digests, expect_same_files, expect_unchanged
from archdsl_search.journal.reader import NAME, Journal
from archdsl_search.journal.records import Header, Session
from archdsl_search.journal.writer import LOCK, JournalWriter, stamped
from archdsl_search.space.spec_space import OutsideError
from archdsl_search.sweep.loading import overridden, sweep_of
from archdsl_search.sweep.model import Sweep
from archdsl_search.sweep.parts import Parts, put_together

# What may be changed when a run is resumed: nothing that a searcher sees.
CHANGEABLE = ("budget", "resources")


@dataclass(frozen=True)
class Ended:
    """How a session ended.

    Attributes:
        reason: why there is nothing more to do; empty if it was stopped and can be resumed.
        signal: the number of the signal that stopped it, or 0.
        warning: of the journal that was resumed.
    """

    reason: str
    signal: int = 0
    warning: str = ""


@dataclass(frozen=True)
class Setting:
    """Where and how a sweep is carried out: nothing of it changes what is found.

    Attributes:
        folder: of the run.
        engine: local or ray.
        address: of a Ray cluster; empty: one on this machine.
        watch: makes what watches, once the parts are known.
        evaluate: a function in place of the sweep's evaluator.
        warn: told what a person should know, once.
    """

    folder: Path
    engine: str = "local"
    address: str = ""
    watch: Callable[[Parts], Watcher | None] = lambda parts: None
    evaluate: Callable[..., Any] | None = None
    warn: Callable[[str], None] = lambda message: None


def start(sweep: Sweep, setting: Setting) -> Ended:
    """Begin a run.

    Raises:
        SearchError: if there is one already in this folder.
        archdsl.ArchdslError, OptionError: for mistakes in space or sweep.
        JournalError, BrokenEvaluatorError: if it cannot go on.
    """
    if _has_begun(setting.folder):
        raise SearchError(
            f"{setting.folder} has a run already: `archdsl search resume {setting.folder}` goes on with it"
        )
    parts = put_together(sweep, setting.evaluate)
    with JournalWriter(setting.folder) as writer:
        writer.write([header_of(parts)])
        try:
            return _session(parts, setting, writer, None)
        except (BrokenEvaluatorError, SearchError, OutsideError, archdsl.ArchdslError):
            _forget(setting.folder)
            raise


def header_of(parts: Parts) -> Header:
    """The first line of a journal of evaluations of these parts."""
    labels = tuple(parts.objective.labels)
    files = digests(parts.plan.files)
    return Header(parts.described, parts.space.space.digest, archdsl.__version__, labels, stamped(), files)


def _has_begun(folder: Path) -> bool:
    """Whether there is a journal; one that a crash or a full disk has cut in its first line says nothing yet."""
    path = folder / NAME
    return path.exists() and (Journal(folder).header is not None or b"\n" in path.read_bytes())


def _forget(folder: Path) -> None:
    """Remove the journal of a run that could not begin, so that it can begin once what was wrong is mended."""
    if any(Journal(folder).results()):
        return
    for name in (NAME, LOCK):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()  # unless there was something before


def resume(setting: Setting, overrides: Mapping[str, Any] | None = None) -> Ended:
    """Go on with a run: rebuild the searcher from the journal, evaluate what was open again, search on.

    Args:
        overrides: changes of budget and resources, by dotted key.

    Raises:
        SearchError: if there is no run, another driver works on it, or it was made from something else.
        JournalError, BrokenEvaluatorError: if it cannot go on.
    """
    journal = Journal(setting.folder)
    header = journal.expect_header()
    sweep = changed(header.sweep, overrides or {})
    parts = put_together(sweep, setting.evaluate, by_hashes=journal.names_hashes)
    expect_unchanged(parts.space.space, header.space)
    expect_same_files(parts.plan.files, header.files)
    with JournalWriter(setting.folder, journal) as writer:
        return _session(parts, setting, writer, journal)


def changed(sweep: Mapping[str, Any], overrides: Mapping[str, Any]) -> Sweep:
    """The sweep of a journal with another budget or other resources.

    Raises:
        SearchError: for anything else.
        OptionsError: for values that are wrong.
    """
    for key in overrides:
        if key.split(".")[0] not in CHANGEABLE:
            raise SearchError(f"--set {key}: a run goes on as it began; only {' and '.join(CHANGEABLE)} can be changed")
    return sweep_of(overridden(sweep, overrides))


def _session(parts: Parts, setting: Setting, writer: JournalWriter, journal: Journal | None) -> Ended:
    warning = journal.warning if journal is not None else ""
    # Signals are noted only once the engine is there: Ray has handlers of its own while it starts.
    with marked(setting.folder), running_engine(setting.engine, parts, setting.address) as engine, Stop() as stop:
        keeper = disk_keeper(parts, setting.folder, setting.warn)
        weights = weights_keeper(parts, setting.folder)
        watchers = [watcher for watcher in (setting.watch(parts), weights, keeper) if watcher is not None]
        driver = Driver(parts, engine, writer, setting.folder, Watchers(watchers))
        if journal is not None:
            driver.rebuild(journal.records())
            writer.write([Session("resumed", "", stamped())])
        reason = driver.run(lambda: stop.signal != 0)
        if keeper is not None:
            keeper.look()
    event = "completed" if reason else "stopped"
    writer.write([Session(event, reason or f"signal {stop.signal}", stamped(elapsed=round(driver.elapsed, 3)))])
    return Ended(reason, stop.signal, warning)
