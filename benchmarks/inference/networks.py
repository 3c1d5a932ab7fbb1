"""The networks of the inference benchmark, with weights whose values neither vanish nor explode."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np

SEED = 7
NETWORKS = [
    "resnet18",
    "resnet50",
    "vgg16",
    "googlenet",
    "inception_v3",
    "densenet121",
    "squeezenet1_1",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "shufflenet_v2_x1_0",
    "mnasnet_b1_1_0",
    "nasnet_mobile",
    "nasnet_space",
    "darts",
]
SPACES = ("nasnet_space", "darts")
BRANCHY = ("googlenet", "inception_v3", "nasnet_mobile", "nasnet_space", "darts")


def architecture(name: str) -> Any:
    """A network of the zoo, or the one that a fixed seed draws from a space."""
    import archdsl

    if name not in SPACES:
        return archdsl.load(name)
    space = archdsl.load_space(name)
    return space.resolve(space.sample(random.Random(SEED)))


def prepare(name: str, batch: int, folder: Path) -> None:
    """What all contenders are given: weights, torch's ONNX export of the plain module, eager torch's outputs.

    Weights are seeded; batch norms have the statistics of random images, so that values neither vanish nor explode.
    """
    import torch
    from safetensors.torch import save_file

    net = architecture(name)
    weights, exported = folder / f"{name}.safetensors", folder / f"{name}-{batch}.onnx"
    if exported.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    if not weights.exists():
        save_file(plain_module(net).state_dict(), weights)
    module = module_with(net, weights)
    tensors = tuple(torch.from_numpy(x) for x in images(net, batch))
    with torch.no_grad():
        made = module(*tensors)
    first = next(iter(made.values())) if isinstance(made, dict) else made
    np.save(folder / f"{name}-{batch}.npy", first.numpy())
    draft = exported.with_suffix(".draft.onnx")
    torch.onnx.export(module, tensors, dynamo=True, verbose=False).save(draft)
    draft.replace(exported)


def plain_module(net: Any) -> Any:
    """The plain module with such weights."""
    import torch

    import archdsl

    torch.manual_seed(SEED)
    module = archdsl.compile(net, mode="inference", optimize=False)
    for norm in module.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.momentum = None
            norm.train()
    with torch.no_grad():
        module(*[torch.from_numpy(x) for x in images(net, 4)])
    return module.eval()


def module_with(net: Any, weights: Path) -> Any:
    """The plain module with the weights of a file."""
    import archdsl

    return archdsl.compile(net, mode="inference", weights=weights, optimize=False).requires_grad_(False)


def images(net: Any, batch_size: int) -> list[Any]:
    """Random inputs, the same in every process."""
    generator = np.random.default_rng(SEED)
    shapes = [value.type.shape for value in net.graph().inputs.values()]
    return [generator.standard_normal((batch_size, *shape)).astype(np.float32) for shape in shapes]
