"""Arguments and options that several commands share, and what their text means."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from archdsl.cli.errors import UsageError

if TYPE_CHECKING:
    from archdsl.analysis.latency.device import DeviceProfile
    from archdsl.pipeline.architecture import Architecture

Spec = Annotated[str, typer.Argument(metavar="SPEC", help="A file, `file@variant`, or a name from `archdsl zoo list`.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="NAME=VALUE", help="Give a parameter another value. Repeat for several."),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="NAME=CxHxW", help="Give an input another shape, batch left out: image=3x192x192."),
]
# Beyond any machine, and figures are still exact as text, as JSON and in floating point.
MOST_SAMPLES = 1_000_000
BatchSize = Annotated[int, typer.Option("--batch-size", min=1, max=MOST_SAMPLES, help="Samples in the batch.")]
Decisions = Annotated[
    str | None,
    typer.Option("--decisions", "-d", metavar="FILE|JSON", help="Fill holes: a JSON object, or a file that holds one."),
]
Training = Annotated[bool, typer.Option("--training", help="The network in training, auxiliary outputs included.")]
TextOrJson = Annotated[Literal["text", "json"], typer.Option("--format", help="How the result is written.")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Of the CPU; by default as many as torch uses.")]
Clock = Annotated[
    Literal["wall", "cpu"],
    typer.Option("--clock", help="`cpu`: processor time, for machines that aren't idle; needs --threads 1."),
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Overwrite a file that is already there.")]


def loaded(
    spec: str, settings: Iterable[str] | None, inputs: Iterable[str] | None, decisions: str | None
) -> Architecture:
    """The architecture that a command's arguments name.

    Raises:
        ArchdslError: if the spec has mistakes.
        UsageError: if the text of an option has the wrong form.
    """
    import archdsl

    return archdsl.load(
        spec,
        params=parsed_settings(settings),
        decisions=parsed_decisions(decisions),
        inputs=parsed_inputs(inputs),
    )


def device_profile(path: Path | None, layers: bool = True) -> DeviceProfile | None:
    """The device profile in a file.

    Args:
        path: the file; None for no profile.
        layers: whether times of layers as they are written are needed.

    Raises:
        UsageError: if it is none, or predicts another form of networks than is needed.
        OSError: if it can't be read.
    """
    if path is None:
        return None
    from archdsl.analysis.latency.profile_file import ProfileError, read_profile

    try:
        found = read_profile(path)
    except ProfileError as error:
        raise UsageError(f"--device {error}") from None
    if layers and found.mode != "plain" and found.predictor is not None:
        raise UsageError(
            f"--device {path}: it predicts the optimized form, whose steps are not the layers shown here; take a "
            "profile of `--mode plain`, or `archdsl cost`"
        )
    return found


def expect_free(output: Path, force: bool) -> None:
    """Make sure, before minutes of measuring, that a file can be written; folders that it needs are made.

    Raises:
        UsageError: if it is there already and is not to be overwritten, or a folder.
        OSError: if its folder can't be made.
    """
    if output.is_dir():
        raise UsageError(f"--output {output}: a file is needed, this is a folder")
    if output.exists() and not force:
        raise UsageError(f"{output} is there already; --force overwrites it")
    output.parent.mkdir(parents=True, exist_ok=True)


def expect_folder(path: Path) -> None:
    """Raises UsageError if results are to go into a folder that is a file."""
    if path.exists() and not path.is_dir():
        raise UsageError(f"--output {path}: a folder is needed, this is a file")


def parsed_settings(texts: Iterable[str] | None) -> dict[str, Any]:
    """`NAME=VALUE` texts as parameters. A value is written as in a file: a number, an expression, a word, a step."""
    return _assignments(texts, "--set", "num_classes=10", str.strip)


def parsed_inputs(texts: Iterable[str] | None) -> dict[str, list[int]]:
    """`NAME=CxHxW` texts as shapes of one sample."""
    return _assignments(texts, "--input", "image=3x192x192", _shape)


def parsed_decisions(text: str | None) -> dict[str, Any]:
    """A JSON object, or the path of a file that holds one (with `decisions`, or the decisions themselves)."""
    if text is None:
        return {}
    source = text if text.lstrip().startswith(("{", "[")) else Path(text).read_text(encoding="utf-8")
    try:
        found = json.loads(source)
    except json.JSONDecodeError as error:
        raise UsageError(f"--decisions: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise UsageError('--decisions: a JSON object is needed, {"decision": label, ...}')
    inner = found.get("decisions")
    return inner if isinstance(inner, dict) else found


def _assignments(texts: Iterable[str] | None, option: str, example: str, parse: Callable[[str], Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts or ():
        name, separator, value = text.partition("=")
        name = name.strip()
        if not separator or not name or not value.strip():
            raise UsageError(f"{option} {text}: NAME=VALUE is needed, as in `{option} {example}`")
        if name in found:
            raise UsageError(f"{option} {text}: `{name}` is given twice")
        found[name] = parse(value)
    return found


def _shape(text: str) -> list[int]:
    sizes = text.lower().replace("×", "x").strip().strip("[]").replace(",", "x").split("x")
    try:
        return [int(size) for size in sizes]
    except ValueError:
        raise UsageError(
            f"--input: `{text.strip()}` is no shape; write whole numbers, as in `--input image=3x192x192`"
        ) from None
