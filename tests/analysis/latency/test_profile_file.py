"""Profiles on disk: read back exactly enough, refused with a reason, no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.analysis.latency.device import DeviceProfile
from archdsl.analysis.latency.predictor import LinearPredictor
from archdsl.analysis.latency.profile_file import ProfileError, profile_text
from tests.analysis.latency.made_up import profile


def test_a_file_predicts_what_the_profile_does(tmp_path: Path) -> None:
    archdsl.write_profile(profile(), tmp_path / "device.json")
    again = archdsl.read_profile(tmp_path / "device.json")
    assert (again.name, again.peak_flops, again.measured) == ("made up", 2e11, {"runtime": "none"})
    net = archdsl.load("mobilenet_v2")
    one, other = archdsl.predict_latency(net, profile()), archdsl.predict_latency(net, str(tmp_path / "device.json"))
    assert other.seconds == pytest.approx(one.seconds, rel=1e-5)
    assert [p.name for p in tmp_path.iterdir()] == ["device.json"]


def test_a_linear_profile() -> None:
    linear = DeviceProfile("linear", 1.0, 1.0, LinearPredictor(0.9, 1.2, 1e-11, 1e-9, 1e-6))
    net = archdsl.load("resnet18")
    found, cost = archdsl.predict_latency(net, linear, 4), archdsl.cost(net, 4)
    expected = 1e-11 * cost.mult_adds + 1e-9 * cost.memory_access + 1e-6 * len(cost.layers)
    assert found.seconds == pytest.approx(expected)
    assert (found.low, found.high) == (pytest.approx(0.9 * expected), pytest.approx(1.2 * expected))


def test_no_torch_is_needed(tmp_path: Path) -> None:
    archdsl.write_profile(profile(), tmp_path / "device.json")
    program = (
        "import sys, archdsl\n"
        f"print(archdsl.predict_latency(archdsl.load('resnet18'), {str(tmp_path / 'device.json')!r}).seconds)\n"
        "assert 'torch' not in sys.modules and 'sklearn' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(profile_text(profile())), **changes})


def predictor(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(profile_text(profile()))["predictor"]
    return {**made, **changes}


def group(**changes: Any) -> dict[str, Any]:
    made = predictor()
    return predictor(groups={**made["groups"], "other": {**made["groups"]["other"], **changes}})


def trees(**changes: Any) -> dict[str, Any]:
    return group(trees={**predictor()["groups"]["other"]["trees"], **changes})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"schema": "archdsl.report"}, "a file of the schema 'archdsl.report'"),
        ({"schema_version": 2}, "newer archdsl"),
        ({"schema_version": "one"}, "schema version 'one'"),
        ({"predictor": 5}, "its kind is one of"),
        ({"predictor": {"kind": "magic"}}, "not 'magic'"),
        ({"predictor": {"kind": ["steps"]}}, "its kind is one of"),
        ({"predictor": {"kind": "linear", "low": 1}}, "5 numbers"),
        ({"predictor": predictor(groups={})}, "`groups`"),
        ({"predictor": predictor(scale=-1)}, "4 numbers"),
        ({"predictor": predictor(per_step="a")}, "`per_step`"),
        ({"predictor": predictor(batch_sizes=[1])}, "2 numbers"),
        ({"predictor": group(features=["size"])}, "features of `other`"),
        ({"predictor": group(operators=[3])}, "operators of `other`"),
        ({"predictor": group(analytic=None)}, "analytic"),
        ({"predictor": group(interval=[1])}, "2 numbers"),
        ({"predictor": trees(feature=[0], threshold=[1.0], left=[0], right=[0], roots=[0])}, "leads nowhere"),
        ({"predictor": trees(feature=[999], threshold=[1.0], left=[1], right=[1], roots=[0])}, "leads nowhere"),
        ({"predictor": trees(roots=[10**9])}, "no root"),
        ({"predictor": trees(threshold=[1.0])}, "different lengths"),
        ({"predictor": trees(base="0")}, "no number"),
        ({"predictor": trees(left="0")}, "whole numbers"),
    ],
)
def test_what_is_no_predictor_is_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    (tmp_path / "device.json").write_text(changed(**changes))
    with pytest.raises(ProfileError, match=says):
        archdsl.read_profile(tmp_path / "device.json")


def test_peaks_alone_predict_nothing() -> None:
    with pytest.raises(ValueError, match="archdsl profile --fit"):
        archdsl.predict_latency(archdsl.load("resnet18"), DeviceProfile("bare", 1e9, 1e9))


@pytest.mark.parametrize("batch_size", [0, -3])
def test_batches_below_one_are_refused(batch_size: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        archdsl.predict_latency(archdsl.load("resnet18"), profile(), batch_size)


@pytest.mark.parametrize("batch_size", [10**15, 10**400])
def test_absurd_batches_are_refused(batch_size: int) -> None:
    with pytest.raises(ValueError, match="longer than can be predicted"):
        archdsl.predict_latency(archdsl.load("resnet18"), profile(), batch_size)
