"""Our searchers as Ray Tune's search algorithms, for whoever runs a `tune.Tuner` of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import ray.tune.search

from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome, State
from archdsl_search.searchers.base import Searcher

# Proposals in a row that are known already, after which the search is over.
STALL = 10_000
FORMAT = 1


class TuneSearcher(ray.tune.search.Searcher):
    """Suggests a searcher's candidates to Tune, as `config["decisions"]`, and tells it how trials ended.

    A trial that raised an error, or reported no finite number, has failed: the searcher is told so, and nothing that
    looks like a result. A candidate of the same identity as an earlier one is no trial: it is told that one's outcome.

    What `save` writes is JSON: the calls, which are made again by `restore`. Set
    `TuneConfig(max_concurrent_trials=...)`: Tune keeps one trial pending at a time otherwise.

    Args:
        make: makes the searcher, at its beginning. The same one every time.
        metric: reported by trials; several for searchers that follow several objectives. None: as `TuneConfig` says.
        mode: `max` or `min`, for each metric.
        replay: whether equal candidates are told what is known of the first one.
    """

    def __init__(
        self,
        make: Callable[[], Searcher[Any]],
        metric: str | Sequence[str] | None = None,
        mode: str | Sequence[str] | None = "max",
        replay: bool = True,
    ):
        self._signs = [_sign(each) for each in ([mode] if isinstance(mode, str) else mode or ["max"])]
        metrics = [metric] if isinstance(metric, str) else list(metric or ())
        modes = [mode] if isinstance(mode, str) else list(mode or ["max"])
        if len(modes) == 1:
            modes *= max(1, len(metrics))
            self._signs *= max(1, len(metrics))
        given: Any = metrics if len(metrics) > 1 else next(iter(metrics), None)
        super().__init__(given, modes if len(metrics) > 1 else modes[0])  # type: ignore[arg-type]  # lists are fine
        self._metrics = metrics
        self._make = make
        self._replay = replay
        self._begin()

    def _begin(self) -> None:
        self._searcher = self._make()
        self._calls: list[list[Any]] = []
        self._next = 0
        self._trials: dict[str, tuple[int, Candidate]] = {}
        self._waiting: dict[str, list[tuple[int, Candidate]]] = {}
        self._known: dict[str, Outcome] = {}

    # What Tune calls.

    def set_search_properties(self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any) -> bool:
        """Take metric and mode from `TuneConfig`, unless they were given here. There is a space already."""
        if metric is not None and not self._metrics:
            self._metric, self._mode = metric, mode or "max"
            self._metrics, self._signs = [metric], [_sign(self._mode)]
        return False

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # type: ignore[override]  # FINISHED is a text
        """The next candidate that is not known; None if something must end before; FINISHED if there is nothing."""
        for _ in range(STALL):
            number = self._next
            candidate = self._searcher.ask(number)
            self._calls.append(["ask", number])
            if candidate is None:
                return None if self._trials else self.FINISHED
            self._next += 1
            known = self._known.get(candidate.identity) if self._replay else None
            if known is not None:
                self._tell(number, candidate, known, replayed=True)
            elif self._replay and candidate.identity in self._waiting:
                self._waiting[candidate.identity].append((number, candidate))
                return None  # until that one has ended
            else:
                self._waiting[candidate.identity] = []
                self._trials[trial_id] = number, candidate
                return {"decisions": dict(candidate.decisions), "trial": number}
        return None if self._trials else self.FINISHED

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell the searcher, also of candidates that waited for this one."""
        if trial_id not in self._trials:
            return
        number, candidate = self._trials.pop(trial_id)
        outcome = self._outcome(result, error)
        self._tell(number, candidate, outcome)
        if self._replay:
            self._known[candidate.identity] = outcome
        for follower in self._waiting.pop(candidate.identity, []):
            self._tell(*follower, outcome, replayed=True)

    def save(self, checkpoint_path: str) -> None:
        """Write the calls so far, as JSON."""
        Path(checkpoint_path).write_text(json.dumps({"calls_of_searcher": FORMAT, "calls": self._calls}))

    def restore(self, checkpoint_path: str) -> None:
        """Make the calls again. Trials that were open are told as failed: Tune runs them again under other names.

        Raises:
            ValueError: if the file holds something else, or the searcher now proposes something else.
        """
        found = json.loads(Path(checkpoint_path).read_text())
        if not isinstance(found, dict) or found.get("calls_of_searcher") != FORMAT:
            raise ValueError(f"{checkpoint_path}: no calls of a searcher")
        self._recall(found["calls"])

    def __getstate__(self) -> dict[str, Any]:
        """Tune keeps what it was given: the calls, not the searcher's insides."""
        kept = {name: value for name, value in self.__dict__.items() if name not in _MADE}
        return {**kept, "_calls": list(self._calls)}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        self._recall(state["_calls"])

    # Both ways.

    def _recall(self, calls: Sequence[Sequence[Any]]) -> None:
        self._begin()
        open_trials: dict[int, Candidate] = {}
        for kind, number, *told in calls:
            if kind == "ask":
                candidate = self._searcher.ask(number)
                self._calls.append(["ask", number])
                if candidate is not None:
                    open_trials[number] = candidate
                    self._next = number + 1
                continue
            if number not in open_trials:
                raise ValueError(f"trial {number}: the searcher does not propose what it did")
            outcome = _read(told[0])
            candidate = open_trials.pop(number)
            if not outcome.replayed and self._replay:
                self._known[candidate.identity] = outcome
            self._tell(number, candidate, outcome, outcome.replayed)
        lost = Outcome(State.FAILED, None, {}, "lost when Tune was stopped")
        for number, candidate in open_trials.items():
            self._tell(number, candidate, lost)

    def _outcome(self, result: Mapping[str, Any] | None, error: bool) -> Outcome:
        metrics = {name: float(value) for name, value in (result or {}).items() if _is_number(value)}
        if error or result is None:
            return Outcome(State.FAILED, None, metrics, "the trial raised an error")
        missing = [name for name in self._metrics if name not in metrics]
        if missing or not self._metrics:
            return Outcome(State.FAILED, None, metrics, f"no finite number for {', '.join(missing) or 'any metric'}")
        values = tuple([sign * metrics[name] for name, sign in zip(self._metrics, self._signs, strict=True)])
        return Outcome(State.FINISHED, values, metrics)

    def _tell(self, number: int, candidate: Candidate, outcome: Outcome, replayed: bool = False) -> None:
        told = Outcome(outcome.state, outcome.values, outcome.metrics, outcome.error, replayed)
        self._searcher.tell(number, candidate, told)
        self._calls.append(["tell", number, _plain(told)])


# Attributes that `_recall` makes.
_MADE = ("_searcher", "_trials", "_waiting", "_known", "_next", "_calls")


def _sign(mode: str) -> float:
    if mode not in ("max", "min"):
        raise ValueError(f"mode is max or min, not {mode!r}")
    return 1.0 if mode == "max" else -1.0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {
        "state": str(outcome.state),
        "values": outcome.values,
        "metrics": dict(outcome.metrics),
        "error": outcome.error,
        "replayed": outcome.replayed,
    }


def _read(told: Mapping[str, Any]) -> Outcome:
    values = told["values"]
    state = State(told["state"])
    return Outcome(
        state, None if values is None else tuple(values), told["metrics"], told["error"], bool(told["replayed"])
    )
