"""What a journal's lines mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, ClassVar, TypeAlias

from archdsl_search.candidate import Decisions
from archdsl_search.outcome import Outcome, State

FORMAT = 1
Time: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: what is searched, and how.

    Attributes:
        sweep: the sweep file with everything filled in; what a run is resumed from.
        space: digest of the texts of the space file and those it imports: another space has other decisions.
        version: of archdsl.
        labels: what each objective value is called.
        files: digest of each file that the evaluator reads, by path.
    """

    kind: ClassVar[str] = "header"
    sweep: Mapping[str, Any]
    space: str
    version: str
    labels: tuple[str, ...]
    time: Time = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """The searcher was asked for a trial.

    Attributes:
        identity: of what it proposed, which it will propose again when it is asked again in the same state; None:
            nothing before an open trial is told.
    """

    kind: ClassVar[str] = "asked"
    trial: int
    identity: str | None
    time: Time = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """A trial has ended, and the searcher was told.

    Attributes:
        trial: the number of the trial, from 0, in the order of asking.
        state: finished, failed, infeasible or rejected.
        objective: one number for each objective, larger is better; None unless finished.
        decisions: the candidate's.
        identity: the candidate's.
        metrics: all that was measured.
        error: one line; empty if finished.
        replayed: the trial whose result this is, for a candidate that was evaluated before; None for an evaluation.
        time: `at`, `seconds` of the evaluation, `elapsed` seconds of the run, `worker`.
    """

    kind: ClassVar[str] = "result"
    trial: int
    state: State
    objective: tuple[float, ...] | None
    decisions: Decisions
    identity: str
    metrics: Mapping[str, float]
    error: str
    replayed: int | None
    time: Time = field(default_factory=dict)

    @property
    def paid(self) -> bool:
        """Whether something was evaluated for it: not replayed, not rejected."""
        return self.replayed is None and self.state is not State.REJECTED

    @property
    def seconds(self) -> float:
        """Wall time of the evaluation."""
        return float(self.time.get("seconds", 0.0))

    def outcome(self, hidden: tuple[str, ...] = ()) -> Outcome:
        """What the searcher is told; metrics whose name begins with one of `hidden` are left out."""
        seen = {name: value for name, value in self.metrics.items() if not (hidden and name.startswith(hidden))}
        return Outcome(self.state, self.objective, seen, self.error, self.replayed is not None)


@dataclass(frozen=True, slots=True)
class Rung:
    """A trial came to a rung of early stopping.

    Attributes:
        step: where the rung is.
        value: what the trial was worth there; larger is better.
        stopped: whether it was asked to return what it had.
    """

    kind: ClassVar[str] = "rung"
    trial: int
    step: int
    value: float
    stopped: bool
    time: Time = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Session:
    """A driver began to work on the run, or ended for a reason: for people; searches don't depend on it.

    Attributes:
        event: resumed, completed or stopped.
        reason: why, in a few words.
    """

    kind: ClassVar[str] = "session"
    event: str
    reason: str
    time: Time = field(default_factory=dict)


Record: TypeAlias = Header | Asked | Result | Rung | Session


def to_fields(record: Record) -> dict[str, Any]:
    """The record as plain data, `time` left out."""
    if isinstance(record, Header):
        return {
            "kind": record.kind, "journal": FORMAT, "version": record.version, "space": record.space,
            "labels": list(record.labels), "sweep": dict(record.sweep),
            **({"files": dict(record.files)} if record.files else {}),
        }  # fmt: skip
    if isinstance(record, Asked):
        return {"kind": record.kind, "trial": record.trial, "identity": record.identity}
    if isinstance(record, Rung):
        fields = {"kind": record.kind, "trial": record.trial, "step": record.step}
        return {**fields, "value": record.value, "stopped": record.stopped}
    if isinstance(record, Session):
        return {"kind": record.kind, "event": record.event, "reason": record.reason}
    return {
        "kind": record.kind, "trial": record.trial, "state": str(record.state),
        "objective": _plain(record.objective), "replayed": record.replayed, "identity": record.identity,
        "decisions": record.decisions, "metrics": dict(record.metrics), "error": record.error,
    }  # fmt: skip


_NUMBER = (int, float)
_FORMS: Mapping[str, Mapping[str, Any]] = {
    Header.kind: {"sweep": dict, "space": str, "version": str, "labels": list},
    Asked.kind: {"trial": int, "identity": (str, NoneType)},
    Rung.kind: {"trial": int, "step": int, "value": _NUMBER, "stopped": bool},
    Session.kind: {"event": str, "reason": str},
    Result.kind: {
        "trial": int, "objective": (int, float, list, NoneType), "decisions": dict, "identity": str,
        "metrics": dict, "error": str, "replayed": (int, NoneType),
    },
}  # fmt: skip


def from_fields(fields: Mapping[str, Any], time: Time) -> Record:
    """The record that plain data stand for.

    Raises:
        KeyError, TypeError, ValueError: if they stand for none.
    """
    kind = fields["kind"]
    for name, kinds in _FORMS.get(kind, {}).items():
        if not isinstance(fields[name], kinds) or (isinstance(fields[name], bool) and kinds is not bool):
            raise TypeError(name)
    if kind == Header.kind:
        if fields["journal"] != FORMAT:
            raise ValueError(f"format {fields['journal']}")
        files = fields.get("files", {})
        return Header(fields["sweep"], fields["space"], fields["version"], tuple(fields["labels"]), time, files)
    if kind == Asked.kind:
        return Asked(fields["trial"], fields["identity"], time)
    if kind == Rung.kind:
        return Rung(fields["trial"], fields["step"], fields["value"], fields["stopped"], time)
    if kind == Session.kind:
        return Session(fields["event"], fields["reason"], time)
    if kind == Result.kind:
        return Result(
            fields["trial"], State(fields["state"]), _values(fields["objective"]), fields["decisions"],
            fields["identity"], fields["metrics"], fields["error"], fields["replayed"], time,
        )  # fmt: skip
    raise ValueError(kind)


def _plain(values: tuple[float, ...] | None) -> float | list[float] | None:
    """One number for one objective."""
    if values is None:
        return None
    return values[0] if len(values) == 1 else list(values)


def _values(plain: float | list[float] | None) -> tuple[float, ...] | None:
    if plain is None:
        return None
    values = plain if isinstance(plain, list) else [plain]
    if not all(isinstance(value, _NUMBER) for value in values):
        raise TypeError("objective")
    return tuple(values)
