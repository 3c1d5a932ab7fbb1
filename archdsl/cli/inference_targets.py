"""What `archdsl compile --mode inference` makes besides modules: models in 8-bit integers, measured verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.cli.errors import UsageError
from archdsl.cli.output import progress, table

if TYPE_CHECKING:
    from archdsl.pipeline.architecture import Architecture

CALIBRATION_SAMPLES = 200
DATA_SETS = ("digits", "cifar10:", "folder:")


def write_int8(architecture: Architecture, weights: Path | None, calibrate: str | None, path: Path) -> None:
    """Quantize with given weights and samples, write the ONNX model, say how far its outputs are off."""
    import archdsl
    from archdsl.backends.runtimes.session import MissingRuntimeError, UnfitError
    from archdsl.pipeline.files import write_atomically

    if weights is None or calibrate is None:
        raise UsageError("--dtype int8 needs --weights FILE and --calibrate digits or a file of samples")
    samples = calibration_samples(architecture, calibrate)
    progress(f"calibrating with {len(samples[0])} samples")
    try:
        made = archdsl.quantize(architecture, weights, samples)
    except (MissingRuntimeError, UnfitError, ValueError) as error:
        raise UsageError(str(error)) from error
    write_atomically(path, made.model)
    off = _output_error(architecture, weights, made, samples)
    print(path)
    print(f"{len(made.model):,} bytes; outputs on the calibration samples are off by {off:.1%} of the largest")


def calibration_samples(architecture: Architecture, source: str) -> list[Any]:
    """Arrays [M, ...], one for each input: training images of a data set prepared as in training, or what a file holds.

    Raises:
        UsageError: if the source is neither, or can't be read.
    """
    if source.startswith(DATA_SETS):
        return [_images(architecture, source)]
    try:
        return _arrays(Path(source))
    except (OSError, ValueError) as error:
        raise UsageError(f"{source} holds no samples: {error}") from error


def _images(architecture: Architecture, source: str) -> Any:
    from archdsl.training.datasets import load_dataset
    from archdsl.training.errors import TrainingError
    from archdsl.training.preparation import Preparation

    shapes = [value.type.shape for value in architecture.graph().inputs.values()]
    if len(shapes) != 1 or len(shapes[0]) != 3:
        raise UsageError(f"{architecture.name} reads no single image: calibrate with a file of samples")
    channels, height, width = shapes[0]
    try:
        data = load_dataset(source, (height, width))
        prepare = Preparation.for_dataset(data, (channels, height, width))
    except TrainingError as error:
        raise UsageError(str(error)) from error
    # Evenly spaced: data sets may be sorted by class.
    step = max(1, len(data.train.pixels) // CALIBRATION_SAMPLES)
    return prepare(data.train.pixels[::step][:CALIBRATION_SAMPLES]).numpy()


def _arrays(path: Path) -> list[Any]:
    import numpy as np

    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            return list(load_file(path).values())
        except SafetensorError as error:
            raise ValueError(str(error)) from error
    found = np.load(path, allow_pickle=False)
    return [found] if isinstance(found, np.ndarray) else [found[name] for name in found.files]


def _output_error(architecture: Architecture, weights: Path, made: Any, samples: list[Any]) -> float:
    """The largest difference of any output, relative to that output's largest value."""
    import archdsl
    from archdsl.backends.torch.inference.comparing import relative_error

    exact = archdsl.compile(architecture, mode="inference", weights=weights, optimize=False)
    return relative_error(made, exact, samples)


def show_measured(architecture: Architecture, weights: Any, runtime: str, batch_size: int) -> None:
    """Try every way to run the network on this device, and print what each takes; the verdict is remembered."""
    import archdsl
    from archdsl.backends.runtimes.session import MissingRuntimeError, UnfitError

    progress("measuring")
    options: dict[str, Any] = {"runtime": runtime, "batch_size": batch_size}
    try:
        module: Any = archdsl.compile(architecture, mode="inference", weights=weights, optimize="measure", **options)
    except (MissingRuntimeError, UnfitError, ValueError) as error:
        raise UsageError(str(error)) from error
    from archdsl.pipeline.verdicts import measured_seconds

    best = str(module.recipe(batch_size))
    rows = sorted(measured_seconds(architecture.hash, module, batch_size).items(), key=lambda row: row[1])
    if rows:
        print(table(["runtime, passes", "milliseconds"], [[name, f"{1000 * seconds:.2f}"] for name, seconds in rows]))
    print(f"the fastest for a batch of {batch_size}: {best}")
