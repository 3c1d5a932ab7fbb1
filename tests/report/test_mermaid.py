"""Drawings as Mermaid."""

from __future__ import annotations

import re

import pytest

from archdsl.report.mermaid import to_mermaid
from tests.report.golden import golden
from tests.report.networks import Writer, carrying_network, ladder_network, residual_network


@pytest.mark.parametrize("depth", [1, 2])
def test_golden(depth: int) -> None:
    text = to_mermaid(residual_network(3), depth)
    assert text == golden(f"small_resnet_{depth}.mmd", text)


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_edges_join_declared_boxes(depth: int) -> None:
    for graph in (residual_network(), carrying_network(), ladder_network()):
        text = to_mermaid(graph, depth)
        declared = re.findall(r"^ +(n\d+)(?=\[|\(\[)", text, re.MULTILINE)
        edges = re.findall(r"^  (n\d+) --> (n\d+)$", text, re.MULTILINE)
        assert edges
        assert {end for edge in edges for end in edge} == set(declared)
        assert len(set(edges)) == len(edges)
        assert text.count("subgraph ") == len(re.findall(r"^ *end$", text, re.MULTILINE))


def test_names_are_only_text() -> None:
    hostile = 'a"]; click n0 "javascript:alert(1)" <script>`x`#35;'
    w = Writer("net", **{hostile: (2, 4, 4)})
    text = to_mermaid(w.out(y=w.conv(w.graph.inputs[hostile], 2, label=hostile)))
    for line in text.splitlines():
        label = re.search(r'"(.*)"', line)
        inside = re.sub(r"<br/>|#\d+;", "", label[1]) if label else ""
        assert not set(inside) & set('"<>`#;[](){}&')
