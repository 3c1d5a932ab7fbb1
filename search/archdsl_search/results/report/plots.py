"""Geometry of the plots; the template writes it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from archdsl_search.results.report.data import Front, ReportData, Step
from archdsl_search.results.report.scale import Scale, number_text, seconds_text

WIDTH, HEIGHT = 640.0, 330.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 14.0, 14.0, 46.0
_MOST_DOTS = 4000
_MANY = 400
# The axis begins where all but so many of the values lie: one failed training must not flatten the rest.
_BELOW = 0.02


class Mark(NamedTuple):
    """A point that can be pointed at."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Plot:
    """One plot.

    Attributes:
        dots: a path of strokes without length, one for each trial; light enough for thousands.
        line: the running best, or the front.
        mean: the moving mean; empty on a front.
        marks: where the best rose, or the members of the front.
        many: whether dots are to be small.
        clipped: how many values lie below the axis and are drawn at its end.
    """

    title: str
    x: Scale
    y: Scale
    x_title: str
    y_title: str
    dots: str
    line: str
    mean: str
    marks: list[Mark]
    many: bool = False
    clipped: int = 0


def progress(data: ReportData, by_time: bool) -> Plot | None:
    """The objective over evaluations, or over the time of the run; None if there is nothing to show."""
    steps = data.steps
    if not steps or (by_time and steps[-1].elapsed <= 0):
        return None
    unit, size = time_unit(steps[-1].elapsed)
    at = [step.elapsed / size if by_time else float(step.number) for step in steps]
    values = sorted(step.value for step in steps)
    low = values[int(len(values) * _BELOW)]
    x = Scale.around([0.0, *at], LEFT, WIDTH - RIGHT, 0.0)
    y = Scale.around([low, values[-1], *(step.mean for step in steps if step.mean >= low)], HEIGHT - BOTTOM, TOP)
    places = [(x.at(a), y.at(step.value)) for a, step in zip(at, steps, strict=True)]
    rises = [i for i, step in enumerate(steps) if i == 0 or step.best > steps[i - 1].best]
    return Plot(
        "By time" if by_time else "By evaluation",
        x,
        y,
        unit if by_time else "evaluations",
        data.labels[0],
        _dots(places),
        _stairs([(x.at(at[i]), y.at(steps[i].best)) for i in rises], x.end),
        _polyline([(x.at(a), y.at(step.mean)) for a, step in zip(at, steps, strict=True)]),
        [Mark(*places[i], _step_text(steps[i], data.labels[0])) for i in rises],
        len(steps) > _MANY,
        sum(value < y.low for value in values),
    )


def time_unit(seconds: float) -> tuple[str, float]:
    """The unit in which so much time is read, and its size in seconds."""
    units = (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0))
    return next((unit for unit in units if seconds >= 3 * unit[1]), ("seconds", 1.0))


def front_plot(front: Front) -> Plot:
    """All candidates in two dimensions, and the stairs along those that nothing beats."""
    (x_name, x_sign), (y_name, y_sign) = (_axis(name) for name in front.axes)
    points = {trial: (x_sign * a, y_sign * b) for a, b, trial in front.points}
    x = Scale.around([a for a, _ in points.values()], LEFT, WIDTH - RIGHT, logarithmic=True)
    y = Scale.around([b for _, b in points.values()], HEIGHT - BOTTOM, TOP)
    members = sorted(points[trial] for trial in front.members)
    by_place = {points[trial]: trial for trial in front.members}
    marks = [
        Mark(x.at(a), y.at(b), f"trial {by_place[a, b]}\n{y_name} {number_text(b)}\n{x_name} {number_text(a)}")
        for a, b in members
    ]
    places = [(mark.x, mark.y) for mark in marks]
    smaller_x = x_sign < 0
    line = _stairs(places, x.end) if smaller_x else _stairs(places[::-1], x.start)
    dots = _dots([(x.at(a), y.at(b)) for a, b in points.values()])
    return Plot("Pareto front", x, y, x_name, y_name, dots, line, "", marks, len(points) > _MANY)


def _axis(name: str) -> tuple[str, int]:
    """The metric's own name, and the sign that undoes `larger is better`."""
    return (name[1:], -1) if name.startswith("-") else (name, 1)


def _step_text(step: Step, label: str) -> str:
    when = f", after {seconds_text(step.elapsed)}" if step.elapsed else ""
    return f"trial {step.trial}: {label} {number_text(step.value)}\nevaluation {step.number}{when}"


def _dots(places: Sequence[tuple[float, float]]) -> str:
    """Each place once; of very many, evenly chosen ones."""
    distinct = list(dict.fromkeys(places))
    step = max(1, -(-len(distinct) // _MOST_DOTS))
    return "".join(f"M{x:g} {y:g}h0" for x, y in distinct[::step])


def _stairs(places: Sequence[tuple[float, float]], end: float) -> str:
    if not places:
        return ""
    path = [f"M{places[0][0]:g} {places[0][1]:g}", *(f"H{x:g}V{y:g}" for x, y in places[1:])]
    return "".join([*path, f"H{end:g}"])


def _polyline(places: Sequence[tuple[float, float]]) -> str:
    step = max(1, -(-len(places) // 800))
    kept = [*places[::step], places[-1]]
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in kept)
