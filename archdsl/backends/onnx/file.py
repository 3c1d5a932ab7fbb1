"""Writing ONNX models to disk."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import onnx

# Protobuf cannot write more than 2 GiB; above this the weights go into a file of their own.
INLINE_LIMIT = 2**31 - 2**20


def save(model: onnx.ModelProto, path: str | os.PathLike[str], inline_limit: int = INLINE_LIMIT) -> list[Path]:
    """Write the model to `path`; readers see the old file or the new one, never a part.

    A model of more than `inline_limit` bytes has its weights in `NAME.onnx.data` beside it, as ONNX allows.

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
        if model.ByteSize() <= inline_limit:
            onnx.save(model, draft)
        else:
            data = Path(folder) / f"{target.name}.data"
            copy = onnx.ModelProto()
            copy.CopyFrom(model)  # the conversion empties the tensors of the model it is given
            onnx.save(copy, draft, save_as_external_data=True, location=data.name, size_threshold=1024)
            onnx.checker.check_model(draft, full_check=True)
            written.insert(0, data)  # the weights first: the model must not refer to what is not there
        for file in written:
            os.replace(file, target.parent / file.name)
    return [target.parent / file.name for file in reversed(written)]
