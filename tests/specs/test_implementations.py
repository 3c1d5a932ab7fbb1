"""Shipped networks against torchvision's and timm's: same figures, same results with the same weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from tests.specs.comparison import copy, leaves, pairs, params_and_mult_adds, randomise, tensors
from tests.specs.implementations import (
    DETECTORS,
    IMPLEMENTATIONS,
    Implementation,
    detector,
    detector_outputs,
)

BATCH = 2
# Of float64 in evaluation; training divides by the deviation of few numbers, again and again.
EXACT = 1e-9
TRAINED = 1e-6
SLOW = [pytest.mark.slow]
PRECISIONS = pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [
        pytest.param(torch.float32, 1e-5, id="float32", marks=SLOW),
        pytest.param(torch.float64, EXACT, id="float64"),
    ],
)

pytestmark = pytest.mark.filterwarnings("ignore")


def _marked(names: list[str]) -> list[Any]:
    return [pytest.param(name, id=name, marks=SLOW if IMPLEMENTATIONS[name].slow else []) for name in names]


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_figures_are_those_of_the_implementation(name: str) -> None:
    implementation = IMPLEMENTATIONS[name]
    architecture = archdsl.load(name)
    with torch.device("meta"):
        module = implementation.build().eval()
        (shape,) = (value.type.shape for value in architecture.graph().inputs.values())
        params, mult_adds = params_and_mult_adds(module, torch.empty(1, *shape))
    report = archdsl.cost(architecture)
    assert report.mult_adds == mult_adds
    assert report.params == params


@pytest.mark.parametrize("name", _marked(list(IMPLEMENTATIONS)))
@PRECISIONS
def test_evaluation_agrees(name: str, dtype: torch.dtype, tolerance: float) -> None:
    implementation = IMPLEMENTATIONS[name]
    theirs, ours, image = _both(name, implementation, dtype)
    with torch.no_grad():
        _assert_close(_outputs(ours.eval()(image)), _outputs(_read(implementation, theirs.eval()(image))), tolerance)


@pytest.mark.parametrize("name", _marked([name for name, found in IMPLEMENTATIONS.items() if found.training]))
def test_training_agrees(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.nn.functional, "dropout", lambda x, *_, **__: x)
    implementation = IMPLEMENTATIONS[name]
    theirs, ours, image = _both(name, implementation, torch.float64, training=True)
    matched = pairs(theirs, ours, implementation.in_order)
    found = _outputs(ours.train()(image))
    expected = _outputs(_read(implementation, theirs.train()(image)))
    _assert_close(found, expected, TRAINED)
    for outputs in (found, expected):
        torch.stack([output.square().mean() for output in outputs]).sum().backward()  # type: ignore[no-untyped-call]
    for mine, other in matched:
        for to, given in zip(tensors(mine).values(), tensors(other).values(), strict=True):
            _assert_close([to], [given.reshape(to.shape)], TRAINED)
            if to.requires_grad:
                assert to.grad is not None
                assert given.grad is not None
                _assert_close([to.grad], [given.grad.reshape(to.shape)], TRAINED)


@PRECISIONS
@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW if i else []) for i, name in enumerate(DETECTORS)])
def test_detector_agrees(name: str, dtype: torch.dtype, tolerance: float) -> None:
    size = DETECTORS[name]
    theirs = detector(name).to(dtype).eval()
    ours = archdsl.compile(archdsl.load(name, {"resolution": size})).to(dtype).eval()
    randomise(theirs)
    copy(pairs(theirs, ours, in_order=False))  # torchvision defines the pyramid's layers from fine to coarse
    image = torch.randn(BATCH, 3, size, size, generator=torch.Generator().manual_seed(3), dtype=dtype)
    with torch.no_grad():
        found, expected = ours(image), detector_outputs(theirs, image)
    assert set(found) == set(expected)
    _assert_close(list(found.values()), [expected[key] for key in found], tolerance)


@pytest.mark.parametrize("name", DETECTORS)
def test_parameters_of_detectors_are_those_of_the_implementation(name: str) -> None:
    with torch.device("meta"):
        params = sum(weight.numel() for weight in detector(name).parameters())
    assert archdsl.cost(archdsl.load(name)).params == params


def _both(
    name: str, implementation: Implementation, dtype: torch.dtype, training: bool = False
) -> tuple[nn.Module, nn.Module, Tensor]:
    """The implementation, ours with its weights, and an image for both."""
    size = implementation.size
    architecture = archdsl.load(name, inputs={"image": [3, size, size]} if size else None)
    (shape,) = (value.type.shape for value in architecture.graph().inputs.values())
    theirs = implementation.build(training).to(dtype)
    ours = archdsl.compile(architecture, "train" if training else "inference").to(dtype)
    randomise(theirs, 1.0 if training else implementation.gain)
    copy(pairs(theirs, ours, implementation.in_order))
    assert len(leaves(theirs)) == len(leaves(ours))
    image = torch.randn(BATCH, *shape, generator=torch.Generator().manual_seed(3), dtype=dtype)
    return theirs, ours, image


def _read(implementation: Implementation, result: Any) -> Any:
    return implementation.read(result) if implementation.read else result


def _outputs(result: Any) -> list[Tensor]:
    if torch.is_tensor(result):
        return [result]
    return list(result.values()) if isinstance(result, dict) else list(result)


def _assert_close(found: list[Tensor], expected: list[Tensor], tolerance: float) -> None:
    """Equal up to `tolerance` of the largest number."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert torch.isfinite(one).all()
        scale = other.abs().max().clamp_min(1e-12)
        assert (one - other).abs().max() <= tolerance * scale
