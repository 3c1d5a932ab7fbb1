"""The networks that torchvision and timm implement, by the name of the shipped spec.

Both are imported on use: they are needed for these tests alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Implementation:
    """Where a network is implemented elsewhere, and how to compare with it.

    Attributes:
        library: `torchvision` or `timm`.
        model: the constructor's name there.
        options: its keyword arguments.
        training_options: more of them, for a module with the auxiliary heads of training.
        size: side of the smallest image that is worth comparing on; 0 if the spec's own size is needed.
        in_order: whether the weights are defined in the same order.
        slow: whether the comparison takes long.
        read: from the module's result to a tensor, or to a list in the order of the spec's outputs.
        training: whether the training form is compared as well.
        gain: of the random weights in evaluation.
    """

    library: str
    model: str
    options: tuple[tuple[str, Any], ...] = ()
    training_options: tuple[tuple[str, Any], ...] = ()
    size: int = 64
    in_order: bool = True
    slow: bool = False
    read: Callable[[Any], Any] | None = None
    training: bool = True
    gain: float = 1.0

    def build(self, training: bool = False) -> nn.Module:
        """The module, freshly initialised; for training with its auxiliary heads."""
        options = dict(self.options + (self.training_options if training else ()))
        if self.library == "timm":
            return _timm().create_model(self.model, pretrained=False, **options)  # type: ignore[no-any-return]
        return _torchvision(self.model)(weights=None, **options)  # type: ignore[no-any-return]


@cache
def _operator_schemas() -> torch.library.Library:
    """torchvision registers kernels for operators that only its compiled part declares, which we don't need."""
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for schema in (
        "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
        "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    ):
        library.define(schema)  # type: ignore[no-untyped-call]
    return library


def _torchvision(model: str) -> Any:
    _declare()
    for module in ("models", "models.detection", "models.segmentation"):
        found = getattr(import_module(f"torchvision.{module}"), model, None)
        if found is not None:
            return found
    raise LookupError(model)


def _timm() -> Any:
    _declare()
    return import_module("timm")


def _declare() -> None:
    try:
        _operator_schemas()
    except RuntimeError:  # the compiled part is there and has declared them
        _operator_schemas.cache_clear()


def _tv(model: str, size: int = 64, **more: Any) -> Implementation:
    return Implementation("torchvision", model, size=size, **more)


def _timm_model(model: str, size: int = 64, **more: Any) -> Implementation:
    return Implementation("timm", model, size=size, **more)


def _googlenet(result: Any) -> Any:
    if torch.is_tensor(result):
        return result
    return [result.logits, result.aux_logits2, result.aux_logits1]


def _segmentation(result: Any) -> Any:
    return [result["out"], result["aux"]] if "aux" in result else result["out"]


def _inception_v3(result: Any) -> Any:
    return result if torch.is_tensor(result) else [result.logits, result.aux_logits]


def _slightly_leaky(**options: Any) -> nn.Module:
    """Darknet's activation; timm's leaks a tenth of that."""
    return nn.LeakyReLU(0.1, **options)


_AUXILIARY_LOGITS = (("aux_logits", True),)
_INCEPTION_OPTIONS = (("aux_logits", False), ("transform_input", False), ("init_weights", False))

IMPLEMENTATIONS: dict[str, Implementation] = {
    "alexnet": _tv("alexnet", 96, slow=True),
    **{f"vgg{depth}": _tv(f"vgg{depth}", 32, slow=True) for depth in (11, 13, 16, 19)},
    **{f"vgg{depth}_bn": _tv(f"vgg{depth}_bn", 32, slow=True) for depth in (11, 13, 16, 19)},
    "googlenet": _tv("googlenet", options=_INCEPTION_OPTIONS, training_options=_AUXILIARY_LOGITS, read=_googlenet),
    "inception_v3": _tv(
        "inception_v3",
        299,
        options=_INCEPTION_OPTIONS,
        training_options=_AUXILIARY_LOGITS,
        read=_inception_v3,
        slow=True,
    ),
    "inception_v4": _timm_model("inception_v4", 139, slow=True),
    "inception_resnet_v2": _timm_model("inception_resnet_v2", 139, slow=True),
    "resnet18": _tv("resnet18"),
    "resnet34": _tv("resnet34", slow=True),
    "resnet50": _tv("resnet50"),
    "resnet101": _tv("resnet101", slow=True),
    "resnet152": _tv("resnet152", slow=True),
    "resnetv2_50": _timm_model("resnetv2_50", in_order=False),
    "resnetv2_101": _timm_model("resnetv2_101", in_order=False, slow=True),
    "resnext50_32x4d": _tv("resnext50_32x4d"),
    "resnext101_32x4d": _timm_model("resnext101_32x4d", slow=True),
    "resnext101_32x8d": _tv("resnext101_32x8d", slow=True),
    "wide_resnet50_2": _tv("wide_resnet50_2", slow=True),
    "densenet121": _tv("densenet121", slow=True),
    "densenet161": _tv("densenet161", slow=True),
    "densenet169": _tv("densenet169", slow=True),
    "densenet201": _tv("densenet201", slow=True),
    "seresnet50": _timm_model("seresnet50"),
    "seresnet50_caffe": _timm_model("legacy_seresnet50", slow=True),
    "senet154": _timm_model("legacy_senet154", slow=True, gain=0.5),
    "squeezenet1_0": _tv("squeezenet1_0"),
    "squeezenet1_1": _tv("squeezenet1_1"),
    "xception": _timm_model("legacy_xception", slow=True),
    "mobilenet_v1": _timm_model("mobilenetv1_100", options=(("act_layer", nn.ReLU),)),
    "darknet53": _timm_model("darknet53", options=(("act_layer", _slightly_leaky),), slow=True),
    "mobilenet_v2": _tv("mobilenet_v2"),
    "mobilenet_v2_1_4": _tv("mobilenet_v2", options=(("width_mult", 1.4),), slow=True),
    "mobilenet_v3_large": _tv("mobilenet_v3_large", slow=True),
    "mobilenet_v3_small": _tv("mobilenet_v3_small"),
    "shufflenet_v2_x0_5": _tv("shufflenet_v2_x0_5"),
    "shufflenet_v2_x1_0": _tv("shufflenet_v2_x1_0", slow=True),
    "shufflenet_v2_x1_5": _tv("shufflenet_v2_x1_5", slow=True),
    "shufflenet_v2_x2_0": _tv("shufflenet_v2_x2_0", slow=True),
    "mnasnet_b1_0_5": _tv("mnasnet0_5"),
    "mnasnet_b1_0_75": _tv("mnasnet0_75", slow=True),
    "mnasnet_b1_1_0": _tv("mnasnet1_0", slow=True),
    "mnasnet_b1_1_3": _tv("mnasnet1_3", slow=True),
    "mnasnet_a1": _timm_model("semnasnet_100", gain=0.7),
    **{
        name: _tv(
            name,
            64,
            options=(("weights_backbone", None),),
            training_options=(("aux_loss", True),),
            read=_segmentation,
            slow=slow,
        )
        for name, slow in [
            ("fcn_resnet50", True),
            ("fcn_resnet101", True),
            ("deeplabv3_resnet50", True),
            ("deeplabv3_resnet101", True),
            ("deeplabv3_mobilenet_v3_large", False),
        ]
    },
    "lraspp_mobilenet_v3_large": _tv(
        "lraspp_mobilenet_v3_large", 64, options=(("weights_backbone", None),), read=_segmentation
    ),
    "nasnet_large": _timm_model("nasnetalarge", 0, slow=True, training=False),
    "pnasnet5_large": _timm_model("pnasnet5large", 96, slow=True, training=False),
}


# torchvision's detectors, and the side of an image to compare on (SSD300 has one size).
DETECTORS = {"retinanet_resnet50_fpn": 256, "retinanet_resnet50_fpn_v2": 256, "ssd300_vgg16": 300}


def detector(name: str) -> nn.Module:
    """torchvision's detector, with all its layers trainable."""
    module: nn.Module = _torchvision(name)(weights=None, weights_backbone=None)
    return module


def detector_outputs(module: nn.Module, image: Tensor) -> dict[str, Tensor]:
    """What its heads and its generator of anchors give, before boxes are selected; [N, ...] each."""
    parts: Any = module
    features = list(parts.backbone(image).values())
    head: dict[str, Tensor] = parts.head(features)
    if len(features) > 5:  # SSD; its boxes are relative to the image, and the spec leaves them out
        return head
    images = import_module("torchvision.models.detection.image_list").ImageList
    boxes = parts.anchor_generator(images(image, [tuple(image.shape[2:])] * len(image)), features)
    return {
        "class_logits": head["cls_logits"],
        "box_deltas": head["bbox_regression"],
        "anchor_boxes": torch.stack(boxes),
    }
