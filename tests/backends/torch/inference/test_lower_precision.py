"""bfloat16 and float16 on the CPU: every family of networks computes, and stays near float64."""

from __future__ import annotations

import pytest
import torch

import archdsl
from tests.backends.torch.inference.networks import difference, outputs, trained
from tests.backends.torch.inference.test_zoo import settled
from tests.passes.inference.zoo import one_of_each_file, small_architecture

# Relative to the largest output: bfloat16 has 8 significant bits, float16 11, and rounding grows with the depth.
NEAR = {"bfloat16": 0.1, "float16": 0.01}
# SegNet unpools to where the largest of nearly equal numbers was; Inception v4 is the deepest without residual sums.
FARTHER = {"segnet_camvid": 0.3, "inception_v4": 0.4}
# Batch norms get the statistics of so many samples: maps may be a single pixel large.
SETTLING = 16
QUICK = ["digits_resnet", "googlenet", "mobilenet_v3_small", "shufflenet_v2_x0_5"]
FAMILIES = one_of_each_file(most_params=10**9)


def error(name: str, dtype: str, runtime: str) -> float:
    """How far the outputs are off those of float64."""
    net = small_architecture(name)
    plain = trained(net)
    torch.manual_seed(0)
    values = net.graph().inputs.values()
    integer = [value.type.dtype == "int64" for value in values]
    many = [torch.randn(SETTLING, *value.type.shape) for value in values]
    many = [torch.zeros_like(x, dtype=torch.int64) if i else x for x, i in zip(many, integer, strict=True)]
    settled(plain, many)
    given = [x[:2] for x in many]
    module = archdsl.compile(net, "inference", plain, dtype=dtype, runtime=runtime)  # type: ignore[arg-type]
    kind = getattr(torch, dtype)
    made = outputs(module, [x if i else x.to(kind) for x, i in zip(given, integer, strict=True)])
    expected = outputs(plain.double(), [x if i else x.double() for x, i in zip(given, integer, strict=True)])
    return difference([y.double() for y in made], [y.double() for y in expected])


@pytest.mark.parametrize("runtime", ["torch", "auto"])
@pytest.mark.parametrize("dtype", NEAR)
@pytest.mark.parametrize("name", QUICK)
def test_quick(name: str, dtype: str, runtime: str) -> None:
    assert error(name, dtype, runtime) < NEAR[dtype]


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["torch", "auto"])
@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_in_bfloat16(name: str, runtime: str) -> None:
    assert error(name, "bfloat16", runtime) < FARTHER.get(name, NEAR["bfloat16"])
