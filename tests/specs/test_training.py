"""Every family of shipped networks trains: a few optimizer steps on a small input make its loss fall."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.spec.library import library_root

BATCH = 2
STEPS = 6


@dataclass(frozen=True)
class Small:
    """A small form of a family: a variant, parameters, input shapes; `slow` if even that takes seconds; step size."""

    variant: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, list[int]] = field(default_factory=dict)
    slow: bool = False
    rate: float = 1e-3


def _image(size: int, channels: int = 3) -> dict[str, list[int]]:
    return {"image": [channels, size, size]}


TEN = {"num_classes": 10}
SHALLOW = {"depths": [1, 1, 1, 1]}

FAMILIES = {
    "alexnet": Small("alexnet", TEN, _image(64), slow=True),
    "alphago": Small("", {"width": 16, "depth": 3}),
    "bn_inception": Small("bn_inception", TEN, _image(32)),
    "condensenet": Small("condensenet74_g4_learned", {"depths": [1, 2], "growths": [8, 16], **TEN}, _image(32)),
    "crnn": Small("", {"hidden": 32}, _image(32, 1)),
    "darknet": Small("darknet19", TEN, _image(32), slow=True),
    "dcgan_discriminator": Small("", {"width": 16}),
    "dcgan_generator": Small("", {"width": 8}),
    "deeplab_v2": Small("", SHALLOW, _image(33), slow=True, rate=1e-5),
    "deeplab_v3": Small("", SHALLOW, _image(33), slow=True),
    "deeplab_vgg": Small("", {}, _image(33), slow=True),
    "deeplabv3": Small("deeplabv3_mobilenet_v3_large", {}, _image(64)),
    "densenet": Small("densenet121", {"depths": [2, 2], "growth": 8, **TEN}, _image(32)),
    "digits_resnet": Small(),
    "dqn": Small(),
    "dsn": Small(),
    "fcn_resnet": Small("", SHALLOW, _image(32), slow=True),
    "fpn": Small("", SHALLOW, _image(64)),
    "fractalnet": Small("", {"widths": [8, 16], "dropouts": [0.0, 0.1]}),
    "googlenet": Small("googlenet", TEN, _image(64)),
    "goturn": Small("", {"hidden": 64}, {"target": [3, 67, 67], "search": [3, 67, 67]}),
    "inception_resnet": Small("inception_resnet_v1_paper", {"depths": [1, 1, 1], **TEN}, _image(75)),
    "inception_v3": Small("", TEN, slow=True),
    "inception_v4": Small("", {"depths": [1, 1, 1], **TEN}, _image(75), slow=True),
    "lenet": Small("lenet5_original"),
    "lraspp": Small("", {}, _image(64)),
    "mnasnet": Small("mnasnet_a1", TEN, _image(32)),
    "mobilenet_v1": Small("", {"width": 0.25, **TEN}, _image(32)),
    "mobilenet_v2": Small("", {"width": 0.35, **TEN}, _image(32)),
    "mobilenet_v3": Small("mobilenet_v3_small", TEN, _image(32)),
    "nasnet": Small("nasnet_cifar_6_768", {"repeats": 1, "filters": 4, "stem_width": 12}, _image(32)),
    "nin": Small("nin_cifar10"),
    "overfeat": Small("overfeat_fast", {"widths": [16, 16, 16, 16, 16], "hidden": [32, 32], **TEN}),
    "preresnet": Small("resnetv2_50", {**SHALLOW, "widths": [8, 16, 32, 64], **TEN}, _image(32)),
    "pspnet": Small("", SHALLOW, _image(33), slow=True),
    "refinedet": Small("refinedet320_vgg16_voc", {}, _image(64), slow=True),
    "resnet": Small("resnet18", {**SHALLOW, "widths": [8, 16, 32, 64], **TEN}, _image(32)),
    "resnext": Small("resnext50_32x4d", {**SHALLOW, "cardinality": 4, "path_width": 4, **TEN}, _image(32)),
    "retinanet": Small("", {}, _image(64), slow=True),
    "segnet": Small("", {"widths": [8, 16, 16, 16, 16]}, _image(64)),
    "senet": Small("seresnet50", {**SHALLOW, **TEN}, _image(32)),
    "show_attend_tell_encoder": Small("", {"widths": [8, 16, 16, 16, 16]}, _image(32)),
    "shufflenet_v1": Small("shufflenet_v1_g3", {"width": 48, "depths": [2, 2, 2], **TEN}, _image(32)),
    "shufflenet_v2": Small("se_shufflenet_v2_x0_5", TEN, _image(32)),
    "shufflenet_v2_large": Small("", {"widths": [32, 32, 64, 64], "depths": [2, 1, 1, 1], **TEN}, _image(64)),
    "squeezenet": Small("squeezenet1_1", TEN, _image(64)),
    "ssd": Small("ssd300_vgg16_21", slow=True),
    "tiramisu": Small("tiramisu56", {"down": [2, 2], "up": [2, 2], "bottom": 2}, _image(32)),
    "unet": Small("", {"widths": [8, 16, 32]}, _image(60, 1)),
    "vae": Small(),
    "vgg": Small("vgg11_bn", {"widths": [8, 16, 16, 16, 16], **TEN}, _image(32), slow=True),
    "wide_resnet": Small("wide_resnet50_2", {**SHALLOW, **TEN}, _image(32), slow=True),
    "xception": Small("", {"middle": 1, **TEN}, _image(64)),
    "yolov1": Small("yolov1_paper", {}, _image(64), slow=True),
    "yolov2": Small("yolov2_voc_416", {}, _image(32), slow=True),
    "yolov3": Small("", {}, _image(32), slow=True),
    "zfnet": Small("", TEN, _image(64), slow=True),
}


def _cases() -> list[Any]:
    return [pytest.param(name, id=name, marks=pytest.mark.slow if f.slow else []) for name, f in FAMILIES.items()]


def test_every_family_is_trained() -> None:
    assert set(FAMILIES) == {path.stem for path in (library_root() / "models").glob("*.yaml")}


@pytest.mark.parametrize("family", _cases())
def test_loss_falls(family: str) -> None:
    small = FAMILIES[family]
    path = str(library_root() / "models" / f"{family}.yaml")
    reference = f"{path}@{small.variant}" if small.variant else path
    architecture = archdsl.load(reference, small.params, inputs=small.inputs)
    torch.manual_seed(0)
    module = archdsl.compile(architecture).train()
    images = [torch.randn(BATCH, *value.type.shape) for value in architecture.graph().inputs.values()]
    without_chance(module)
    optimizer = torch.optim.Adam(module.parameters(), small.rate)
    losses, targets = [], None
    for _ in range(STEPS):
        outputs = _outputs(module(*images))
        targets = targets or [_target(output) for output in outputs]
        loss = torch.stack([_loss(*pair) for pair in zip(outputs, targets, strict=True)]).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert all(loss == loss for loss in losses), losses
    assert min(losses[-2:]) < losses[0], losses


def without_chance(module: nn.Module) -> None:
    """Let nothing be dropped, so that one loss can be compared with the next."""
    for part in module.modules():
        if isinstance(part, nn.Dropout | nn.Dropout2d):
            part.p = 0.0


def _outputs(result: Any) -> list[Tensor]:
    found = list(result.values()) if isinstance(result, dict) else [result]
    return [output for output in found if output.is_floating_point() and output.requires_grad]


def _target(output: Tensor) -> Tensor:
    """Classes for logits, else numbers that a sigmoid reaches as well."""
    if output.ndim == 2 and output.shape[1] > 1:
        return torch.arange(len(output)) % output.shape[1]
    if output[0].numel() == 1:
        return (output.detach() < 0.5).to(output.dtype)
    return torch.rand_like(output.detach())


def _loss(output: Tensor, target: Tensor) -> Tensor:
    if target.dtype == torch.int64:
        return nn.functional.cross_entropy(output, target)
    return nn.functional.mse_loss(output, target)


@pytest.mark.parametrize(
    ("name", "params", "inputs", "epochs"),
    [
        pytest.param("resnet20_cifar_a", {"depths": [1, 1, 1]}, _image(8, 1), 8, id="resnet"),
        pytest.param("lenet5", {}, _image(32, 1), 10, id="lenet", marks=pytest.mark.slow),
        pytest.param(
            "densenet_bc_100_12_cifar", {"depths": [3, 3, 3]}, _image(8, 1), 8, id="densenet", marks=pytest.mark.slow
        ),
    ],
)
def test_digits_are_told_apart(name: str, params: dict[str, Any], inputs: dict[str, list[int]], epochs: int) -> None:
    result = archdsl.train(archdsl.load(name, params, inputs=inputs), "digits", archdsl.TrainingSettings(epochs=epochs))
    assert result.test is not None
    assert result.test.accuracy >= 0.97
