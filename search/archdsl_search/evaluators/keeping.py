"""Weights of trained candidates: those of the best trials stay, in the trials' folders.

Trials end in several processes at once; each looks at its neighbours' folders after it has written its own file. Two
that do so at the same time may both keep theirs, never lose one of the best.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import nn

WEIGHTS = "weights.safetensors"
_SCORE = "archdsl.accuracy"


def keep_weights(module: nn.Module, folder: Path, accuracy: float, keep: int | Literal["all"]) -> None:
    """Write the module's weights into a trial's folder if they are among the `keep` best of the run so far.

    Raises:
        OSError: if the folder cannot be written to.
    """
    if keep == 0:
        return
    from safetensors.torch import save_file

    tensors = {key: tensor.detach().cpu().contiguous().clone() for key, tensor in module.state_dict().items()}
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{token_hex(4)}.safetensors"
    try:
        save_file(tensors, temporary, {_SCORE: repr(accuracy)})
        temporary.replace(folder / WEIGHTS)
    finally:
        temporary.unlink(missing_ok=True)
    if keep != "all":
        _drop_all_but(folder.parent, keep)


def _drop_all_but(run: Path, keep: int) -> None:
    """Remove the weights of all but the best trials; among equals, the earlier written ones stay."""
    found = []
    for path in run.glob(f"*/{WEIGHTS}"):
        try:
            found.append((-_accuracy(path), path.stat().st_mtime_ns, path))
        except OSError:  # another process has just removed it
            continue
    for _, _, path in sorted(found)[keep:]:
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()  # unless something else was kept


def _accuracy(path: Path) -> float:
    from safetensors import safe_open

    with safe_open(path, framework="np") as file:
        return float((file.metadata() or {}).get(_SCORE, "nan"))
