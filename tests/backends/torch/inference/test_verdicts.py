"""Measured verdicts: what is measured, what is kept, and that a broken cache harms nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.backends.runtimes.session import UnfitError
from archdsl.backends.torch.inference import Recipe, foreign, measuring
from archdsl.pipeline import verdicts
from tests.backends.torch.inference.networks import SINGLE, architecture, difference, inputs, outputs, trained


@pytest.fixture
def net(tmp_path: Path) -> archdsl.Architecture:
    return architecture(tmp_path, SINGLE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of this test."""
    found = tmp_path / "cache"
    monkeypatch.setenv(verdicts.VARIABLE, str(found))
    return found


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Says OpenVINO was fastest; counts how often that was asked."""
    asked: list[int] = []

    def measure(preparation: object, recipes: list[Recipe], setting: object) -> dict[Recipe, float]:
        asked.append(len(recipes))
        return {recipe: 1.0 if recipe == Recipe("openvino", 0, "none") else 2.0 for recipe in recipes}

    monkeypatch.setattr(measuring, "measure", measure)
    return asked


def test_the_fastest_is_taken_and_remembered(net: archdsl.Architecture, folder: Path, measured: list[int]) -> None:
    plain = trained(net)
    for _ in range(2):
        module = archdsl.compile(net, "inference", plain, optimize="measure")
        assert module.recipe() == Recipe("openvino", 0, "none")
        assert difference(outputs(module, inputs(net, 1)), outputs(plain, inputs(net, 1))) < 1e-5
    assert len(measured) == 1
    (file,) = folder.iterdir()
    kept = json.loads(file.read_text())
    assert kept["recipe"] == ["openvino", 0, "none", False]
    assert kept["seconds"]["openvino none"] == 1.0
    assert set(kept["key"]["packages"]) == {"archdsl", "torch", "onnxruntime", "openvino"}


def test_a_verdict_holds_for_its_batch_size_and_type_alone(
    net: archdsl.Architecture, folder: Path, measured: list[int]
) -> None:
    for given in ({}, {"batch_size": 4}, {"dtype": torch.bfloat16}, {"runtime": "openvino"}):
        archdsl.compile(net, "inference", trained(net), optimize="measure", **given)  # type: ignore[arg-type]
    assert len(measured) == len(list(folder.iterdir())) == 4


def test_another_batch_size_is_measured_when_it_comes(
    net: archdsl.Architecture, folder: Path, measured: list[int]
) -> None:
    module = archdsl.compile(net, "inference", trained(net), optimize="measure")
    outputs(module, inputs(net, 3))
    assert len(measured) == 2


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"key": 1, "recipe": ["torch", false, "every", false]}', "\x00" * 99]
)
def test_a_damaged_verdict_is_ignored_with_a_warning(
    net: archdsl.Architecture, folder: Path, measured: list[int], damage: str
) -> None:
    archdsl.compile(net, "inference", trained(net), optimize="measure")
    (file,) = folder.iterdir()
    file.write_text(damage)
    with pytest.warns(verdicts.CacheWarning, match="is ignored"):
        archdsl.compile(net, "inference", trained(net), optimize="measure")
    assert len(measured) == 2
    assert json.loads(file.read_text())["recipe"] == ["openvino", 0, "none", False]


def test_a_folder_that_cannot_be_made_gives_a_warning(
    net: archdsl.Architecture, tmp_path: Path, measured: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(verdicts.VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.warns(verdicts.CacheWarning, match="not kept"):
        module = archdsl.compile(net, "inference", trained(net), optimize="measure")
    assert module.recipe().runtime == "openvino"


def test_the_cache_can_be_turned_off(
    net: archdsl.Architecture, tmp_path: Path, measured: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(verdicts.VARIABLE, verdicts.OFF)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    for _ in range(2):
        archdsl.compile(net, "inference", trained(net), optimize="measure")
    assert len(measured) == 2
    assert not (tmp_path / "xdg").exists()


def test_the_cache_is_where_xdg_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(verdicts.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert verdicts.cache_folder() == tmp_path / "archdsl" / "verdicts"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert verdicts.cache_folder() == Path.home() / ".cache" / "archdsl" / "verdicts"


def test_measuring_for_real(net: archdsl.Architecture, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "SAMPLE_SECONDS", 0.0)
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain, optimize="measure", batch_size=2)
    assert difference(outputs(module, inputs(net)), outputs(plain, inputs(net))) < 1e-5
    (file,) = folder.iterdir()
    kept = json.loads(file.read_text())
    assert min(kept["seconds"].values()) > 0
    assert {name.split()[0] for name in kept["seconds"]} == {"onnxruntime", "openvino", "torch"}
    assert min(kept["seconds"], key=kept["seconds"].get) == str(Recipe(*kept["recipe"]))


def test_a_runtime_that_does_not_take_the_network_is_no_candidate(
    net: archdsl.Architecture, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "LARGEST_MODEL", 10)
    plain = trained(net)
    for optimize in (True, "measure"):
        module = archdsl.compile(net, "inference", plain, optimize=optimize)  # type: ignore[arg-type]
        assert module.recipe().runtime == "torch"
        assert difference(outputs(module, inputs(net, 1)), outputs(plain, inputs(net, 1))) < 1e-5
    for optimize in (True, "measure"):
        with pytest.raises(UnfitError, match="openvino takes models of up to 2 GiB"):
            archdsl.compile(net, "inference", plain, optimize=optimize, runtime="openvino")  # type: ignore[arg-type]
