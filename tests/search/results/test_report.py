"""The report: figures, plots, what was chosen; as a page in a browser, Markdown and JSON; of any run."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from math import inf

import pytest

from archdsl_search.errors import SearchError
from archdsl_search.outcome import State
from archdsl_search.results.report.data import report_data
from archdsl_search.results.report.drawings import searched_cells
from archdsl_search.results.report.frequencies import group_name, groups_of
from archdsl_search.results.report.plots import front_plot, progress, time_unit
from archdsl_search.results.report.scale import Scale, number_text, seconds_text
from archdsl_search.results.report.writing import report_of
from archdsl_search.results.run import Run
from archdsl_search.results.selection import best
from tests.report.html.browser import Browser

from .conftest import result, write_run

HOSTILE = "<img src=x onerror=document.title='owned'>"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Names, labels and errors that are markup; a space that is not there any more."""
    folder = tmp_path_factory.mktemp("hostile")
    found = [
        result(0, {f"{HOSTILE}/a": HOSTILE, "b": [1, "<b>"]}, (1.0, -2.0), **{HOSTILE: 1.0}),
        result(1, {"b": [2]}, (0.5, -1.0), **{HOSTILE: 2.0}),
        result(2, {"b": [2]}, None, State.FAILED, error=HOSTILE),
    ]
    space = {"file": f"{HOSTILE}.yaml", "params": {}, "inputs": {}, "decisions": {}}
    return write_run(folder, found, labels=(HOSTILE, "-x"), name=HOSTILE, space=space)


@pytest.fixture(scope="module")
def long(tmp_path_factory, candidates):
    """Three thousand trials that get better."""
    found = [
        result(i, candidates[i % 10], (i / 3000 - (0.5 if i == 700 else 0),), accuracy=1.0, params=1.0 + i)
        for i in range(3000)
    ]
    return write_run(tmp_path_factory.mktemp("long"), found)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("empty"), [], ended="")


@pytest.fixture(scope="module")
def pages(run, hostile, long, empty, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, place in {"run": run, "hostile": hostile, "long": long, "empty": empty}.items():
        (folder / f"{name}.html").write_text(report_of(place, "html"), encoding="utf-8")
    return folder


def test_figures(run):
    data = report_data(Run(run))
    assert data.states == {
        "finished": 6, "failed": 1, "infeasible": 1, "rejected": 1, "replayed": 1, "running": 0
    }  # fmt: skip
    assert data.evaluations == 8
    assert data.seconds == 15.0
    assert data.elapsed == 10.0
    assert [step.best for step in data.steps] == [0.5, 0.6, 0.85, 0.9, 0.9, 0.9]
    assert [step.number for step in data.steps] == [1, 2, 3, 5, 7, 8]
    assert data.steps[-1].mean == pytest.approx((0.6 + 0.85 + 0.9 + 0.7 + 0.2) / 5)
    assert [found.trial for found in data.top] == [4, 2, 6, 1, 0, 8]
    assert data.front is not None
    assert data.front.axes == ("-mult_adds", "accuracy")
    assert data.front.members == (4, 2, 8)
    assert dict(data.errors) == {f"<b>trial</b> {trial} broke": 1 for trial in (3, 5, 9)}


def test_only_trials_of_the_last_stage_are_compared(candidates, tmp_path):
    """Accuracies with shared weights are others than those of networks trained by themselves."""
    values = [(0, 0.2), (0, 0.95), (1, 0.9), (1, 0.3), (2, 0.6), (2, 0.5), (2, 0.7)]
    found = [
        result(i, candidates[i], (value,), accuracy=value, params=1.0 + i, stage=float(stage))
        for i, (stage, value) in enumerate(values)
    ]
    found.insert(6, result(7, candidates[7], None, State.FAILED, error="lost", stage=2.0))
    run = Run(write_run(tmp_path / "whole", found))
    data = report_data(run)
    assert [(step.trial, step.number, step.best) for step in data.steps] == [(4, 5, 0.6), (5, 6, 0.6), (6, 8, 0.7)]
    assert data.steps[-1].mean == pytest.approx(0.6)
    assert data.steps[-1].best == best(run)[0].objective[0]
    assert data.front is not None
    assert {trial for _, _, trial in data.front.points} == {4, 5, 6}
    assert data.evaluations == 8
    halfway = report_data(Run(write_run(tmp_path / "half", found[:3])))
    assert [step.trial for step in halfway.steps] == [2]


def test_shares_of_options():
    one, two, three = ({"n/block[0]/op": "a", "n/block[1]/op": "b"}, {"n/block[0]/op": "a"}, {"k": 3})
    results = [result(i, decisions, (1.0,)) for i, decisions in enumerate([one, two, three])]
    first, second = groups_of(results, results[:1])
    assert (first.name, first.decisions, second.name, second.decisions) == ("n: op", 2, "k", 1)
    assert [(o.text, o.top, o.all) for o in first.options] == [("a", 0.5, 2 / 3), ("b", 0.5, 1 / 3)]
    assert first.options[0].periods == (0.5, 1.0, 0.0)
    assert [(o.text, o.top, o.all) for o in second.options] == [("3", 0.0, 1.0)]


@pytest.mark.parametrize(
    ("decision", "name"),
    [("normal/block[0]/left/op", "normal: op"), ("stage[3]/block[1]/repeat", "stage: repeat"), ("width", "width")],
)
def test_groups_are_named_for_cell_and_attribute(decision, name):
    assert group_name(decision) == name


def test_searched_cells_are_found_by_their_decisions(space, candidates):
    for decisions in candidates:
        found = searched_cells(space.resolve(decisions), decisions)
        normal = [f"stage[{stage}]/searched_cell_2[0]" for stage in range(3)]
        reduction = [f"stage[{stage}]/searched_cell" for stage in (1, 2)]
        assert set(found.get("normal", [])) >= set(normal) or set(found["normal"]) <= set(normal)
        assert not set(found.get("reduction", [])) - {*reduction, *normal}


def test_one_failed_training_does_not_flatten_the_plot(long):
    plot = progress(report_data(Run(long)), by_time=False)
    assert plot is not None
    assert plot.y.low > -0.2
    assert plot.clipped >= 1
    assert len(plot.dots) < 80_000


def test_the_front_is_stairs_towards_what_is_better(run):
    data = report_data(Run(run))
    assert data.front is not None
    plot = front_plot(data.front)
    assert [mark.text.split("\n")[0] for mark in plot.marks] == ["trial 8", "trial 2", "trial 4"]
    assert [mark.x for mark in plot.marks] == sorted(mark.x for mark in plot.marks)
    assert plot.line.endswith(f"H{plot.x.end:g}")


@pytest.mark.parametrize("values", [[0.0, 1.0], [5.0], [-3.0, 1e9], [0.9712, 0.9713], [0.0]])
@pytest.mark.parametrize("logarithmic", [False, True])
def test_scales(values, logarithmic):
    scale = Scale.around(values, 100, 0, logarithmic=logarithmic)
    assert all(0 <= scale.at(value) <= 100 for value in [*values, -inf, inf])
    assert 1 <= len(scale.ticks) <= 12
    assert len({tick.text for tick in scale.ticks}) == len(scale.ticks)


def test_numbers_and_times():
    assert [time_unit(s)[0] for s in (0, 179, 180, 7200, 10800, 1e6)] == [
        "seconds", "seconds", "minutes", "minutes", "hours", "days"
    ]  # fmt: skip
    assert [number_text(v) for v in (12345678, 0.91234, 0.0, -3.5, 1e-9)] == ["12.3 M", "0.9123", "0", "-3.5", "1e-09"]
    assert [seconds_text(s) for s in (0, 12.34, 320, 11100, 200000)] == [
        "0 s", "12.3 s", "5 min 20 s", "3 h 05 min", "2 d 7 h"
    ]  # fmt: skip


def test_markdown(run, empty):
    text = report_of(run, "markdown")
    assert "| 4 | 0.9 | 800 | 40 |" in text
    assert "6 finished, 1 failed, 1 infeasible, 1 rejected, 1 replayed" in text
    assert "&lt;b>trial" in text
    assert report_of(empty, "markdown").startswith("# cells for digits\n")


def test_json(run):
    data = json.loads(report_of(run, "json"))
    assert data["schema_version"] == 1
    assert data["top"][0]["trial"] == 4
    assert data["steps"][0]["value"] == 0.5


def test_it_reads_a_run_that_is_cut_off(run, tmp_path):
    text = (run / "journal.jsonl").read_bytes()
    (tmp_path / "journal.jsonl").write_bytes(text[: len(text) - 300])
    data = report_data(Run(tmp_path))
    assert "ignored" in data.warning
    assert data.evaluations == 8
    assert "it can be resumed" in report_of(tmp_path, "html")


def test_no_run_is_said_so(tmp_path):
    with pytest.raises(SearchError, match="there is no run here"):
        report_of(tmp_path, "html")


def test_it_needs_neither_torch_nor_ray(run):
    code = (
        "import sys; from pathlib import Path; from archdsl_search.results.report.writing import report_of;"
        f"report_of(Path({str(run)!r}), 'html'); assert not {{'torch', 'ray'}} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_same_run_gives_the_same_page(run, pages):
    assert report_of(run, "html") == (pages / "run.html").read_text(encoding="utf-8")


class Tags(HTMLParser):
    """Tags that are open."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["run", "hostile", "long", "empty"])
def test_pages_are_closed_and_have_no_script(pages, name):
    text = (pages / f"{name}.html").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert not {"script", "img", "link", "iframe"} & set(tags.seen)
    assert "default-src &#39;none&#39;" in text


@pytest.fixture(scope="module")
def browser():
    found = Browser()
    yield found
    found.close()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (1400, 1000)])
@pytest.mark.parametrize("name", ["run", "hostile", "long", "empty"])
def test_it_opens_quietly_and_fits_the_window(browser, pages, name, width, height, dark):
    browser.open(pages / f"{name}.html", width, height, dark)
    assert browser.complaints == []
    assert [url for url in browser.requests if url != "about:blank"] == [(pages / f"{name}.html").as_uri()]
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run("document.title").endswith("archdsl search report")
    background = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(16, 20, 22)") is dark


def test_what_a_reader_does(browser, pages):
    browser.open(pages / "run.html")
    assert browser.run("document.querySelectorAll('.progress .best').length") == 8  # four rises in two plots
    cells = "[...document.querySelectorAll('.candidate[open] h3')].map(h => h.textContent.trim())"
    assert [text.split()[0] for text in browser.run(cells)] == ["normal", "reduction"]
    assert browser.run("document.querySelectorAll('.candidate[open]').length") == 1
    browser.click(".candidate:not([open]) summary")
    assert browser.run("document.querySelectorAll('.candidate[open]').length") == 2
    browser.click(".candidate[open] .decisions summary")
    assert browser.run("document.querySelectorAll('.decisions[open] tr').length") == 20
    shown = browser.run("document.querySelector('.trials-table tbody tr').textContent")
    assert shown.startswith("40.9")
    assert browser.complaints == []
