"""The page as text: what it has, and that nothing in it comes from a name."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from archdsl.ir.graph import Graph, Scope
from archdsl.report.data import report_data
from archdsl.report.html import to_html
from archdsl.report.html.drawings import drawings, heat
from archdsl.report.html.page import percent
from archdsl.report.html.plots.pareto import paretos
from archdsl.report.html.plots.roofline import roofline
from archdsl.report.html.plots.scale import LogScale, tick_text
from archdsl.report.html.rows import packed, script_safe
from tests.report.networks import Writer, carrying_network, ladder_network, residual_network
from tests.report.reports import DEVICE, FINDING, network, report

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"'><svg onload=x>",
    "{{ 7 * 7 }}",
    "<!--",
]
VOID = {"meta", "input", "br", "img", "link", "rect", "path", "circle"}


class Page(HTMLParser):
    """Elements with their attributes; a failed assertion if they aren't closed in order."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.contents: dict[str, list[str]] = {"style": [], "script": []}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] in self.contents:
            self.contents[self._open[-1]].append(data)
        elif data.strip():
            self.texts.append(data.strip())


def test_the_page_is_whole_and_the_same_each_time():
    data = report(residual_network(3), ladder_network(), device=DEVICE, findings=(FINDING,))
    text = to_html(data)
    assert text == to_html(report(residual_network(3), ladder_network(), device=DEVICE, findings=(FINDING,)))
    page = Page(text)
    shown = " ".join(page.texts)
    assert "2 networks compared" in shown
    assert "widen it" in shown
    assert "bench <1>" in shown
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = {attributes["aria-controls"] for _, attributes in page.elements if "aria-controls" in attributes}
    assert named <= set(ids)


def test_it_needs_nothing_else_and_says_so():
    text = to_html(report(residual_network(3), ladder_network()))
    page = Page(text)
    for _, attributes in page.elements:
        assert not {"src", "srcset", "style", "action", "data", "background"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org/2000/svg)", text)
    (policy,) = [a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert "unsafe" not in policy
    for content in ("".join(page.contents["style"]), page.contents["script"][-1]):
        assert f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'" in policy


@pytest.mark.parametrize("hostile", HOSTILE)
def test_names_are_only_text(hostile):
    w = Writer(hostile, **{hostile: (2, 4, 4)})
    x = w.cell(hostile, lambda x: w.conv(x, 2, label=hostile), w.graph.inputs[hostile], label=hostile)
    made = network(w.out(**{hostile: x}), hostile)
    plain = Page(to_html(report(residual_network(1), residual_network(2), device=DEVICE, findings=(FINDING,))))
    hostile_network = replace(
        made,
        description=hostile,
        references=(hostile,),
        spec=hostile,
        findings=(replace(FINDING, message=hostile, path=hostile, place=hostile, edit=hostile, gain=hostile),),
    )
    text = to_html(report_data([hostile_network, hostile_network], "0", replace(DEVICE, name=hostile)))
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in plain.elements}
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert any(hostile in shown for shown in page.texts)
    rows = json.loads(page.contents["script"][0])
    assert any(hostile in shown for shown in rows[0]["texts"])


def test_packed_rows_say_what_the_layers_cost():
    made = network(carrying_network(3))
    data = packed(made)
    paths = []
    for label, operator, cell, shape, figures in data["layers"]:
        steps = [data["texts"][label]]
        while cell > 0:
            steps.insert(0, data["texts"][data["cells"][cell][0]])
            cell = data["cells"][cell][2]
        paths.append(
            ("/".join(steps), data["texts"][operator], data["texts"][shape], tuple(data["figures"][figures][:4]))
        )
    assert paths == [
        (r.path, r.op, "×".join(map(str, r.output_shapes[0])), (r.params, r.mult_adds, r.flops, r.memory_access))
        for r in made.cost.layers
    ]
    assert data["cells"][0][8] == made.cost.memory_access_bytes
    assert data["rest"] == []


@pytest.mark.parametrize("most", [1, 4, 7, 12])
def test_rows_beyond_the_limit_are_summed(most):
    made = network(carrying_network(6))
    data = packed(made, most)
    assert len(data["layers"]) + len(data["cells"]) <= max(most, 1)
    for place, key in enumerate(("params", "mult_adds", "flops", "memory_access", "memory_access_bytes")):
        kept = sum(data["figures"][row[4]][place] for row in data["layers"])
        assert kept + sum(row[2 + place] for row in data["rest"]) == getattr(made.cost, key)
    assert len(data["layers"]) + sum(row[1] for row in data["rest"]) == len(made.cost.layers)


def test_json_in_a_script_cannot_end_it():
    text = script_safe(["</script>", "<!--", "a & b", "\u2028"])
    assert json.loads(text) == ["</script>", "<!--", "a & b", "\u2028"]
    assert not set("<>&\u2028") & set(text)


def test_a_huge_network_gives_a_bounded_page():
    w = Writer("huge", x=(2, 4, 4))
    x = w.graph.inputs["x"]
    names = ("relu", "tanh", "sigmoid")
    for number in range(60_000):
        x = (
            w.graph.add(w.graph.nodes[number - 3].op, [x], f"step_{number}").outputs[0]
            if number > 2
            else w.op(names[number], x)
        )
    text = to_html(report(w.out(y=x)))
    assert len(text) < 5_000_000
    assert "20,001 of 60,000 are put together" in text
    assert "too large to be drawn" in text


def test_deep_nesting_gives_a_page():
    w = Writer("deep", x=(2, 4, 4))
    scope = w.graph.root
    for level in range(64):
        scope = Scope("cell", f"{scope.path}/c{level}".strip("/"), scope)
    w.scope = scope
    text = to_html(report(w.out(y=w.op("relu", w.graph.inputs["x"]))))
    Page(text)


def test_an_empty_network_gives_a_page():
    graph = Graph("empty", dict(Writer("empty", x=(2, 4, 4)).graph.inputs))
    graph.outputs = dict(graph.inputs)
    Page(to_html(report(graph, graph, device=DEVICE)))


def test_drawings_open_cells_until_they_are_too_large():
    found = drawings(network(carrying_network(6)), "d")
    assert [drawing.depth for drawing in found] == [1, 2]
    assert sum(drawing.shown for drawing in found) == 1
    assert all(f'id="d-{drawing.depth}-arrow"' in drawing.svg for drawing in found)
    assert 'data-path="normal"' in found[0].svg


@pytest.mark.parametrize(("share", "step"), [(0, 0), (0.004, 1), (0.005, 2), (0.049, 4), (0.1, 6), (0.2, 7), (1, 7)])
def test_heat_steps(share, step):
    assert heat(share) == step


def test_a_box_has_the_colour_of_its_share():
    w = Writer("net", x=(2, 8, 8))
    x = w.conv(w.graph.inputs["x"], 2, label="all")
    made = network(w.out(y=w.op("max_pool2d", x, kernel_size=2)))
    (drawing,) = drawings(made, "d")
    classes = dict(re.findall(r'class="box ([^"]*)" data-path="([^"]*)"', drawing.svg))
    assert {path: c.split()[:2] for c, path in classes.items()} == {"all": ["p7", "m7"], "max_pool2d": ["p0", "m0"]}


def test_roofline_marks_lie_on_the_plot_and_under_the_roof():
    made = report(ladder_network(), device=DEVICE).networks[0]
    for device in (None, DEVICE):
        plot = roofline(made, device)
        assert plot is not None
        assert all(plot.x.start <= mark.x <= plot.x.end for mark in plot.marks)
        assert all(plot.y.end <= mark.y <= plot.y.start for mark in plot.marks)
        assert bool(plot.roof) is bool(device)
    assert plot.ridge is not None
    assert plot.ridge[0] == plot.x.at(5.0)


def test_networks_stand_in_the_pareto_plots_in_order():
    data = report(residual_network(1), residual_network(4))
    plots = paretos(data)
    assert len(plots) == 3
    for plot in plots:
        small, large = plot.dots
        assert (small.front, large.front) == (True, False)
        assert small.x < large.x
        assert small.y > large.y
    assert paretos(report(residual_network(1))) == []


@pytest.mark.parametrize("values", [(1, 1), (3, 4), (1e-6, 1e30), (7, 70_000), (999, 1001), (10**400 // 10**390, 5)])
def test_axes_have_some_ticks_in_order(values):
    scale = LogScale.around(values, 0, 100)
    places = [tick.at for tick in scale.ticks]
    assert places == sorted(places)
    assert len(places) <= 7
    assert all(0 <= scale.at(value) <= 100 for value in values)


@pytest.mark.parametrize(("value", "text"), [(0.05, "0.05"), (1, "1"), (2000, "2 k"), (1e9, "1 G"), (1e-6, "1 µ")])
def test_ticks_are_short(value, text):
    assert tick_text(value) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0"), (0.0004, "<0.1 %"), (0.034, "3.4 %"), (0.0996, "10 %"), (1, "100 %")]
)
def test_percentages(share, text):
    assert percent(share) == text
