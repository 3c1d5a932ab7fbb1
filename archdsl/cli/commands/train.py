"""`archdsl train`: a network on labelled images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from archdsl.cli.arguments import Decisions, Force, Inputs, Settings, Spec, TextOrJson, expect_folder, loaded
from archdsl.cli.errors import UsageError
from archdsl.cli.output import print_json, progress

if TYPE_CHECKING:
    from archdsl import Architecture, Dataset, TrainingResult, TrainingSettings


def command(
    spec: Spec,
    data: Annotated[str, typer.Option("--data", help="digits, cifar10:DIR (binary version) or folder:DIR.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where results go.")] = Path(
        "runs/train"
    ),
    params: Settings = None,
    inputs: Inputs = None,
    decisions: Decisions = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1)] = 30,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1)] = 64,
    optimizer: Annotated[Literal["sgd", "nesterov", "adam", "adamw", "rmsprop"], typer.Option("--optimizer")] = "adamw",
    learning_rate: Annotated[
        float | None,
        typer.Option("--learning-rate", "--lr", help="After the warm-up; by default the optimizer's usual."),
    ] = None,
    weight_decay: Annotated[
        float | None, typer.Option("--weight-decay", help="Not on biases and normalisation; default as above.")
    ] = None,
    momentum: Annotated[float, typer.Option("--momentum", help="Of sgd, nesterov and rmsprop.")] = 0.9,
    schedule: Annotated[Literal["cosine", "step", "constant"], typer.Option("--schedule")] = "cosine",
    warmup: Annotated[float, typer.Option("--warmup", help="Epochs in which the learning rate rises.")] = 1.0,
    step_epochs: Annotated[int, typer.Option("--step-epochs", help="Epochs of a step of `--schedule step`.")] = 30,
    gamma: Annotated[float, typer.Option("--gamma", help="What such a step multiplies with.")] = 0.1,
    label_smoothing: Annotated[float, typer.Option("--label-smoothing")] = 0.0,
    clip_norm: Annotated[float, typer.Option("--clip-norm", help="Largest norm of the gradients; 0: any.")] = 0.0,
    aux_weight: Annotated[float, typer.Option("--aux-weight", help="Weight of auxiliary outputs in the loss.")] = 0.3,
    flip: Annotated[bool, typer.Option("--flip", help="Mirror half of the images.")] = False,
    crop: Annotated[int, typer.Option("--crop", help="Shift images by up to so many pixels.")] = 0,
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"],
        typer.Option("--precision", help="auto: bfloat16 on a GPU, or where that is measured to be faster."),
    ] = "auto",
    speed: Annotated[
        Literal["auto", "measure", "plain", "compile"],
        typer.Option(
            "--speed",
            help="How steps are carried out: by rules; the fastest of a few that are tried first; as torch does by "
            "default; with cells compiled.",
        ),
    ] = "auto",
    validation: Annotated[
        float,
        typer.Option("--validation", help="Training images that choose the best epoch: a share, below 1, or a number."),
    ] = 0.1,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    teacher: Annotated[
        str | None, typer.Option("--teacher", metavar="SPEC", help="A trained network to learn from as well.")
    ] = None,
    teacher_weights: Annotated[
        Path | None, typer.Option("--teacher-weights", metavar="FILE", help="Its weights.")
    ] = None,
    teacher_params: Annotated[
        list[str] | None,
        typer.Option("--teacher-set", metavar="NAME=VALUE", help="`--set` of the teacher. Repeat for several."),
    ] = None,
    temperature: Annotated[
        float | None, typer.Option("--temperature", help="Softness of the teacher's answers.  [default: 4]")
    ] = None,
    alpha: Annotated[
        float | None, typer.Option("--alpha", help="Share of the teacher in the loss, 0 to 1.  [default: 0.7]")
    ] = None,
    weights: Annotated[Path | None, typer.Option("--weights", metavar="FILE", help="Weights to start from.")] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in DIR.")] = False,
    force: Force = False,
    format: TextOrJson = "text",
) -> None:
    """Train a network on labelled images.

    Writes DIR/best.safetensors and DIR/last.safetensors (weights), DIR/metrics.jsonl (a line for each epoch, then
    one for the test) and DIR/checkpoint.safetensors (for --resume). The final figure is for images that took no part
    in training or in choosing the best epoch.
    """
    import archdsl

    softness = {"temperature": temperature, "alpha": alpha}
    learning = {name: value for name, value in softness.items() if value is not None}
    if learning and teacher is None:
        raise UsageError("--temperature and --alpha go with --teacher SPEC")
    try:
        settings = archdsl.TrainingSettings(
            epochs=epochs, batch_size=batch_size, optimizer=optimizer, learning_rate=learning_rate,
            weight_decay=weight_decay, momentum=momentum, schedule=schedule, warmup_epochs=warmup,
            step_epochs=step_epochs, gamma=gamma, label_smoothing=label_smoothing, clip_norm=clip_norm,
            aux_weight=aux_weight, flip=flip, crop=crop, precision=precision, speed=speed,
            validation=validation, seed=seed, **learning,
        )  # fmt: skip
        expect_folder(output)
        there = _results(output)
        if there and not resume and not force:
            raise UsageError(f"{there[0]} is there already: --resume goes on from it, --force starts anew")
        architecture = loaded(spec, params, inputs, decisions)
        options = {"weights": weights, "device": device, "folder": output, "resume": resume}
        options |= _teacher(teacher, teacher_weights, teacher_params)
        dataset = _dataset(architecture, data, device)
        for path in () if resume else there:  # once nothing but the training can fail
            path.unlink()
        result = _run(architecture, dataset, settings, options)
    except archdsl.TrainingError as error:
        raise UsageError(str(error)) from None
    _print_result(result, dataset, output, format)


def _results(folder: Path) -> list[Path]:
    """What an earlier training left there."""
    from archdsl.training.keeping import BEST, CHECKPOINT, LAST, METRICS

    return [folder / name for name in (CHECKPOINT, BEST, LAST, METRICS) if (folder / name).exists()]


def _dataset(architecture: Architecture, data: str, device: str) -> Dataset:
    """The data set, once the network is known to be able to learn it."""
    from archdsl.training.classifier import classifier
    from archdsl.training.datasets import load_dataset
    from archdsl.training.devices import choose_device

    network = classifier(architecture.graph(training=True), architecture.graph())
    dataset = load_dataset(data, network.shape[1:])
    network.expect_classes(len(dataset.classes), dataset.name)
    progress(
        f"{architecture.name} on {dataset.name}: {len(dataset.train)} images to train with, {len(dataset.test)} held "
        f"out, {len(dataset.classes)} classes, {choose_device(device)}"
    )
    return dataset


def _teacher(spec: str | None, weights: Path | None, params: list[str] | None) -> dict[str, Any]:
    if spec is None:
        if weights is not None or params:
            raise UsageError("--teacher-weights and --teacher-set go with --teacher SPEC")
        return {}
    if weights is None:
        raise UsageError("--teacher needs --teacher-weights FILE: without, there is nothing to learn from it")
    return {"teacher": loaded(spec, params, None, None), "teacher_weights": weights}


def _run(
    architecture: Architecture, dataset: Dataset, settings: TrainingSettings, options: dict[str, Any]
) -> TrainingResult:
    import archdsl
    from archdsl.cli.training_display import TrainingDisplay

    if settings.speed == "measure":
        progress("trying ways to carry out a step")
    try:
        with TrainingDisplay() as display:
            return archdsl.train(
                architecture, dataset, settings, on_epoch=display.on_epoch, on_step=display.on_step,
                on_way=lambda way: progress(f"steps: {way}"), **options,
            )  # fmt: skip
    except KeyboardInterrupt:
        progress(f"stopped; --resume goes on from the last whole epoch in {options['folder']}")
        raise


def _print_result(result: TrainingResult, dataset: Dataset, output: Path, format: str) -> None:
    from archdsl.training.keeping import BEST

    path = output / BEST
    assert result.test is not None  # it was not left out
    if format == "json":
        best = {"best_epoch": result.best_epoch, "best_accuracy": result.validation.accuracy}
        print_json({**best, "test": result.test._asdict(), "seconds": result.seconds, "weights": str(path)})
        return
    print(
        f"test accuracy {result.test.accuracy:.2%} on {len(dataset.test)} held-out images "
        f"(best epoch {result.best_epoch}, {result.seconds:.0f} s)"
    )
    print(path)
