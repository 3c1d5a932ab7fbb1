"""Optimized networks of the zoo compute what the plain ones do, on every runtime."""

from __future__ import annotations

import pytest
import torch

import archdsl
from archdsl.backends.torch.inference import RUNTIMES
from archdsl.backends.torch.inference.planned import choices
from tests.backends.torch.inference.networks import difference, outputs, trained
from tests.passes.inference.zoo import entries, small_architecture

QUICK = ["digits_resnet", "lenet5", "squeezenet1_1", "shufflenet_v2_x0_5"]
REST = [
    "resnet18", "resnet50", "googlenet", "inception_v3", "densenet121", "mobilenet_v2", "mobilenet_v3_large",
    "mnasnet_b1_1_0", "nasnet_mobile", "vgg11", "resnext50_32x4d", "unet",
]  # fmt: skip


def check(net: archdsl.Architecture, runtime: str) -> None:
    """Two samples, batch norms with the statistics of these.

    Few numbers make a statistic of small maps, and some networks then enlarge rounding: where the plain module itself
    is far from what it computes in float64, a few times as far is near enough for other orders of its sums.
    """
    plain = trained(net)
    torch.manual_seed(0)
    types = [value.type for value in net.graph().inputs.values()]
    given = [torch.randn(2, *t.shape) if t.dtype == "float32" else torch.randint(2, (2, *t.shape)) for t in types]
    settled(plain, given)
    module = archdsl.compile(net, "inference", plain, runtime=runtime)  # type: ignore[arg-type]
    ours, theirs = outputs(module, given), outputs(plain, given)
    if difference(ours, theirs) >= 1e-4:
        exact = outputs(plain.double(), [x.double() if x.is_floating_point() else x for x in given])
        own = difference(theirs, exact)
        assert own > 2e-5
        assert difference(ours, exact) < 4 * own


def settled(module: torch.nn.Module, given: list[torch.Tensor]) -> None:
    """Batch norms with the statistics of a batch, so that values neither vanish nor explode."""
    for each in module.modules():
        if isinstance(each, torch.nn.BatchNorm2d):
            each.momentum = None
            each.reset_running_stats()
            each.train()
    outputs(module, given)
    module.eval()


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", QUICK)
def test_quick(name: str, runtime: str) -> None:
    check(archdsl.load(name), runtime)


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", REST)
def test_rest(name: str, runtime: str) -> None:
    check(archdsl.load(name), runtime)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(entries()))
def test_every_network_in_the_planned_engine(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "seconds_saved", lambda *_: 1.0)  # whether or not it is expected to pay
    check(small_architecture(name), "torch")
