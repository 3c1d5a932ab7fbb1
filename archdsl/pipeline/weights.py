"""Weights: from wherever they come, checked against the network, and safely written."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.ir.graph import Graph
from archdsl.ir.naming import state_key
from archdsl.pipeline.files import replacing

if TYPE_CHECKING:
    from torch import Tensor, nn

SHOWN = 5


def state_of(weights: Any) -> dict[str, Tensor]:
    """A state dict, a module's state, or what a .safetensors file holds.

    Raises:
        ArchdslError: E1001 if the file can't be read or isn't safetensors (pickled files are never opened).
    """
    if hasattr(weights, "state_dict"):  # a module
        return dict(weights.state_dict())
    if isinstance(weights, Mapping):
        return dict(weights)
    return _read(Path(weights))


def _read(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if path.is_dir():
        raise ArchdslError(Diagnostic("E1001", f"{path} is a folder, not a .safetensors file", None))
    try:
        return load_file(path)
    except FileNotFoundError:
        raise ArchdslError(Diagnostic("E1001", f"there is no file {path}")) from None
    except (SafetensorError, OSError, ValueError) as error:
        message = f"{path} is no readable safetensors file: {error}"
        raise ArchdslError(Diagnostic("E1001", message, None, "files of other kinds are not opened")) from None


def fill(module: nn.Module, weights: Any, training: Graph, what: str) -> None:
    """Copy weights into a module; all of them must fit.

    Weights that only the training form has (`training`, auxiliary heads) may be left over in an inference module.

    Raises:
        ArchdslError: E1001 naming what is missing, left over or of another shape.
    """
    given = state_of(weights)
    wanted = module.state_dict()
    further = {state_key(node.path, spec.name) for node, spec in training.weights()} - set(wanted)
    problems = [f"missing: {key}" for key in wanted if key not in given]
    problems += [f"not in {what}: {key}" for key in given if key not in wanted and key not in further]
    for key, tensor in wanted.items():
        if key in given and tuple(given[key].shape) != tuple(tensor.shape):
            problems.append(f"{key} is {list(given[key].shape)}, {what} has {list(tensor.shape)}")
    if problems:
        more = (f"and {len(problems) - SHOWN} more",) if len(problems) > SHOWN else ()
        message = f"the weights do not fit {what}"
        raise ArchdslError(Diagnostic("E1001", message, None, "", (*problems[:SHOWN], *more)))
    module.load_state_dict({key: given[key] for key in wanted}, strict=True)


def save_weights(
    state: Mapping[str, Tensor], path: str | PathLike[str], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors as .safetensors, whole or not at all; shared ones once for each name.

    Raises:
        OSError: if the folder cannot be written to.
    """
    from safetensors.torch import save_file

    tensors = {key: tensor.detach().cpu().contiguous().clone() for key, tensor in state.items()}
    with replacing(path) as temporary:
        save_file(tensors, temporary, dict(metadata or {}))
