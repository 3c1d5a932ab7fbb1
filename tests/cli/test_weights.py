"""`archdsl weights`: what it says, writes and answers."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file
from torch import nn


@pytest.fixture
def theirs(folder):
    """A checkpoint of the network in `net.yaml`, made elsewhere; its module's state."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.Linear(4, 10))
    torch.save(module.state_dict(), folder / "theirs.pth")
    return module.state_dict()


def test_convert_and_back(archdsl, folder, theirs):
    paths = ("--from", "theirs.pth", "--to", "ours.safetensors", "net.yaml")
    answer = archdsl("weights", "convert", *paths, "--save-map", "map.json")
    assert (answer.status, answer.out) == (0, "ours.safetensors: 8 tensors onto net\nmap.json\n")
    assert torch.equal(load_file("ours.safetensors")["logits.weight"], theirs["2.weight"])
    assert list(json.loads((folder / "map.json").read_text())) == list(theirs)
    assert archdsl("compile", "net.yaml", "--target", "module", "--weights", "ours.safetensors").status == 0
    answer = archdsl("weights", "convert", "--reverse", "--from", "ours.safetensors", "--to", "back.pth", "net.yaml")
    assert answer.out == "back.pth: 8 tensors of net under their other names\n"
    back = torch.load("back.pth", weights_only=True)
    assert all(torch.equal(back[key], theirs[key]) for key in theirs)


def test_convert_says_what_does_not_fit(archdsl, folder, theirs):
    answer = archdsl(
        "weights", "convert", "--from", "theirs.pth", "--to", "o.safetensors", "net.yaml", "--set", "num_classes=7"
    )
    assert answer.status == 1
    assert "E1004" in answer.err
    assert "`2` (weight [10, 4], bias [10]) stands where `logits` (weight [7, 4], bias [7]) is" in answer.err
    assert not (folder / "o.safetensors").exists()


def test_convert_names_what_is_ambiguous_and_pins_settle_it(archdsl, folder):
    (folder / "two.yaml").write_text(
        "archdsl: 1\nname: two\ninputs: {x: [4, 8, 8]}\ngraph:\n"
        "  - branches:\n      - conv2d: {out_channels: 4, kernel_size: 1}\n"
        "      - conv2d: {out_channels: 4, kernel_size: 1}\n  - concat\n"
    )
    module = nn.ModuleDict({"left": nn.Conv2d(4, 4, 1), "down": nn.Conv2d(4, 4, 1)})
    torch.save(module.state_dict(), "theirs.pth")
    paths = ("--from", "theirs.pth", "--to", "ours.safetensors", "two.yaml")
    answer = archdsl("weights", "convert", *paths)
    assert answer.status == 1
    assert "`down` and `left` both fit `branches.0.conv2d` and `branches.1.conv2d`" in answer.err
    assert archdsl("weights", "convert", *paths, "--pin", "down=branches.1").status == 0
    assert torch.equal(load_file("ours.safetensors")["branches.1.conv2d.bias"], module["down"].bias)
    answer = archdsl("weights", "convert", *paths, "--layout", "torchvision")
    assert answer.out == "ours.safetensors: 4 tensors onto two, in the order of the file\n"
    assert "E1006" in archdsl("weights", "convert", *paths, "--pin", "up=branches.1").err
    assert "E1006" in archdsl("weights", "convert", *paths, "--layout", "pytorch").err


def test_tensors_are_left_out_by_pattern(archdsl, folder, theirs):
    torch.save({**theirs, "anchors.sizes": torch.zeros(3)}, "theirs.pth")
    paths = ("--from", "theirs.pth", "--to", "ours.safetensors", "net.yaml")
    assert archdsl("weights", "convert", *paths).status == 1
    assert "left out: anchors.sizes\n" in archdsl("weights", "convert", *paths, "--ignore", "anchors.*").out


@pytest.mark.parametrize(
    "more",
    [
        ("--to", "ours.pth"),
        ("--to", "ours.safetensors", "--like", "theirs.pth"),
        ("--to", "ours.safetensors", "--pin", "left"),
        ("--to", "ours.safetensors", "--reverse", "--ignore", "x"),
    ],
)
def test_wrong_usage(archdsl, theirs, more):
    assert archdsl("weights", "convert", "--from", "theirs.pth", "net.yaml", *more).status == 2


def test_show(archdsl, theirs):
    answer = archdsl("weights", "show", "theirs.pth")
    assert answer.status == 0
    assert "0.weight               float32  [4, 1, 3, 3]\n" in answer.out
    assert answer.out.endswith("8 tensors, 103 elements\n")
    data = json.loads(archdsl("weights", "show", "theirs.pth", "--format", "json").out)
    assert data["tensors"][0] == {"name": "0.weight", "shape": [4, 1, 3, 3], "dtype": "float32"}
    assert archdsl("weights", "show", "net.yaml").status == 1


def test_names_in_a_file_do_not_command_the_terminal(archdsl, folder):
    torch.save({"a\x1b[2J": torch.zeros(1)}, "theirs.pth")
    assert "\x1b" not in archdsl("weights", "show", "theirs.pth").out
    assert "\x1b" not in archdsl("weights", "convert", "--from", "theirs.pth", "--to", "o.safetensors", "net.yaml").err
