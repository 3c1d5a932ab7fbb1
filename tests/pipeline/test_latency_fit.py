"""Profiles that are measured here."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl

NETWORKS = ("lenet5", "resnet20_cifar_a", "nin_cifar10", "squeezenet1_1", "mobilenet_v1_0_25", "shufflenet_v2_x0_5")


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["plain", "inference"])
def test_a_profile_predicts_the_form_that_was_measured(mode: str, tmp_path: Path) -> None:
    networks = [(archdsl.load(name), 1) for name in NETWORKS]
    done: list[str] = []
    profile, fitted = archdsl.fit_profile(networks=networks, mode=mode, passes=1, on_step=done.append)  # type: ignore[arg-type]
    assert (profile.mode, profile.measured["runtime"]) == (mode, {"plain": "eager", "inference": "torch"}[mode])
    assert len(done) == len(networks) + 8
    archdsl.write_profile(profile, tmp_path / "device.json")
    network = archdsl.load("resnet20_cifar_a")
    found = archdsl.predict_latency(network, tmp_path / "device.json")
    measured = archdsl.profile(network, mode=mode)  # type: ignore[arg-type]
    assert found.mode == measured.mode == mode
    assert [layer.op for layer in found.layers] == [layer.op for layer in measured.layers]
    assert found.seconds == pytest.approx(measured.whole.least, rel=1.0)
    assert fitted.errors
