"""Drawings as SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from archdsl.ir.graph import Graph
from archdsl.report.svg import to_svg
from tests.report.golden import golden
from tests.report.networks import Writer, carrying_network, ladder_network, residual_network

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_golden() -> None:
    svg = to_svg(residual_network(3), depth=2)
    assert svg == golden("small_resnet.svg", svg)


def test_names_shapes_and_figures_are_written() -> None:
    found = texts(to_svg(residual_network(3)))
    assert {"small_resnet", "image", "3 × 16 × 16", "stem: conv2d 3×3", "block × 3", "logits"} <= set(found)
    assert "1.18 k params · 294.91 k mult-adds each" in found
    assert "merging" not in found  # the legend has what is drawn


def test_the_same_graph_gives_the_same_text() -> None:
    assert to_svg(ladder_network(), 2) == to_svg(ladder_network(), 2)


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "]]>&amp;\"'><svg onload=x>", "\x00\x1b\ud800 a", "名前 🙂"]
)
def test_names_are_only_text(hostile: str) -> None:
    w = Writer(hostile, **{hostile: (2, 4, 4)})
    x = w.cell(hostile, lambda x: w.conv(x, 2), w.graph.inputs[hostile], label=hostile)
    graph = w.out(**{hostile: x})
    for depth in (1, 2):
        svg = to_svg(graph, depth, title=hostile)
        svg.encode("utf-8")
        root = ElementTree.fromstring(svg)
        kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
        assert kinds <= {"svg", "title", "style", "defs", "marker", "path", "rect", "text", "g"}
        assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)


def test_it_stands_alone() -> None:
    svg = to_svg(carrying_network(), 2)
    assert re.findall(r"https?://[^\"']*", svg) == ["http://www.w3.org/2000/svg"]
    assert "prefers-color-scheme: dark" in svg


def test_everything_lies_on_the_paper() -> None:
    root = ElementTree.fromstring(to_svg(ladder_network(5), 2))
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    for rect in root.iter(f"{SVG}rect"):
        if rect.attrib["width"] != "100%":
            assert float(rect.attrib["x"]) >= 0
            assert float(rect.attrib["x"]) + float(rect.attrib["width"]) <= width
            assert float(rect.attrib["y"]) + float(rect.attrib["height"]) <= height


def test_an_empty_graph_has_a_drawing() -> None:
    ElementTree.fromstring(to_svg(Graph("empty")))
