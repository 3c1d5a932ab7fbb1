"""Weights of trained candidates, in the trials' folders.

Every evaluation that keeps weights writes them; the driver, which alone knows what a trial is worth, removes those of
all but the best: `archdsl_search.driver.weights`.
"""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

WEIGHTS = "weights.safetensors"


def keep_weights(module: nn.Module, folder: Path) -> None:
    """Write the module's weights into a trial's folder.

    Raises:
        OSError: if the folder cannot be written to.
    """
    from safetensors.torch import save_file

    tensors = {key: tensor.detach().cpu().contiguous().clone() for key, tensor in module.state_dict().items()}
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{token_hex(4)}.safetensors"
    try:
        save_file(tensors, temporary)
        temporary.replace(folder / WEIGHTS)
    finally:
        temporary.unlink(missing_ok=True)
