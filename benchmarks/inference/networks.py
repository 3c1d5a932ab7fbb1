"""The networks of the inference benchmark, with weights whose values neither vanish nor explode."""

from __future__ import annotations

import random
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
    "mnasnet1_0",
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


def plain_module(net: Any) -> Any:
    """The plain module with seeded weights and the batch statistics of random images."""
    import torch

    import archdsl

    torch.manual_seed(SEED)
    module = archdsl.compile(net, mode="inference", optimize=False)
    norms = [each for each in module.modules() if isinstance(each, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None
        norm.train()
    with torch.no_grad():
        module(*[torch.from_numpy(x) for x in images(net, 4)])
    return module.eval()


def images(net: Any, batch_size: int) -> list[Any]:
    """Random inputs, the same in every process."""
    generator = np.random.default_rng(SEED)
    shapes = [value.type.shape for value in net.graph().inputs.values()]
    return [generator.standard_normal((batch_size, *shape)).astype(np.float32) for shape in shapes]
