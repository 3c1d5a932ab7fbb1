"""One way to train one network, in a process of its own: says when it is ready, then takes steps when asked.

python benchmarks/training/contender.py '{"network": "resnet18", "way": "plain", "batch": 8, ...}'
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

if "inductor_cache" in sys.argv[1]:  # nothing is compiled yet
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = json.loads(sys.argv[1])["inductor_cache"]

import torch
from torch import nn

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "search")]

import archdsl  # noqa: E402
from archdsl.training.classifier import Classifier, classifier  # noqa: E402
from archdsl.training.settings import TrainingSettings  # noqa: E402
from archdsl.training.stepping import Stepper, choose_way  # noqa: E402
from archdsl.training.ways import Way, way_by_rule  # noqa: E402


def child(seed: int) -> archdsl.Architecture:
    """A network drawn from the NASNet space, as small as a search would train it."""
    space = archdsl.load_space("nasnet_space", params={"filters": 16, "repeats": 1})
    return space.resolve(space.sample(Random(seed)))


def architecture(name: str, size: int) -> archdsl.Architecture:
    """`child:SEED`, `nasnet_a` (6 cells of the CIFAR form, 16 filters), or a shipped network on small images."""
    if name.startswith("child:"):
        return child(int(name.removeprefix("child:")))
    if name == "nasnet_a":
        return archdsl.load("nasnet_cifar_6_768", params={"filters": 16, "stem_width": 48, "repeats": 2})
    return archdsl.load(name, inputs={"image": [3, size, size]})


def made(task: dict[str, Any]) -> tuple[nn.Module, Classifier]:
    """The module and what it is as a classifier."""
    size = task.get("size", 32)
    network = architecture(task["network"], size)
    form = classifier(network.graph(training=True), network.graph())
    torch.manual_seed(0)
    if task.get("maker") != "torchvision":
        return archdsl.compile(network), form
    from tests.ops.reference import torchvision_module

    options = {"init_weights": False} if task["network"] == "googlenet" else {}
    module = getattr(torchvision_module("torchvision.models"), task["network"])(weights=None, **options)
    if task["network"] == "googlenet":
        plain = module.forward
        module.forward = lambda x: dict(zip(form.outputs, plain(x), strict=True))  # logits, aux2, aux1
    return module, form


def stepper(task: dict[str, Any]) -> tuple[Stepper, tuple[torch.Tensor, torch.Tensor]]:
    """Whatever the task wants, ready for its first step; and a batch."""
    module, form = made(task)
    device = torch.device(task.get("device", "cpu"))
    module.to(device)
    batch = (
        torch.rand(task["batch"], *form.shape, device=device),
        torch.randint(form.classes, (task["batch"],), device=device),
    )
    way = task["way"]
    settings = TrainingSettings(
        speed=way if way in ("auto", "measure", "compile") else "auto" if way == "bfloat16" else "plain",
        precision="bfloat16" if way == "bfloat16" else "auto",
    )
    if way == "whole":
        taken = Way(channels_last=True)
    else:
        taken = (
            choose_way(module, form, settings, device, batch, 1000)
            if way == "measure"
            else way_by_rule(settings, device)
        )
    found = Stepper(module, form, settings, device, taken)
    if way == "whole":
        module.compile(dynamic=False)
    module.train()
    return found, batch


def wait(device: torch.device) -> None:
    """Until the device has done everything."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    """Answer lines on standard input."""
    task = json.loads(sys.argv[1])
    torch.set_num_threads(task["threads"])
    started = time.perf_counter()
    steps, batch = stepper(task)
    built = time.perf_counter()
    steps.step(*batch, 1e-4)
    wait(batch[0].device)
    first = time.perf_counter()
    steps.step(*batch, 1e-4)
    wait(batch[0].device)
    ready = {"built": built - started, "first_step": first - built, "way": str(steps.way)}
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            begun = time.perf_counter(), time.process_time()
            steps.step(*batch, 1e-4)
            wait(batch[0].device)
            times.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main()
