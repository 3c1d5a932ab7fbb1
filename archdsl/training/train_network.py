"""Training as one function of the public API; `archdsl train` calls it as well."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from archdsl.pipeline.architecture import Architecture
from archdsl.pipeline.building import compile_architecture
from archdsl.training.classifier import Classifier, classifier, classifier_of_module
from archdsl.training.datasets import Dataset, load_dataset
from archdsl.training.devices import choose_device
from archdsl.training.distillation import make_teacher
from archdsl.training.loop import Training
from archdsl.training.results import EpochReport, StepReport, TrainingResult
from archdsl.training.seeds import seed_everything
from archdsl.training.settings import TrainingSettings
from archdsl.training.ways import Way

if TYPE_CHECKING:
    from archdsl.pipeline.building import Weights


def train(
    network: Architecture | nn.Module,
    data: Dataset | str,
    settings: TrainingSettings | None = None,
    *,
    weights: Weights | None = None,
    device: str | torch.device = "auto",
    folder: str | PathLike[str] | None = None,
    resume: bool = False,
    test: bool = True,
    on_epoch: Callable[[EpochReport], bool | None] | None = None,
    on_step: Callable[[StepReport], None] | None = None,
    on_way: Callable[[Way], None] | None = None,
    teacher: Architecture | nn.Module | None = None,
    teacher_weights: Weights | None = None,
) -> TrainingResult:
    """Train a network to classify the images of a data set.

    Two calls with equal arguments on one CPU give the same numbers, bit for bit; torch's random state is left as it
    was found.

    Args:
        network: an architecture, of which a module is made and initialised from the seed, or a module, which is
            trained in place. A module takes images of the size that the data set has.
        data: what `load_dataset` gives, or the name that it takes. A data set that is given is read once, however
            many networks are trained with it.
        settings: everything that decides the numbers.
        weights: to start from, as of `archdsl.compile`.
        device: `auto` (a GPU if there is one), `cpu`, `cuda`, `cuda:1`, `mps`, or torch's own.
        folder: where checkpoint, weights and metrics go, so that a run that was stopped can go on; by default
            nothing is written.
        resume: go on from the checkpoint in `folder`.
        test: score the best weights on the images held out. A search leaves them alone.
        on_epoch: called after each epoch; the training ends early where it returns True.
        on_step: called every few steps.
        on_way: called once with the way in which steps are carried out (see `TrainingSettings.speed`).
        teacher: a trained network whose answers are learned beside the labels (`temperature` and `alpha` of the
            settings): an architecture with `teacher_weights`, or a module. It reads as many channels and tells as
            many classes apart; its images may be larger or smaller.
        teacher_weights: as `weights`.

    Raises:
        TrainingError: if network, data, settings and checkpoint do not go together; its kinds are DataError (unknown,
            missing or damaged data), DivergenceError (the loss is infinite or no number) and OutOfMemoryError.
        ArchdslError: E1001 if the weights don't fit.
        OSError: if the folder cannot be written to.
    """
    settings = settings or TrainingSettings()
    place = choose_device(str(device))
    with torch.random.fork_rng(devices=_generators(place)):
        dataset, form, identity = _described(network, data)
        form.expect_classes(len(dataset.classes), dataset.name)
        module = _module(network, settings.seed, weights)
        training = Training(module, form, identity, dataset, settings, Path(folder) if folder is not None else None)
        training.device, training.test = place, test
        training.on_epoch = on_epoch or training.on_epoch
        training.on_step = on_step or training.on_step
        training.on_way = on_way or training.on_way
        if teacher is not None:
            training.teacher = make_teacher(teacher, teacher_weights, form, place)
        return training.run(resume)


def _described(network: Architecture | nn.Module, data: Dataset | str) -> tuple[Dataset, Classifier, str]:
    """The data set, what the network is as a classifier, and the name by which a checkpoint knows it."""
    if isinstance(network, Architecture):
        form = classifier(network.graph(training=True), network.graph())
        return _loaded(data, form.shape[1:]), form, network.hash
    if not isinstance(network, nn.Module):
        raise TypeError(f"an Architecture or a torch module is needed, not a {type(network).__name__}")
    dataset = _loaded(data, None)
    channels, height, width = dataset.train.pixels.shape[1:]
    described = "\n".join(f"{name} {list(tensor.shape)}" for name, tensor in network.state_dict().items())
    identity = sha256(f"{type(network).__qualname__}\n{described}".encode()).hexdigest()
    return dataset, classifier_of_module(network, (channels, height, width)), identity


def _loaded(data: Dataset | str, size: tuple[int, int] | None) -> Dataset:
    return data if isinstance(data, Dataset) else load_dataset(data, size)


def _module(network: Architecture | nn.Module, seed: int, weights: Weights | None) -> nn.Module:
    if isinstance(network, Architecture):
        seed_everything(seed, "weights")
        return compile_architecture(network, "train", weights)
    if weights is not None:
        raise TypeError("`weights` go with an architecture; load them into the module before")
    return network


def _generators(device: torch.device) -> list[int]:
    """Numbers of the GPUs whose random state is kept, beside the CPU's."""
    if device.type != "cuda":
        return []
    return [torch.cuda.current_device() if device.index is None else device.index]
