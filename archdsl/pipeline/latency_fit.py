"""Fits a profile of this machine: networks measured, a predictor made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from archdsl.pipeline.architecture import Architecture
from archdsl.pipeline.latency import measure_latency, observe

if TYPE_CHECKING:
    from archdsl.analysis.latency.device import DeviceProfile
    from archdsl.analysis.latency.fitting import Fitted
    from archdsl.analysis.latency.forms import Mode
    from archdsl.analysis.latency.observations import Observation
    from archdsl.backends.torch.stopwatch import Clock
    from archdsl.pipeline.latency import Build


# Passes over all networks, a minute or two apart: in the median of an odd number no slow minute counts.
PASSES = 3
LESSONS = (
    ("alexnet", 1),
    ("condensenet74_g4", 1),
    ("crnn", 1),
    ("darknet19_224", 1),
    ("dcgan_g_pytorch", 1),
    ("densenet161", 1),
    ("densenet169", 1),
    ("densenet_bc_100_12_cifar", 1),
    ("dqn2015_a18", 1),
    ("fractalnet20_cifar", 1),
    ("googlenet", 1),
    ("inception_resnet_v2", 1),
    ("inception_v3", 1),
    ("lraspp_mobilenet_v3_large", 1),
    ("mnasnet_a1", 1),
    ("mnasnet_b1_0_5", 8),
    ("mobilenet_v1", 1),
    ("mobilenet_v1_0_25", 8),
    ("mobilenet_v2_1_4", 1),
    ("mobilenet_v3_small", 1),
    ("nasnet_mobile", 1),
    ("nin_imagenet", 1),
    ("preresnet164_cifar", 1),
    ("resnet110_cifar_a", 1),
    ("resnet152", 1),
    ("resnet18", 1),
    ("resnet18", 8),
    ("resnet50_v1", 1),
    ("resnext101_32x8d", 1),
    ("resnext50_32x4d", 1),
    ("seresnet50_caffe", 1),
    ("shufflenet_v1_g4", 1),
    ("shufflenet_v2_x0_5", 8),
    ("shufflenet_v2_x1_5", 1),
    ("squeezenet1_0", 1),
    ("vgg13", 1),
    ("vgg19", 1),
    ("wrn28_10_cifar", 1),
    ("xception", 1),
    ("yolov2_voc_416", 1),
    ("yolov3_320", 1),
    ("zfnet", 1),
)
LESSON_SPACES = (("nasnet_space", 4), ("nasbench201", 3), ("ofa", 4))


def fit_profile(
    device: str = "cpu",
    name: str = "",
    *,
    networks: Sequence[tuple[Architecture, int]] | None = None,
    threads: int | None = None,
    clock: Clock = "wall",
    passes: int = PASSES,
    build: Build | None = None,
    runtime: str = "",
    mode: Mode = "plain",
    dtype: str = "float32",
    on_start: Callable[[int], None] = lambda total: None,
    on_step: Callable[[str], None] = lambda what: None,
) -> tuple[DeviceProfile, Fitted]:
    """Measure networks on this machine and fit a predictor to them; takes a few minutes.

    Args:
        device: `cpu`, `cuda`, `cuda:1`.
        name: of the profile; by default the device's.
        networks: what is measured, each with the samples of its batch; by default `lessons()`.
        threads, clock, build, runtime, mode, dtype: as of `archdsl.profile`.
        passes: how often all networks are measured; of each the median counts.
        on_start: called with the number of calls of `on_step` to come; these say what was done.

    Raises:
        ValueError: for an unknown device, too few networks or no pass.
    """
    from archdsl import __version__
    from archdsl.analysis.latency.device import DeviceProfile
    from archdsl.analysis.latency.fitting import FOLDS, fit_predictor
    from archdsl.analysis.latency.observations import joined
    from archdsl.backends.torch import stopwatch
    from archdsl.backends.torch.peaks import measured_peaks
    from archdsl.backends.torch.profiling import BRIEF, THOROUGH

    taken = list(networks) if networks is not None else lessons()
    if passes < 1:
        raise ValueError(f"at least one pass is needed, got {passes}")
    on_start(passes * len(taken) + 1 + FOLDS + 1)
    with stopwatch.threads(threads):
        facts = stopwatch.device_facts(device)
        peaks = measured_peaks(stopwatch.checked_device(device))
    on_step("peaks")
    kept: list[list[Observation]] = [[] for _ in taken]
    rounds = THOROUGH if passes == 1 else BRIEF
    for number in list(range(len(taken))) * passes:
        architecture, batch_size = taken[number]
        found = measure_latency(
            architecture,
            device,
            batch_size,
            rounds,
            threads=threads,
            clock=clock,
            build=build,
            mode=mode,
            dtype=dtype,
            runtime=runtime,
        )
        kept[number].append(observe(architecture, found))
        on_step(f"{architecture.name}, batch of {batch_size}")
    observations = [joined(found) for found in kept]
    fitted = fit_predictor(observations, lambda: on_step("fit"))
    fit = {
        "networks": [f"{o.name}, batch of {o.batch_size}" for o in observations],
        "passes": passes,
        "steps": sum(len(o.steps) for o in observations),
        "held_out_mean_error": fitted.mean_error,
        "held_out_rank_correlation": fitted.rank_correlation,
    }
    measured = {
        "device": facts._asdict(),
        "mode": mode,
        "runtime": found.runtime,
        "clock": clock,
        "dtype": dtype,
        "archdsl": __version__,
        "fit": fit,
    }
    profile = DeviceProfile(name or facts.name, peaks.flops, peaks.bandwidth, fitted.predictor, measured)
    return profile, fitted


def lessons() -> list[tuple[Architecture, int]]:
    """The networks that a fit measures, with the samples of a batch: of many families and sizes.

    Beside shipped networks these are candidates of the shipped search spaces, whose sizes are less regular.
    """
    from random import Random

    from archdsl.pipeline.loading import load, load_space

    found = [(load(name), batch_size) for name, batch_size in LESSONS]
    for space, count in LESSON_SPACES:
        loaded, rng = load_space(space), Random(0)
        found.extend((loaded.resolve(loaded.sample(rng)), 1) for _ in range(count))
    return found
