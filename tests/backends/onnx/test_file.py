"""Writing models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from archdsl.backends.onnx import save
from archdsl.types import TensorType
from tests.backends.onnx.test_model import model_of
from tests.graphs.cells import Net


def network(features: int = 64) -> onnx.ModelProto:
    net = Net(TensorType((32,)))
    return model_of(net.out(net("linear", net.x, out_features=features)))


def test_a_model_is_one_file(tmp_path: Path) -> None:
    file, model = tmp_path / "deep" / "net.onnx", network()
    assert save(model, file) == [file]
    assert [f.name for f in file.parent.iterdir()] == ["net.onnx"]
    assert onnx.load(file) == model


def test_large_weights_go_into_a_file_of_their_own(tmp_path: Path) -> None:
    model = network()
    before = model.SerializeToString()
    file = tmp_path / "net.onnx"
    assert save(model, file, inline_limit=1000) == [file, tmp_path / "net.onnx.data"]
    assert file.stat().st_size < 2000
    assert model.SerializeToString() == before
    x = np.ones((2, 32), np.float32)
    inline = onnxruntime.InferenceSession(before, providers=["CPUExecutionProvider"])
    beside = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(inline.run(None, {"x0": x})[0], beside.run(None, {"x0": x})[0])


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "net.onnx"
    save(network(8), file)
    old = file.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(onnx, "save", full)
    with pytest.raises(OSError, match="no space"):
        save(network(), file)
    assert file.read_bytes() == old
    assert [f.name for f in tmp_path.iterdir()] == ["net.onnx"]
