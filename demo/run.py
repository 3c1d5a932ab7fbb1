"""The demonstration behind `make demo`: one spec, from a check to a trained network in three forms that agree; then a
search for a better one.

Runs the commands that a user would type, each shown first, and writes everything into runs/demo.
"""

from __future__ import annotations

import importlib.util
import json
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

SPEC = "specs/models/digits_resnet.yaml"
NAME = "digits_resnet"
OUT = Path("runs/demo")
SWEEP = "search/sweeps/digits_demo.yaml"
SEARCH = OUT / "search"
FOUND = OUT / "found"
REQUIRED_ACCURACY = 0.97
LARGEST_DIFFERENCE = 1e-4  # float32 rounding, other orders of summation


def main() -> int:
    """Run every step; 0 if the network is as good, and its forms as equal, as they must be."""
    started = time.monotonic()
    archdsl("check", SPEC)
    archdsl("cost", SPEC, "--by", "cells")
    archdsl("draw", SPEC, "-o", str(OUT / f"{NAME}.svg"))
    archdsl("train", SPEC, "--data", "digits", "-o", str(OUT), "--force", "--epochs", "20", "--crop", "1")
    targets = ["--target", "module", "--target", "source", "--target", "onnx"]
    archdsl("compile", SPEC, "-o", str(OUT), *targets, "--weights", str(OUT / "best.safetensors"))
    print("\nDo the module, its source and its ONNX form agree on the held-out images?", flush=True)
    difference, accuracy = compare()
    print(f"largest difference of any logit: {difference:.2g}")
    print(f"accuracy of all three on held-out images: {accuracy:.2%}")
    if difference > LARGEST_DIFFERENCE or accuracy < REQUIRED_ACCURACY:
        print(f"wanted: at most {LARGEST_DIFFERENCE:g} and at least {REQUIRED_ACCURACY:.0%}", file=sys.stderr)
        return 1
    search()
    made = ", ".join(sorted(path.name for path in OUT.iterdir()))
    print(f"\ndone in {time.monotonic() - started:.0f} s; in {OUT}: {made}")
    print(f"look at {OUT}/search.html")
    return 0


def search() -> None:
    """Search cells of the NASNet space with real training; the best network beside the one written by hand."""
    for folder in (SEARCH, FOUND):
        shutil.rmtree(folder, ignore_errors=True)
    archdsl("search", "run", SWEEP, "--out", str(SEARCH))
    archdsl("search", "report", str(SEARCH), "-o", str(OUT / "search.html"))
    archdsl("search", "best", str(SEARCH), "-o", str(FOUND))
    compare_with_found()


def compare_with_found() -> None:
    """Cost and accuracy on the held-out images of the network that was found and the one written by hand."""
    import archdsl

    (found,) = json.loads((FOUND / "networks.json").read_text(encoding="utf-8"))
    specs = {"written by hand": (SPEC, OUT / f"{NAME}.safetensors")}
    specs["found"] = (found["files"]["spec"], Path(found["files"]["weights"]))
    print(f"\n{'':18}{'parameters':>12}{'multiply-adds':>16}{'held-out images':>18}")
    images, labels = held_out()
    for name, (spec, weights) in specs.items():
        cost = archdsl.cost(archdsl.load(spec))
        accuracy = (from_module(images, spec, weights).argmax(1) == labels).mean()
        print(f"{name:18}{cost.params:>12,}{cost.mult_adds:>16,}{accuracy:>18.2%}")
    print(f"The spec of the network that was found: {found['files']['spec']}", flush=True)


def archdsl(*arguments: str) -> None:
    """Show a command and run it; stop the demonstration where it fails."""
    print(f"\n$ archdsl {shlex.join(arguments)}", flush=True)
    status = subprocess.run([sys.executable, "-m", "archdsl", *arguments], check=False).returncode
    if status:
        sys.exit(status)


def compare() -> tuple[float, float]:
    """Largest difference of the logits between module, source and ONNX, and the least of their accuracies."""
    images, labels = held_out()
    outputs = [from_module(images), from_source(images), from_onnx(images)]
    difference = max(float(np.abs(outputs[0] - other).max()) for other in outputs[1:])
    return difference, min(float((output.argmax(1) == labels).mean()) for output in outputs)


def held_out() -> tuple[np.ndarray, np.ndarray]:
    """The images that took no part in training, prepared as the trainer did, and their labels."""
    from archdsl.training.datasets import load_dataset
    from archdsl.training.preparation import Preparation

    dataset = load_dataset("digits")
    preparation = Preparation.for_dataset(dataset, (1, 8, 8))
    return preparation(dataset.test.pixels).numpy(), dataset.test.labels.numpy()


def from_module(images: np.ndarray, spec: str = SPEC, weights: Path = OUT / f"{NAME}.safetensors") -> np.ndarray:
    """Logits of the module that archdsl makes."""
    import torch

    import archdsl

    module = archdsl.compile(archdsl.load(spec), mode="inference", weights=weights)
    with torch.no_grad():
        logits: np.ndarray = module.eval()(torch.from_numpy(images)).numpy()
    return logits


def from_source(images: np.ndarray) -> np.ndarray:
    """Logits of the generated source, which knows nothing of archdsl."""
    import torch
    from safetensors.torch import load_file

    specification = importlib.util.spec_from_file_location(NAME, OUT / f"{NAME}.py")
    assert specification is not None
    assert specification.loader is not None
    source = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(source)
    module = source.build()
    module.load_state_dict(load_file(OUT / f"{NAME}.safetensors"))
    with torch.no_grad():
        logits: np.ndarray = module.eval()(torch.from_numpy(images)).numpy()
    return logits


def from_onnx(images: np.ndarray) -> np.ndarray:
    """Logits of the ONNX form in ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(OUT / f"{NAME}.onnx"), providers=["CPUExecutionProvider"])
    logits: np.ndarray = session.run(None, {session.get_inputs()[0].name: images})[0]
    return logits


if __name__ == "__main__":
    sys.exit(main())
