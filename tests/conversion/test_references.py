"""Checkpoints of torchvision and timm, converted: the outputs are theirs, and the way back is exact."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.conversion.mapping import map_tensors
from archdsl.pipeline.conversion import convert_weights, restore_weights
from tests.specs.comparison import randomise
from tests.specs.implementations import IMPLEMENTATIONS, Implementation

# Two modules of one shape that neither numbers nor the graph tell apart: the order of the file is needed.
NEEDS_ORDER = {"inception_v3", "inception_resnet_v2", "nasnet_large", "pnasnet5_large"}
# Families whose modules are divided differently; the others, and larger members, take longer and show nothing new.
QUICK = {"resnet18", "resnetv2_50", "googlenet", "mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2_x0_5"}
QUICK |= {"squeezenet1_0", "mnasnet_a1"}
NAMES = [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in IMPLEMENTATIONS]


RETINANET = Implementation("torchvision", "retinanet_resnet50_fpn", options=(("weights_backbone", None),))


def load(name: str) -> archdsl.Architecture:
    size = IMPLEMENTATIONS[name].size
    net = archdsl.load(name)
    inputs = {key: [3, size, size] for key in net.graph().inputs} if size else None
    return archdsl.load(name, inputs=inputs)


def outputs(found: object) -> list[Tensor]:
    if isinstance(found, Tensor):
        return [found]
    return list(found.values()) if isinstance(found, dict) else list(found)


@pytest.mark.parametrize("name", NAMES)
def test_converted_weights_give_the_outputs_of_the_reference(name: str, tmp_path: Path) -> None:
    implementation = IMPLEMENTATIONS[name]
    net = load(name)
    reference = implementation.build().eval()
    randomise(reference, implementation.gain)
    torch.save(reference.state_dict(), tmp_path / "theirs.pth")
    convert_weights(net, tmp_path / "theirs.pth", tmp_path / "ours.safetensors", implementation.library)
    ours = archdsl.compile(net, "inference", tmp_path / "ours.safetensors")
    image = torch.rand(1, *next(iter(net.graph().inputs.values())).type.shape)
    with torch.no_grad():
        expected = reference(image)
        found = outputs(ours(image))
    expected = outputs(implementation.read(expected) if implementation.read else expected)
    for one, other in zip(found, expected, strict=True):
        assert (one - other).abs().max() <= 1e-5 * other.abs().max()
    restore_weights(net, tmp_path / "ours.safetensors", tmp_path / "back.pth")
    back = torch.load(tmp_path / "back.pth", weights_only=True)
    theirs = reference.state_dict()
    assert list(back) == list(theirs)
    assert all(torch.equal(back[key], theirs[key]) for key in theirs)


def shapes_of(module: nn.Module) -> dict[str, tuple[int, ...]]:
    return {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}


def forms_of(net: archdsl.Architecture) -> list:
    return [net.graph(training=True), net.graph()] if net.has_training_form else [net.graph()]


def on_meta(name: str) -> tuple[archdsl.Architecture, dict[str, tuple[int, ...]]]:
    with torch.device("meta"):
        module = {**IMPLEMENTATIONS, "retinanet_resnet50_fpn": RETINANET}[name].build()
    return archdsl.load(name), shapes_of(module)


SHUFFLED = ["resnet18", "googlenet", "mobilenet_v3_small", "shufflenet_v2_x0_5", "squeezenet1_0", "mnasnet_a1"]
SHUFFLED += ["retinanet_resnet50_fpn", "seresnet50", "resnetv2_50", "inception_v3"]


@pytest.mark.parametrize(
    "name", [*SHUFFLED, *[pytest.param(n, marks=pytest.mark.slow) for n in IMPLEMENTATIONS if n not in SHUFFLED]]
)
def test_the_order_of_the_file_is_not_needed_or_its_lack_is_said(name: str) -> None:
    net, shapes = on_meta(name)
    forms = forms_of(net)
    expected = map_tensors(shapes, forms, definition_order=True).names
    shuffled = list(shapes)
    random.Random(name).shuffle(shuffled)
    for order in (list(shapes), sorted(shapes), shuffled):
        given = {key: shapes[key] for key in order}
        for trusting in (False, True):
            if trusting and order == list(shapes):
                continue
            if name in NEEDS_ORDER:
                with pytest.raises(archdsl.ArchdslError) as caught:
                    map_tensors(given, forms, definition_order=trusting)
                (diagnostic,) = caught.value.diagnostics
                assert diagnostic.code == "E1005"
                assert any("both fit" in note for note in diagnostic.notes)
            else:
                found = map_tensors(given, forms, definition_order=trusting)
                assert found.names == expected
                assert not found.ordered


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "densenet121", "retinanet_resnet50_fpn"])
def test_prefixes_may_be_renamed(name: str) -> None:
    net, shapes = on_meta(name)
    expected = map_tensors(shapes, forms_of(net), definition_order=True).names
    renamed = {f"module.backbone.{key.replace('layer', 'stage_').replace('conv', 'c')}": key for key in shapes}
    found = map_tensors({new: shapes[old] for new, old in renamed.items()}, forms_of(net))
    assert {renamed[new]: ours for new, ours in found.names.items()} == expected


def test_retinanets_pyramid_is_found_though_defined_in_another_order(tmp_path: Path) -> None:
    net = archdsl.load("retinanet_resnet50_fpn", inputs={"image": [3, 64, 64]})
    reference = RETINANET.build().eval()
    randomise(reference)
    torch.save({"epoch": 3, "model": reference.state_dict(), "optimizer": {}}, tmp_path / "theirs.pth")
    convert_weights(net, tmp_path / "theirs.pth", tmp_path / "ours.safetensors", "torchvision")
    ours = archdsl.compile(net, "inference", tmp_path / "ours.safetensors")
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        features = list(reference.backbone(image).values())
        expected = reference.head(features)
        found = ours(image)
    for key, theirs in {"class_logits": "cls_logits", "box_deltas": "bbox_regression"}.items():
        assert (found[key] - expected[theirs]).abs().max() <= 1e-5 * expected[theirs].abs().max(), key
