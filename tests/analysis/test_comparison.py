"""What a comparison of two networks says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import archdsl
from archdsl.pipeline.comparing import compare_architectures
from archdsl.report.comparison_text import comparison_text

BODY = """\
cells:
  block:
    params: {width: int}
    graph:
      - conv2d: {out_channels: width, kernel_size: 3, padding: half, bias: false}
      - relu
graph:
  - block: {width: 8}
    name: a
  - block: {width: 8}
    name: b
  - conv2d: {out_channels: 3, kernel_size: 1}
    name: logits
outputs: [logits]
"""


def network(folder: Path, body: str = BODY, size: int = 6, name: str = "net") -> archdsl.Architecture:
    path = folder / f"{name}.yaml"
    path.write_text(f"archdsl: 1\nname: {name}\ninputs: {{x: [2, {size}, {size}]}}\n{body}")
    return archdsl.load(path)


def compared(folder: Path, *edits: tuple[str, str], **more):
    body = BODY
    for old, new in edits:
        assert old in body
        body = body.replace(old, new, 1)
    return compare_architectures(network(folder), network(folder, body, name="other", **more))


def test_nothing_differs(tmp_path: Path) -> None:
    found = compared(tmp_path)
    assert (found.equal, found.layers, found.cells, found.inputs, found.outputs) == (True, (), (), {}, {})
    assert all(figure.delta == 0 for figure in found.figures.values())
    assert found.weights.gone == found.weights.new == ()
    assert found.weights.params_kept == found.weights.params


def test_a_changed_attribute_and_what_follows(tmp_path: Path) -> None:
    found = compared(tmp_path, ("- block: {width: 8}\n    name: b", "- block: {width: 16}\n    name: b"))
    first = found.layers[0]
    assert (first.kind, first.path_before, first.attributes) == ("changed", "b/conv2d", {"out_channels": (8, 16)})
    assert (first.shapes_before, first.shapes_after) == (((8, 6, 6),), ((16, 6, 6),))
    assert [layer.path_after for layer in found.layers] == ["b/conv2d", "b/relu", "logits"]
    assert found.weights.reshaped[0] == ("b.conv2d.weight", "b.conv2d.weight", (8, 8, 3, 3), (16, 8, 3, 3))
    assert found.figures["params"].delta == 8 * 8 * 9 + 8 * 3
    assert not found.equal


def test_an_added_cell_is_one_row(tmp_path: Path) -> None:
    found = compared(
        tmp_path, ("  - conv2d: {out_channels: 3", "  - block: {width: 8}\n    name: c\n  - conv2d: {out_channels: 3")
    )
    assert [(cell.kind, cell.path, cell.layers, cell.params) for cell in found.cells] == [
        ("added", "c", 2, 576),
        ("changed", "", 1, 0),
    ]
    (reader,) = [layer for layer in found.layers if layer.kind == "changed"]
    assert (reader.path_after, reader.reads_before, reader.reads_after) == ("logits", ("b/relu",), ("c/relu",))
    assert found.weights.new == ("c.conv2d.weight",)
    assert found.weights.params_kept == found.weights.params
    assert "+ c (block): 2 steps, 576 params" in comparison_text(found)


def test_a_removed_cell(tmp_path: Path) -> None:
    found = compared(tmp_path, ("  - block: {width: 8}\n    name: b\n", ""))
    assert found.cells[0][:4] == ("removed", "b", "block", 2)
    assert found.weights.gone == ("b.conv2d.weight",)


def test_another_name_is_no_difference(tmp_path: Path) -> None:
    found = compared(tmp_path, ("name: b", "name: second"), ("name: a", "name: first"))
    assert found.equal
    assert {layer.kind for layer in found.layers} == {"renamed"}
    assert ("b.conv2d.weight", "second.conv2d.weight") in found.weights.renamed
    assert found.weights.gone == ()


def test_swapped_names_follow_the_structure(tmp_path: Path) -> None:
    """The names say that a and b changed places; the network is the same, and its weights are found."""
    found = compared(tmp_path, ("name: a", "name: t"), ("name: b", "name: a"), ("name: t", "name: b"))
    assert found.equal


def test_another_input_changes_shapes_alone(tmp_path: Path) -> None:
    found = compared(tmp_path, size=8)
    assert found.inputs == {"x": ((2, 6, 6), (2, 8, 8))}
    assert found.outputs == {"logits": ((3, 6, 6), (3, 8, 8))}
    assert {layer.kind for layer in found.layers} == {"changed"}
    assert len(found.layers) == 5
    assert found.figures["params"].delta == 0
    assert found.figures["mult_adds"].percent == pytest.approx(100 * (64 / 36 - 1))


def test_rewiring_alone_is_seen(tmp_path: Path) -> None:
    body = "graph:\n  - branches: [relu, sigmoid]\n    name: [p, q]\n  - sub:\n    from: [p, q]\n"
    one = network(tmp_path, body)
    other = network(tmp_path, body.replace("from: [p, q]", "from: [q, p]"), name="other")
    found = compare_architectures(one, other)
    assert not found.equal
    (layer,) = found.layers
    assert layer.reads_before == tuple(reversed(layer.reads_after))


def test_networks_that_share_nothing(tmp_path: Path) -> None:
    found = compare_architectures(archdsl.load("lenet5"), network(tmp_path))
    assert not found.equal
    assert found.weights.params_kept == 0
    json.dumps(found.to_dict())


def test_the_residual_family() -> None:
    found = compare_architectures(archdsl.load("resnet18"), archdsl.load("resnet34"))
    assert found.weights.params_kept == found.weights.params == 11_689_512
    assert found.figures["params"] == (11_689_512, 21_797_672)
    assert sum(cell.params for cell in found.cells if cell.kind == "added") == 21_797_672 - 11_689_512
    assert sum(cell.kind == "added" for cell in found.cells) == 8
