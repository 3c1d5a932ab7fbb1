"""Which boxes are drawn."""

from __future__ import annotations

import pytest

from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.ir.graph import Graph, Value
from archdsl.report.diagram import Box, diagram, flat
from tests.report.networks import Writer, carrying_network, residual_network


def summary(boxes: list[Box]) -> list[tuple[str, int]]:
    return [(box.title, box.times) for box in boxes]


def test_a_chain_of_equal_cells_is_one_box() -> None:
    boxes = diagram(residual_network(4))
    names = ["image", "conv2d 3×3", "block", "global_avg_pool2d", "linear", "logits"]
    assert summary(boxes) == [(name, 4 if name == "block" else 1) for name in names]
    block = boxes[2]
    assert block.shape == "8 × 16 × 16"
    assert block.figures == "1.18 k params · 294.91 k mult-adds each"


def test_followers_are_written_into_the_box_they_follow() -> None:
    boxes = diagram(residual_network(1))
    assert boxes[1].name == "stem"
    assert boxes[1].notes == ["relu"]


def test_a_follower_whose_operand_others_read_has_its_own_box() -> None:
    w = Writer("net", x=(4, 8, 8))
    y = w.conv(w.graph.inputs["x"], 4)
    graph = w.out(y=w.op("add", w.op("relu", y), y))
    assert summary(diagram(graph)) == [("x", 1), ("conv2d 3×3", 1), ("relu", 1), ("add", 1), ("y", 1)]


def test_an_output_is_never_swallowed() -> None:
    w = Writer("net", x=(4, 8, 8))
    y = w.conv(w.graph.inputs["x"], 4)
    boxes = diagram(w.out(a=y, b=w.op("relu", y)))
    assert [box.title for box in boxes] == ["x", "conv2d 3×3", "relu", "a", "b"]


def test_cells_that_differ_are_drawn_apart() -> None:
    w = Writer("net", x=(4, 8, 8))

    def cell(x: Value, channels: int) -> Value:
        return w.conv(x, channels)

    x = w.graph.inputs["x"]
    for channels in (4, 4, 8, 8, 8):
        x = w.cell("unit", cell, x, channels)
    # The third reads 4 channels, the fourth 8.
    assert summary(diagram(w.out(y=x)))[1:-1] == [("unit", 2), ("unit", 1), ("unit", 2)]


def test_a_cell_read_by_others_ends_the_chain() -> None:
    w = Writer("net", x=(4, 8, 8))
    made = [w.graph.inputs["x"]]
    for _ in range(4):
        made.append(w.cell("unit", lambda x: w.conv(x, 4), made[-1]))
    graph = w.out(y=w.op("concat", made[2], made[4]))
    assert summary(diagram(graph))[1:-1] == [("unit", 2), ("unit", 2), ("concat", 1)]


def test_cells_that_hand_on_a_state_are_a_chain() -> None:
    boxes = diagram(carrying_network(5))
    assert [(b.title, b.times) for b in boxes if b.title == "normal"] == [("normal", 5)]
    concat = next(box for box in boxes if box.title == "concat")
    normal = next(box for box in boxes if box.title == "normal")
    assert set(concat.reads) <= {*normal.makes, *normal.passed}


def test_shared_weights_are_told() -> None:
    w = Writer("net", a=(4, 8, 8), b=(4, 8, 8))
    heads = [w.cell("head", lambda x: w.conv(x, 4), w.graph.inputs[name], path="head") for name in "ab"]
    figures = [box.figures for box in diagram(w.out(y=heads[0], z=heads[1])) if box.title == "head"]
    assert figures == ["148 params · 9.22 k mult-adds", "shared weights · 9.22 k mult-adds"]


def test_depth_opens_cells() -> None:
    graph = residual_network(2)
    whole = diagram(graph, 0)
    assert [box.title for box in whole] == ["image", "small_resnet", "logits"]
    assert all(box.body is None for box in flat(diagram(graph, 1)))
    opened = next(box for box in diagram(graph, 2) if box.body is not None)
    assert summary(opened.body or []) == [("conv2d 3×3", 1), ("conv2d 3×3", 1), ("add", 1)]
    assert opened.times == 2


def test_labels_tell_windows_strides_and_groups() -> None:
    w = Writer("net", x=(8, 8, 8))
    x = w.op("conv2d", w.graph.inputs["x"], out_channels=8, kernel_size=[1, 3], stride=2, groups=8)
    x = w.op("conv2d", x, out_channels=8, kernel_size=1, groups=2)
    x = w.op("max_pool2d", x, kernel_size=2)
    titles = [box.title for box in diagram(w.out(y=x))[1:-1]]
    assert titles == ["conv2d 1×3, stride 2, depthwise", "conv2d 1×1, groups 2", "max_pool2d 2×2"]


def test_too_many_boxes_are_refused() -> None:
    w = Writer("net", x=(2, 2, 2))
    x = w.graph.inputs["x"]
    for _ in range(3000):
        x = w.op("sigmoid", w.op("add", x, x))
        x = w.op("add", x, w.op("tanh", x))
    with pytest.raises(ArchdslError) as refused:
        diagram(w.out(y=x))
    assert refused.value.diagnostics[0].code == "E1002"


def test_a_network_without_steps_is_drawn() -> None:
    w = Writer("nothing", x=(2,))
    graph: Graph = w.out(y=w.graph.inputs["x"])
    for depth in (0, 1):
        assert [box.title for box in diagram(graph, depth)] == ["x", "y"]
