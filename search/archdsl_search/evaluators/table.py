"""A table of measured candidates: for judging searchers without training anything."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pydantic import Field

from archdsl_search.candidate import Decisions, Label
from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings, Job, Metrics
from archdsl_search.evaluators.nats_bench import edges, unique_string

if TYPE_CHECKING:
    from archdsl import Space, Walk

SIMULATED = "simulated_seconds"
_EPOCHS = re.compile(r"_e(\d+)$")
_DECISION = "decisions:"
# Outcomes of a decision that are looked for in a table; those that a message names.
_COMPARED = 10_000
_SHOWN = 5
_PER_EPOCH = ("train_seconds_per_epoch", "valid_seconds_per_epoch")


class TableSettings(EvaluatorSettings):
    """The file, and what of it is searched on."""

    table: Path = Field(description="CSV file with a line of names, also as .csv.gz; one row for each candidate.")
    column: str = Field("val_acc_e200", description="The default objective.")
    arch: str = Field(
        "arch",
        description="Column with NATS-Bench architecture strings, whose operations are the labels in the order of the "
        "decisions. Where there is no such column, the column `decisions:ID` has the label of the decision ID.",
    )
    epochs: int | None = Field(
        None,
        ge=1,
        description="Epochs that simulated_seconds counts; by default those that the column's name ends with (_e200). "
        "One takes train_seconds_per_epoch + valid_seconds_per_epoch, where the table has these columns.",
    )

    @property
    def counted_epochs(self) -> int | None:
        """The epochs that one look-up stands for; None if nothing says it."""
        named = _EPOCHS.search(self.column)
        return self.epochs or (int(named[1]) if named else None)


class TableEvaluator(Evaluator[TableSettings]):
    """Looks candidates up: the numbers in the row, and `simulated_seconds` where it has seconds for each epoch."""

    name = "table"
    settings_type = TableSettings
    metrics = ()
    light = True

    def __init__(self, space: Space, settings: TableSettings):
        super().__init__(space, settings)
        self._table = read_table(settings.table, settings.arch)
        self._completed = Completed(space, self._table)
        if settings.column not in self._table.columns:
            there = ", ".join(self._table.columns)
            raise ValueError(f"{settings.table} has no column `{settings.column}` with numbers; there are {there}")
        objection = self._table.objection(self._completed.first)
        if objection:
            raise ValueError(f"{settings.table} is no table of the space {space.name}: {objection}")

    @classmethod
    def measured(cls, settings: TableSettings) -> tuple[str, ...]:
        """The columns, and what is made of them. A file that is of no use is refused where the evaluator is made."""
        try:
            columns = read_table(settings.table, settings.arch).columns
        except Exception:  # as many kinds as there are damaged files
            columns = []
        counted = settings.counted_epochs is not None and all(name in columns for name in _PER_EPOCH)
        return tuple(dict.fromkeys([settings.column, *columns, *((SIMULATED,) if counted else ())]))

    @classmethod
    def files(cls, settings: TableSettings) -> tuple[Path, ...]:
        """The table."""
        return (settings.table,)

    def evaluate(self, job: Job) -> Metrics:
        row = self._table.row(self._completed(job.decisions))
        epochs = self.settings.counted_epochs
        metrics = {self.settings.column: row[self.settings.column], **row}
        if epochs is not None and all(name in row for name in _PER_EPOCH):
            metrics[SIMULATED] = epochs * sum(row[name] for name in _PER_EPOCH)
        return metrics

    @classmethod
    def string_identity(cls, space: Space, settings: TableSettings) -> Callable[[Decisions], str]:
        """NATS-Bench's own rule for which candidates are one. The table is read when the first one is named."""

        @cache
        def read() -> tuple[Table, Completed]:
            table = read_table(settings.table, settings.arch)
            return table, Completed(space, table)

        def name(decisions: Decisions) -> str:
            table, completed = read()
            return unique_string(table.arch_of(completed(decisions)))

        return name


class Table:
    """Rows by the labels of the decisions.

    Attributes:
        columns: those that hold numbers, in some row at least.
    """

    def __init__(self, path: Path, arch: str):
        self._path = path
        self._archs: dict[tuple[str, ...], str] = {}
        self._rows: dict[tuple[str, ...], dict[str, float]] = {}
        with _opened(path) as lines:
            rows = csv.DictReader(lines)
            names = list(rows.fieldnames or [])
            self._by_string = arch in names
            self._names = [name.removeprefix(_DECISION) for name in names if name.startswith(_DECISION)]
            if not self._by_string and not self._names:
                raise ValueError(f"{path} has no column `{arch}`, and no columns `{_DECISION}ID` for decisions")
            for row in rows:
                self._add(row, arch)
        if not self._rows:
            raise ValueError(f"{path} has no rows")
        self.columns = list(dict.fromkeys(name for row in self._rows.values() for name in row))

    def _add(self, row: dict[str, str], arch: str) -> None:
        numbers = {name: number for name, text in row.items() if (number := _number(text)) is not None}
        if self._by_string:
            labels = tuple(op for node in edges(row[arch]) for op, _ in node)
            self._archs[labels] = row[arch]
            numbers = {name: number for name, number in numbers.items() if name != "index"}
        else:
            labels = tuple(row[_DECISION + name] for name in self._names)
            numbers = {name: number for name, number in numbers.items() if not name.startswith(_DECISION)}
        self._rows[labels] = numbers

    def objection(self, walk: Walk) -> str:
        """Why this is not a table of the space with this candidate; empty if it may be."""
        if walk.architecture is None:
            return ""
        names = list(walk.decisions)
        if self._by_string and all(len(labels) != len(names) for labels in self._rows):
            operations = len(next(iter(self._rows)))
            return f"its architectures have {operations} operations, the space has {len(names)} decisions"
        columns = names if self._by_string else self._names
        for point in walk.points:
            if point.id not in columns:
                return f"it has no column `{_DECISION}{point.id}`"
            place = columns.index(point.id)
            there = {labels[place] for labels in self._rows if place < len(labels)}
            if not any(_text(point.outcome(i)) in there for i in range(min(point.outcomes, _COMPARED))):
                options = ", ".join(_text(point.outcome(i)) for i in range(min(point.outcomes, _SHOWN)))
                return f"for the decision `{point.id}` it has {min(there)} and others, none of {options}"
        return ""

    def __contains__(self, decisions: Decisions) -> bool:
        return self._key(decisions) in self._rows

    def row(self, decisions: Decisions) -> dict[str, float]:
        """The numbers of a candidate.

        Raises:
            KeyError: if the table does not have it.
        """
        found = self._rows.get(self._key(decisions))
        if found is None:
            raise KeyError(f"{self._path.name} has no row for {json.dumps(dict(decisions))}")
        return found

    def arch_of(self, decisions: Decisions) -> str:
        """The architecture string of a candidate.

        Raises:
            KeyError: if the table does not have it, or no such strings.
        """
        return self._archs[self._key(decisions)]

    def _key(self, decisions: Decisions) -> tuple[str, ...]:
        if self._by_string:
            return tuple([_text(label) for label in decisions.values()])
        return tuple([_text(decisions[name]) if name in decisions else "" for name in self._names])


class Completed:
    """Decisions of candidates with the fixed ones: a row is named by both, a candidate only by what is searched.

    Attributes:
        first: the candidate with the first option everywhere.
    """

    def __init__(self, space: Space, table: Table):
        self._space = space
        self._table = table
        # Labels are filled in without looking at the space again, which takes much longer than a look-up.
        self.first = space.walk(lambda _: 0)
        searched = {point.id for point in self.first.points}
        self._order = tuple(self.first.decisions)
        self._fixed = {name: label for name, label in self.first.decisions.items() if name not in searched}

    def __call__(self, decisions: Decisions) -> Decisions:
        """All decisions of a candidate, in the order of the space."""
        likely = decisions
        if self._fixed:
            known = {**self._fixed, **decisions}
            likely = {**{name: known[name] for name in self._order if name in known}, **known}
        # The first candidate need not reach every decision that is fixed.
        return likely if likely in self._table else self._space.resolve(decisions).decisions


@lru_cache(maxsize=4)
def read_table(path: Path, arch: str) -> Table:
    """The table in a file; read once in a process.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is no table.
    """
    return Table(path, arch)


def _text(label: Label) -> str:
    return label if isinstance(label, str) else json.dumps(label)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """A text file, compressed or not."""
    kind = gzip.open if path.suffix == ".gz" else open
    with kind(path, "rt", encoding="utf-8", newline="") as file:
        yield file
