"""Writing ONNX models to disk."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import onnx

# Protobuf cannot write more than 2 GiB; above this the weights go into a file of their own. The rest is for the nodes.
INLINE_LIMIT = 2**31 - 2**27


def weight_bytes(model: onnx.ModelProto) -> int:
    """Bytes of the weights within the model. (Protobuf itself can't measure a message that it can't write.)"""
    return sum(len(tensor.raw_data) for tensor in model.graph.initializer)


def save(model: onnx.ModelProto, path: str | os.PathLike[str], inline_limit: int = INLINE_LIMIT) -> list[Path]:
    """Write the model to `path`; readers see the old file or the new one, never a part.

    A model with more than `inline_limit` bytes of weights has them in `NAME.onnx.data` beside it, as ONNX allows.

    Returns:
        The files written.

    Raises:
        OSError: if the folder can't be written to.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        draft = Path(folder) / target.name
        written = [draft]
        if weight_bytes(model) <= inline_limit:
            onnx.save(model, draft)
        else:
            data = Path(folder) / f"{target.name}.data"
            try:
                onnx.save(model, draft, save_as_external_data=True, location=data.name, size_threshold=1024)
                onnx.checker.check_model(draft, full_check=True)
            finally:  # writing has moved the weights out of the model: a copy of it would take them twice
                onnx.load_external_data_for_model(model, folder)
                for tensor in model.graph.initializer:
                    tensor.ClearField("data_location")
            if data.exists():  # ONNX keeps small tensors in the model
                written.insert(0, data)  # the weights first: the model must not refer to what is not there
        for file in written:
            file.replace(target.parent / file.name)
    return [target.parent / file.name for file in reversed(written)]
