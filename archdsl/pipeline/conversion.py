"""Weights of other programs: checkpoints in, checkpoints out, and the names in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import prod
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.conversion.mapping import map_tensors
from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.ir.graph import Graph
from archdsl.ir.naming import state_key
from archdsl.ops.base import WeightSpec
from archdsl.pipeline.architecture import Architecture
from archdsl.pipeline.files import replacing, write_atomically
from archdsl.pipeline.name_maps import NameMap, misfits, parse_name_map, read_name_map

if TYPE_CHECKING:
    from torch import Tensor

    from archdsl.backends.torch.checkpoints import Checkpoint

# Layouts whose files are in the order in which the modules are defined.
DEFINITION_ORDER = ("torchvision", "timm")
AUTO = "auto"
# Where a converted file keeps the names that its tensors had.
NAMES_KEY = "archdsl.names"
SHOWN = 5


@dataclass(frozen=True)
class Conversion:
    """What was converted.

    Attributes:
        mapping: our keys by theirs, in the order of the checkpoint.
        added: keys of ours that the checkpoint lacks and evaluation does not read: counters of steps, set to zero.
        absent: keys of ours that only training has and the checkpoint lacks.
        left_out: names in the checkpoint that were not converted: no tensors, or `ignore` says so.
        ordered: whether the order of the file was relied on.
        interchangeable: pairs of their modules that could change places without any difference.
    """

    mapping: NameMap
    added: tuple[str, ...]
    absent: tuple[str, ...]
    left_out: tuple[str, ...]
    ordered: bool
    interchangeable: tuple[tuple[str, str], ...]


def convert_weights(
    architecture: Architecture,
    checkpoint: str | PathLike[str],
    path: str | PathLike[str],
    layout: str | PathLike[str] = AUTO,
    *,
    pins: Mapping[str, str] | None = None,
    ignore: Iterable[str] = (),
    key: str | None = None,
) -> Conversion:
    """Bring a checkpoint of another program into the form that `archdsl.compile(..., weights=path)` takes.

    Args:
        architecture: the network whose weights they are.
        checkpoint: a `.safetensors` file, or what `torch.save` wrote of tensors; nothing in it is run.
        path: the `.safetensors` file to write, whole or not at all. It remembers the names, for `restore_weights`.
        layout: `auto` takes what follows from shapes, numbers in names and the graph alone. `torchvision` and `timm`
            further rely on the file's order being that of definition. Else a JSON file `{theirs: ours}`.
        pins: module prefixes, theirs and ours, that belong together.
        ignore: patterns of names (`*.anchors`) that are not converted.
        key: which state dict to take from a checkpoint that has several.

    Raises:
        ArchdslError: E1003 for files that can't be read, E1004 if tensors are missing, left over or of other shapes,
            E1005 if several mappings fit, E1006 for a wrong mapping file.
        OSError: if the file can't be written.
    """
    from archdsl.backends.torch.checkpoints import write_checkpoint, zero_counter

    given = read_tensors(checkpoint, key)
    patterns = tuple(ignore)
    tensors = {name: t for name, t in given.tensors.items() if not any(fnmatchcase(name, p) for p in patterns)}
    found = _mapped(architecture, tensors, layout, pins or {})
    wanted = _weights(found.form)
    _check_kinds(tensors, found.mapping.names, wanted)
    state = {ours: tensors[theirs].reshape(wanted[ours].shape) for theirs, ours in found.mapping.names.items()}
    added = tuple(ours for ours in wanted if ours not in state)
    state = {ours: state[ours] if ours in state else zero_counter() for ours in wanted}
    with replacing(path) as temporary:
        write_checkpoint(state, temporary, {NAMES_KEY: found.mapping.to_json()})
    absent = tuple(ours for ours in _weights(architecture.graph(training=True)) if ours not in wanted)
    left_out = (*given.left_out, *[name for name in given.tensors if name not in tensors])
    return Conversion(found.mapping, added, absent, left_out, found.ordered, found.interchangeable)


def restore_weights(
    architecture: Architecture,
    weights: str | PathLike[str],
    path: str | PathLike[str],
    layout: str | PathLike[str] = AUTO,
    *,
    like: str | PathLike[str] | None = None,
    pins: Mapping[str, str] | None = None,
    key: str | None = None,
) -> NameMap:
    """Give weights of ours the names that another program knows: the way back of `convert_weights`.

    Args:
        architecture: the network whose weights they are.
        weights: a `.safetensors` file of ours.
        path: the file to write, whole or not at all: `.safetensors`, or `.pt` or `.pth` for `torch.load`.
        layout: a JSON file `{theirs: ours}`; otherwise how `like` is read. Without `like` the names come from
            `weights`, if `convert_weights` wrote it.
        like: a checkpoint of the other program, for its names.
        pins, key: as of `convert_weights`, for `like`.

    Returns:
        Our keys by theirs, in the order written.

    Raises:
        ArchdslError: E1003 to E1006 as of `convert_weights`; E1006 if nothing tells the names.
        OSError: if the file can't be written.
    """
    from archdsl.backends.torch.checkpoints import write_checkpoint

    given = read_tensors(weights)
    mapping = _mapping_back(architecture, given, layout, like, pins or {}, key)
    _check_ours(architecture, given.tensors, mapping, str(weights))
    state = {
        theirs: given.tensors[ours].reshape(mapping.shapes.get(theirs, given.tensors[ours].shape))
        for theirs, ours in mapping.names.items()
    }
    with replacing(path) as temporary:
        write_checkpoint(state, temporary, {"format": "pt"})
    return mapping


def save_name_map(mapping: NameMap, path: str | PathLike[str]) -> None:
    """Write a mapping file, for `layout`: a JSON object, their names to ours, in the order of the checkpoint."""
    write_atomically(path, mapping.to_json(indent=1) + "\n")


def read_tensors(path: str | PathLike[str], key: str | None = None) -> Checkpoint:
    """The tensors of a checkpoint by name, and what stands beside them.

    Raises:
        ArchdslError: E1003 if the file can't be read or holds more than tensors.
    """
    from archdsl.backends.torch.checkpoints import CheckpointError, read_checkpoint

    try:
        return read_checkpoint(Path(path), key)
    except CheckpointError as error:
        raise ArchdslError(Diagnostic("E1003", f"{path} can't be used: {error}")) from None
    except FileNotFoundError:
        raise ArchdslError(Diagnostic("E1003", f"there is no file {path}")) from None
    except OSError as error:
        raise ArchdslError(Diagnostic("E1003", f"{path} can't be read: {error.strerror or error}")) from None


@dataclass(frozen=True)
class _Found:
    mapping: NameMap
    form: Graph
    ordered: bool = False
    interchangeable: tuple[tuple[str, str], ...] = ()


def _weights(form: Graph) -> dict[str, WeightSpec]:
    return {state_key(node.path, spec.name): spec for node, spec in form.weights()}


def _mapped(
    architecture: Architecture, tensors: Mapping[str, Tensor], layout: str | PathLike[str], pins: Mapping[str, str]
) -> _Found:
    """Their names onto ours: by a mapping file, or found out."""
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    forms = [architecture.graph()]
    if architecture.has_training_form:
        forms.insert(0, architecture.graph(training=True))
    if layout not in (AUTO, *DEFINITION_ORDER):
        return _by_file(Path(layout), forms, shapes)
    _check_pins(pins, shapes, forms)
    found = map_tensors(shapes, forms, definition_order=layout in DEFINITION_ORDER, pins=tuple(pins.items()))
    wanted = _weights(found.form)
    reshaped = {theirs: shapes[theirs] for theirs, o in found.names.items() if shapes[theirs] != wanted[o].shape}
    return _Found(NameMap(found.names, reshaped), found.form, found.ordered, found.interchangeable)


def _by_file(path: Path, forms: Iterable[Graph], shapes: Mapping[str, tuple[int, ...]]) -> _Found:
    mapping = read_name_map(path)
    fewest: list[str] | None = None
    for form in forms:
        problems = misfits(mapping, shapes, _weights(form))
        if not problems:
            names = {theirs: mapping.names[theirs] for theirs in shapes}
            return _Found(NameMap(names, mapping.shapes), form)
        if fewest is None or len(problems) < len(fewest):
            fewest = problems
    raise ArchdslError(_problem("E1006", f"{path} does not map this checkpoint onto this network", fewest or []))


def _check_pins(pins: Mapping[str, str], shapes: Iterable[str], forms: Iterable[Graph]) -> None:
    """A pin with a prefix that nothing has would make every mapping impossible: say so."""
    ours = {key for form in forms for key in _weights(form)}
    for side, names, prefixes in (("the checkpoint", set(shapes), pins), ("the network", ours, pins.values())):
        for prefix in prefixes:
            if not any(name.startswith(f"{prefix}.") for name in names):
                raise ArchdslError(Diagnostic("E1006", f"--pin: {side} has no module `{prefix}`"))


def _mapping_back(
    architecture: Architecture,
    given: Checkpoint,
    layout: str | PathLike[str],
    like: str | PathLike[str] | None,
    pins: Mapping[str, str],
    key: str | None,
) -> NameMap:
    """Their names for the way back: from a checkpoint of theirs, a mapping file, or what the file remembers."""
    if like is not None:
        return _mapped(architecture, read_tensors(like, key).tensors, layout, pins).mapping
    if layout not in (AUTO, *DEFINITION_ORDER):
        return read_name_map(Path(layout))
    remembered = given.metadata.get(NAMES_KEY)
    if remembered is None:
        message = "nothing tells the names that the weights had"
        raise ArchdslError(Diagnostic("E1006", message, None, "give --like CHECKPOINT or a mapping file as --layout"))
    return parse_name_map(remembered, f"what the file says under {NAMES_KEY}")


def _check_ours(architecture: Architecture, tensors: Mapping[str, Tensor], mapping: NameMap, file: str) -> None:
    """Raises ArchdslError E1004 unless these are weights of the network, with all that the mapping needs."""
    what = architecture.name
    wanted = _weights(architecture.graph(training=True)) | _weights(architecture.graph())
    problems = [f"it has no {ours}" for ours in mapping.names.values() if ours not in tensors]
    for ours, tensor in tensors.items():
        if ours not in wanted:
            problems.append(f"{what} has no weight {ours}")
        elif tuple(tensor.shape) != wanted[ours].shape:
            problems.append(f"{ours} is {list(tensor.shape)}, {what} has {list(wanted[ours].shape)}")
    for theirs, shape in mapping.shapes.items():
        held = tensors.get(mapping.names[theirs])
        if held is not None and held.numel() != prod(shape):
            problems.append(f"{theirs} is to be {list(shape)}, {mapping.names[theirs]} is {list(held.shape)}")
    if problems:
        raise ArchdslError(_problem("E1004", f"{file} does not hold the weights of {what}", problems))


def _check_kinds(tensors: Mapping[str, Tensor], names: Mapping[str, str], wanted: Mapping[str, WeightSpec]) -> None:
    from archdsl.backends.torch.checkpoints import fits

    problems = [
        f"{theirs} holds {tensors[theirs].dtype}, {ours} is {wanted[ours].dtype}"
        for theirs, ours in names.items()
        if not fits(tensors[theirs], wanted[ours].dtype)
    ]
    if problems:
        raise ArchdslError(_problem("E1004", "the checkpoint's numbers are of another kind", problems))


def _problem(code: str, message: str, problems: list[str]) -> Diagnostic:
    more = (f"and {len(problems) - SHOWN} more",) if len(problems) > SHOWN else ()
    return Diagnostic(code, message, None, "", (*problems[:SHOWN], *more))
