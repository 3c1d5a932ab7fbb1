"""What a report says, whatever its format."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest

from archdsl.analysis.latency.device import DeviceProfile
from archdsl.analysis.latency.profile_file import ProfileError, read_profile
from archdsl.analysis.latency.roofline import bound_of
from archdsl.report.changes import changes
from archdsl.report.data import report_data, to_dict
from archdsl.report.formats.csv_format import to_csv
from archdsl.report.formats.json_format import to_json
from archdsl.report.formats.markdown import code, prose, to_markdown
from archdsl.report.parts import operator_parts, path_parts
from tests.report.golden import golden
from tests.report.networks import Writer, ladder_network, residual_network
from tests.report.reports import DEVICE, FINDING, network, report

SUMS = ("params", "mult_adds", "flops", "memory_access", "memory_access_bytes")


def chain(name: str, layers: int):
    w = Writer(name, x=(2, 4, 4))
    x = w.graph.inputs["x"]
    for number in range(layers):
        x = w.conv(x, 2) if number % 2 else w.op("relu", x)
    return w.out(y=x)


@pytest.mark.parametrize("graph", [residual_network(5), ladder_network(), chain("chain", 400)])
@pytest.mark.parametrize("cut", [path_parts, operator_parts])
def test_parts_add_up_to_the_whole(graph, cut):
    cost = network(graph).cost
    parts = cut(cost)
    assert 1 < len(parts) <= 16
    assert len({part.name for part in parts}) == len(parts)
    assert sum(part.layers for part in parts) == len(cost.layers)
    for key in SUMS:
        assert sum(getattr(part, key) for part in parts) == getattr(cost, key)


def test_a_part_with_most_of_a_figure_is_cut_further():
    w = Writer("net", x=(2, 8, 8))
    body = w.cell(
        "body", lambda x: [x := w.cell("block", lambda x: w.conv(x, 8), x) for _ in range(3)][-1], w.graph.inputs["x"]
    )
    parts = path_parts(network(w.out(y=w.op("relu", body))).cost)
    assert [part.name for part in parts] == ["body/block", "body/block_2", "body/block_3", "relu"]


def test_bounds_are_those_of_the_roofline():
    data = report(residual_network(2), device=DEVICE)
    (found,) = data.networks
    assert found.bound is not None
    for row, seconds in zip(found.cost.layers, found.bound.layers, strict=True):
        assert seconds == max(row.flops / 1e11, row.memory_access_bytes / 2e10)
    assert found.bound.seconds == pytest.approx(sum(found.bound.layers))
    assert DEVICE.ridge == 5
    assert DEVICE.attainable(1) == 2e10
    assert DEVICE.attainable(50) == 1e11
    slow_memory = bound_of(found.cost.layers, DeviceProfile("", 1e30, 1.0))
    assert (slow_memory.compute, slow_memory.memory) == (0, found.cost.memory_access_bytes)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[1]", "a JSON object"),
        ('{"peak_flops": 1}', "`bandwidth`"),
        ('{"peak_flops": 0, "bandwidth": 1}', "`peak_flops`"),
        ('{"peak_flops": "1e9", "bandwidth": 1}', "`peak_flops`"),
        ('{"peak_flops": true, "bandwidth": 1}', "`peak_flops`"),
        ('{"peak_flops": Infinity, "bandwidth": 1}', "`peak_flops`"),
        (f'{{"peak_flops": 1{"0" * 400}, "bandwidth": 1}}', "`peak_flops`"),
        ('{"peak_flops": 1, "bandwidth": NaN}', "`bandwidth`"),
        ('{"peak_flops": 1, "bandwidth": 1, "name": 3}', "`name`"),
    ],
)
def test_what_is_no_profile_is_refused(tmp_path, text, says):
    (tmp_path / "device.json").write_text(text)
    with pytest.raises(ProfileError, match=says):
        read_profile(tmp_path / "device.json")


def test_a_profile_has_the_files_name_by_default(tmp_path):
    (tmp_path / "laptop.json").write_text('{"peak_flops": 1e9, "bandwidth": 5, "other": []}')
    assert read_profile(tmp_path / "laptop.json") == DeviceProfile("laptop", 1e9, 5.0)


def test_equal_names_are_told_apart_by_their_files():
    one = network(residual_network(1))
    labels = [n.label for n in report_data([one, one, network(residual_network(2), "other")], "0").networks]
    assert labels == ["small_resnet (small_resnet.yaml)", "small_resnet (small_resnet.yaml, 2)", "other"]


def test_the_front_has_those_that_none_beats():
    small, large = network(residual_network(1), "small"), network(residual_network(3), "large")
    # Fewer parameters than the first, but more multiply-adds.
    wide = Writer("wide", image=(3, 64, 64))
    wide.conv(wide.graph.inputs["image"], 4)
    data = report_data([small, large, network(wide.out(), "wide")], "0")
    assert data.front == {0, 2}
    assert report_data([small, network(residual_network(1), "twin")], "0").front == {0, 1}
    assert data.ratio(1, "params") == large.cost.params / small.cost.params


def test_changes_are_matched_by_path_and_structure():
    def net(width: int, extra: bool):
        w = Writer("net", x=(2, 4, 4))
        x = w.conv(w.graph.inputs["x"], width, label="stem")
        x = w.cell("body", lambda x: w.op("relu", x), x) if extra else w.op("tanh", x)
        return network(w.out(y=x))

    found = {change.path: change for change in changes(net(2, False), net(4, True))}
    assert {path: change.kind for path, change in found.items()} == {
        "stem": "changed",
        "tanh": "removed",
        "body/relu": "added",
    }
    assert found["stem"].delta("params") == 2 * (2 * 9 + 1)
    assert changes(net(2, True), net(2, True)) == []
    moved = Writer("net", x=(2, 4, 4))
    x = moved.conv(moved.graph.inputs["x"], 2, label="first")
    assert changes(network(moved.out(y=moved.op("tanh", x))), net(2, False)) == []


def test_json_has_everything_with_a_version():
    data = report(residual_network(2), residual_network(3), device=DEVICE, findings=(FINDING,))
    found = json.loads(to_json(data))
    assert found == json.loads(json.dumps(to_dict(data)))
    assert (found["schema"], found["schema_version"]) == ("archdsl.report", 1)
    assert found["networks"][0]["cost"]["layers"][0]["path"] == "stem"
    assert found["networks"][0]["findings"][0]["edit"] == "widen it"
    assert found["comparison"]["ratios"]["params"][0] == 1
    assert to_dict(report(residual_network(2)))["comparison"] is None


@pytest.mark.parametrize("suffix", ["md", "json", "csv"])
def test_golden(suffix):
    data = report(residual_network(2), residual_network(3), device=DEVICE, findings=(FINDING,))
    text = {"md": to_markdown, "json": to_json, "csv": to_csv}[suffix](data)
    assert text == golden(f"two_networks.{suffix}", text)


def test_golden_markdown_of_one_and_of_three():
    one = to_markdown(report(ladder_network()))
    assert one == golden("one_network.md", one)
    three = to_markdown(report(ladder_network(3), residual_network(2), ladder_network(4), device=DEVICE))
    assert three == golden("three_networks.md", three)


def test_csv_has_a_row_for_each_layer_and_no_formulas():
    w = Writer("=HYPERLINK()", x=(2, 4, 4))
    w.op("relu", w.graph.inputs["x"], label="@sum")
    data = report(w.out())
    (row,) = list(csv.DictReader(StringIO(to_csv(data))))
    assert (row["network"], row["path"], row["output"], row["flops"]) == ("'=HYPERLINK()", "'@sum", "2x4x4", "32")
    many = report(residual_network(2), residual_network(3))
    assert len(to_csv(many).splitlines()) == 1 + sum(len(n.cost.layers) for n in many.networks)


@pytest.mark.parametrize("hostile", ["<script>x</script>", "a|b", "`x`", "a\n# b", "[x](javascript:1)", "\x00\u202e"])
def test_hostile_names_stay_names_in_markdown(hostile):
    w = Writer(hostile, x=(2, 4, 4))
    w.cell(hostile, lambda x: w.op("relu", x, label=hostile), w.graph.inputs["x"])
    text = to_markdown(report(w.out(y=w.graph.nodes[-1].outputs[0])))
    assert code(hostile) in text
    assert all(line.startswith(("### `", "|", "`x` ", "")) for line in text.splitlines())
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 2  # two tables, none torn
    assert code(hostile).count("`") == 2
    assert not set(prose(hostile)) & set("<>|`[]\n")
