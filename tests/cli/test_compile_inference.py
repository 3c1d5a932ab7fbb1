"""`archdsl compile --mode inference`: 8-bit integers and measured verdicts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import archdsl as package


@pytest.fixture
def weights(archdsl, folder):
    """Weights of net.yaml in a file."""
    assert archdsl("compile", "net.yaml", "-o", "out", "-t", "module").status == 0
    return "out/net.safetensors"


def test_eight_bits_from_digits(archdsl, folder, weights):
    answer = archdsl(
        "compile", "net.yaml", "--mode", "inference", "--dtype", "int8", "--weights", weights, "--calibrate", "digits",
        "-o", "out",
    )  # fmt: skip
    assert answer.status == 0
    assert answer.out.splitlines()[0] == "out/net.int8.onnx"
    assert "off by" in answer.out
    import onnxruntime

    session = onnxruntime.InferenceSession("out/net.int8.onnx", providers=["CPUExecutionProvider"])
    images = torch.randn(3, 1, 8, 8)
    (found,) = session.run(None, {session.get_inputs()[0].name: images.numpy()})
    exact = package.compile(package.load("net.yaml"), mode="inference", weights=weights)(images)
    assert np.abs(found - exact.numpy()).max() < 0.3 * float(exact.abs().max())


def test_eight_bits_from_a_file_of_samples(archdsl, folder, weights):
    np.save("samples.npy", np.random.default_rng(0).standard_normal((20, 1, 8, 8)).astype(np.float32))
    np.savez("samples.npz", image=np.zeros((20, 1, 8, 8), np.float32))
    np.save("bytes.npy", np.random.default_rng(0).integers(0, 255, (20, 1, 8, 8)).astype(np.uint8))
    for file in ("samples.npy", "samples.npz", "bytes.npy"):
        common = ("compile", "net.yaml", "--mode", "inference", "--dtype", "int8", "--weights", weights, "-o", "out")
        assert archdsl(*common, "--calibrate", file).status == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--dtype", "int8"), "go with --mode inference"),
        (("--dtype", "bfloat16"), "go with --mode inference"),
        (("--runtime", "torch"), "go with --mode inference"),
        (("--device", "cuda"), "go with --mode inference"),
        (("--mode", "inference", "--device", "cuda:9"), "there is no device `cuda:9`"),
        (("--mode", "inference", "--device", "gpu"), "gpu"),
        (("--mode", "inference", "--device", "meta"), "nothing can be run on the device `meta`"),
        (("--mode", "inference", "--runtime", "torch", "--dynamic"), "not for --dynamic"),
        (("--mode", "inference", "--dtype", "float16", "-t", "onnx"), "ONNX models are made in float32"),
        (("--mode", "inference", "--dtype", "float16", "--runtime", "openvino"), "openvino computes in float32 and"),
        (("--mode", "inference", "--dtype", "int8", "--runtime", "openvino"), "makes a model for ONNX Runtime"),
        (("--mode", "inference", "--dtype", "int8", "--measure"), "which is not measured"),
        (("--mode", "inference", "--dtype", "int8", "-t", "source"), "and no other target"),
        (("--mode", "inference", "--calibrate", "digits"), "--calibrate goes with --dtype int8"),
        (("--measure",), "go with --mode inference"),
        (("--mode", "inference", "--dtype", "int8"), "needs --weights FILE and --calibrate"),
        (("--mode", "inference", "--dtype", "int8", "--calibrate", "no.npy"), "no.npy holds no samples"),
        (("--mode", "inference", "--dtype", "int8", "--calibrate", "net.yaml"), "net.yaml holds no samples"),
        (("--mode", "inference", "--dtype", "int8", "--calibrate", "wrong.npy"), "calibration samples for"),
        (("--mode", "inference", "--dtype", "int8", "--calibrate", "nan.npy"), "hold NaN or infinity"),
    ],
)
def test_wrong_usage_is_said(archdsl, folder, weights, options, message):
    np.save("wrong.npy", np.zeros((3, 5)))
    np.save("nan.npy", np.full((3, 1, 8, 8), np.nan))
    given = ("--weights", weights) if "--calibrate" in options else ()
    answer = archdsl("compile", "net.yaml", "-o", "out", *options, *given)
    assert answer.status == 2
    assert message in answer.err
    assert not list(folder.glob("out/*.int8.onnx"))


def test_measuring_says_what_each_runtime_takes_and_remembers(archdsl, folder, monkeypatch):
    monkeypatch.setenv("ARCHDSL_CACHE_DIR", str(folder / "cache"))
    answer = archdsl("compile", "net.yaml", "--mode", "inference", "-t", "module", "-o", "out", "--measure")
    assert answer.status == 0
    last = answer.out.splitlines()[-1]
    assert last.startswith("the fastest for a batch of 1: ")
    assert "onnxruntime every" in answer.out
    assert len(list((folder / "cache").iterdir())) == 1
    module = package.compile(package.load("net.yaml"), mode="inference", optimize="measure")
    assert last.endswith(str(module.recipe()))


@pytest.mark.parametrize(
    ("dtype", "most"), [("float64", 1e-10), ("float32", 1e-4), ("bfloat16", 0.1), ("float16", 0.02)]
)
def test_other_types_are_written_and_run(archdsl, folder, dtype, most):
    answer = archdsl("compile", "net.yaml", "--mode", "inference", "--dtype", dtype, "-t", "module", "-t", "exported",
                     "--runtime", "auto", "--batch-size", "3", "-o", "out")  # fmt: skip
    assert answer.status == 0
    *_, ready, error = answer.out.splitlines()
    assert ready.startswith("ready after ")
    assert ready.endswith(dtype)
    assert float(error.split("off by ")[1].split()[0]) < most
    kind = getattr(torch, dtype)
    state = load_file("out/net.safetensors")
    assert {tensor.dtype for tensor in state.values() if tensor.is_floating_point()} == {kind}
    program = torch.export.load("out/net.pt2").module()
    images = torch.randn(2, 1, 8, 8).to(kind)
    module = package.compile(package.load("net.yaml"), "inference", "out/net.safetensors", dtype=dtype, optimize=False)
    assert torch.equal(program(images), module(images))


@pytest.mark.parametrize("runtime", ["torch", "onnxruntime", "openvino"])
def test_a_runtime_is_tried(archdsl, folder, runtime):
    answer = archdsl("compile", "net.yaml", "--mode", "inference", "-t", "module", "--runtime", runtime, "-o", "out")
    assert answer.status == 0
    *_, ready, error = answer.out.splitlines()
    assert f": {runtime} every, float32" in ready
    assert float(error.split("off by ")[1].split()[0]) < 1e-4
    assert "1 random sample " in error
