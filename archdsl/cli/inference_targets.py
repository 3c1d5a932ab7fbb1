"""What `archdsl compile --mode inference` makes besides modules: models in 8-bit integers, measured verdicts."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from archdsl.cli.errors import UsageError
from archdsl.cli.output import progress, table

if TYPE_CHECKING:
    from torch import Tensor, nn

    from archdsl.pipeline.architecture import Architecture

CALIBRATION_SAMPLES = 200
DATA_SETS = ("digits", "cifar10:", "folder:")


def write_int8(architecture: Architecture, weights: Path | None, calibrate: str | None, path: Path) -> None:
    """Quantize with given weights and samples, write the ONNX model, say how far its outputs are off."""
    import archdsl
    from archdsl.backends.runtimes.session import MissingRuntimeError, UnfitError
    from archdsl.pipeline.files import write_atomically
    from archdsl.pipeline.quantizing import calibration_arrays

    if weights is None or calibrate is None:
        raise UsageError("--dtype int8 needs --weights FILE and --calibrate digits or a file of samples")
    given = calibration_samples(architecture, calibrate)
    try:
        samples = calibration_arrays(architecture, given)
        progress(f"calibrating with {len(samples[0])} samples")
        made = archdsl.quantize(architecture, weights, samples)
    except (MissingRuntimeError, UnfitError, ValueError) as error:
        raise UsageError(str(error)) from error
    off = _output_error(architecture, weights, made, samples)
    write_atomically(path, made.model)
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


@dataclass(frozen=True)
class Way:
    """How a network is to be run: `runtime` may be `auto`, `device` and `dtype` are torch's names."""

    runtime: str
    device: str
    dtype: str
    batch_size: int

    def check(self) -> None:
        """Before anything is written.

        Raises:
            UsageError: if there is no such device, or the runtime isn't here or can't compute so.
        """
        from archdsl.backends.runtimes.session import MissingRuntimeError
        from archdsl.backends.torch.inference.asking import check_asked

        try:
            check_asked(self.runtime, self.device, self.dtype)
        except (MissingRuntimeError, ValueError) as error:
            raise UsageError(str(error)) from error

    def compiled(self, architecture: Architecture, weights: Any, optimize: Any) -> Any:
        """The optimized network, ready to run.

        Raises:
            UsageError: if the runtime doesn't take it.
        """
        import archdsl
        from archdsl.backends.runtimes.session import MissingRuntimeError, UnfitError

        options: dict[str, Any] = {"runtime": self.runtime, "batch_size": self.batch_size, "optimize": optimize}
        options |= {"device": self.device, "dtype": self.dtype}
        try:
            return archdsl.compile(architecture, mode="inference", weights=weights, **options)
        except (MissingRuntimeError, UnfitError, ValueError) as error:
            raise UsageError(str(error)) from error


def state_in(dtype: str, module: nn.Module) -> dict[str, Tensor]:
    """The weights of a module in another floating-point type."""
    from archdsl.backends.torch.placement import placed

    return placed(deepcopy(module), None, dtype).state_dict()


def show_ready(architecture: Architecture, module: nn.Module, way: Way) -> None:
    """Run the optimized network once, and print how, after what time it was ready, and how far its outputs are off."""
    from archdsl.backends.torch.inference.comparing import relative_error

    started = perf_counter()
    made = way.compiled(architecture, module, optimize=True)
    seconds = perf_counter() - started
    samples = _random_samples(architecture, way.batch_size)
    off = relative_error(made, deepcopy(module).eval().double(), samples)
    print(f"ready after {seconds:.1f} s: {made.recipe(way.batch_size)}, {way.dtype}")
    many = "1 random sample" if way.batch_size == 1 else f"{way.batch_size} random samples"
    print(f"outputs of {many} are off by {off:.1e} of the largest")


def _random_samples(architecture: Architecture, number: int) -> list[Any]:
    """An array [number, ...] for each input: normal numbers, and zeros for integers."""
    import numpy as np

    random = np.random.default_rng(0)
    types = [value.type for value in architecture.graph().inputs.values()]
    shapes = [(number, *kind.shape) for kind in types]
    return [
        np.zeros(shape, np.int64) if kind.dtype == "int64" else random.standard_normal(shape).astype(np.float32)
        for kind, shape in zip(types, shapes, strict=True)
    ]


def show_measured(architecture: Architecture, weights: Any, way: Way) -> None:
    """Try every way to run the network on this device, and print what each takes; the verdict is remembered."""
    progress("measuring")
    module = way.compiled(architecture, weights, optimize="measure")
    from archdsl.pipeline.verdicts import measured_seconds

    best = str(module.recipe(way.batch_size))
    rows = sorted(measured_seconds(architecture.hash, module, way.batch_size).items(), key=lambda row: row[1])
    if rows:
        print(table(["runtime, passes", "milliseconds"], [[name, f"{1000 * seconds:.2f}"] for name, seconds in rows]))
    print(f"the fastest for a batch of {way.batch_size}: {best}")
