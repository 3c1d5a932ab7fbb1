"""Parameters and shapes written into files: what is loaded afterwards is the same network."""

from __future__ import annotations

from random import Random

import pytest

import archdsl

BESIDE = """\
archdsl: 1
name: parts
cells:
  block:
    params: {channels: int}
    graph:
      - conv2d: {out_channels: channels, kernel_size: 3}
      - relu
"""
MAIN = """\
archdsl: 1
name: own
import: {./parts/blocks: [block]}
params:
  width: 8          # of the first block
  act: relu
  more:
    - 1
    - 2
  size: {choose: [3, 5]}
inputs:
  image: {shape: [3, 8, 8], dtype: float32}
graph:
  - block: {channels: width}
  - act
  - conv2d: {out_channels: 4 + len(more), kernel_size: size}
"""


def written(files, folder):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / next(iter(files))


@pytest.mark.parametrize(
    ("spec", "params", "inputs"),
    [
        ("resnet50", {"num_classes": 7, "depths": [1, 1, 1, 1]}, {"image": [3, 64, 64]}),
        ("resnet18", {"block": {"basic": {"shortcut": "zero_padding"}}, "stem": "cifar_stem"}, {}),
        ("mobilenet_v2", {}, {}),
        ("resnext50_32x4d", {"num_classes": 5}, {}),
        ("unet", {"widths": [8, 16]}, {"image": [1, 64, 64]}),
    ],
)
def test_the_files_give_the_network(spec, params, inputs, tmp_path):
    architecture = archdsl.load(spec, params, inputs=inputs)
    path = written(architecture.spec_files(), tmp_path)
    assert archdsl.load(path).hash == architecture.hash


def test_a_child_of_a_space(tmp_path):
    space = archdsl.load_space("nasnet_space", {"blocks": 2, "repeats": 1}, inputs={"image": [1, 8, 8]})
    child = space.resolve(space.sample(Random(0)))
    again = archdsl.load(written(child.spec_files(), tmp_path))
    assert again.hash == child.hash
    assert again.decisions == child.decisions
    assert archdsl.check(tmp_path / "nasnet_space.yaml") == archdsl.check("nasnet_space", decisions=child.decisions)


def test_files_beside_it_come_along_and_remarks_stay(tmp_path):
    (tmp_path / "in" / "parts").mkdir(parents=True)
    (tmp_path / "in" / "parts" / "blocks.yaml").write_text(BESIDE)
    (tmp_path / "in" / "own.yaml").write_text(MAIN)
    params = {"width": 16, "act": {"leaky_relu": {"negative_slope": 0.2}}, "more": [1, 2, 3], "size": 3}
    made = archdsl.load(tmp_path / "in" / "own.yaml", params, inputs={"image": [1, 6, 6]})
    files = made.spec_files()
    assert list(files) == ["own.yaml", "parts/blocks.yaml"]
    assert "width: 16          # of the first block" in files["own.yaml"]
    assert archdsl.load(written(files, tmp_path / "out")).hash == made.hash


def test_json(tmp_path):
    (tmp_path / "a.json").write_text(
        '{"archdsl": 1, "name": "a", "params": {"width": 3, "act": "relu"}, "inputs": {"x": [3, 4, 4]},'
        ' "graph": [{"conv2d": {"out_channels": "width", "kernel_size": 1}}, "act"]}'
    )
    made = archdsl.load(tmp_path / "a.json", {"width": 5, "act": "gelu"}, inputs={"x": [2, 4, 4]})
    assert archdsl.load(written(made.spec_files(), tmp_path / "out")).hash == made.hash
