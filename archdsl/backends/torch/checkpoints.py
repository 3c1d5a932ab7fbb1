"""Checkpoints of other programs, read without running anything in them, and written.

Two formats: `.safetensors`, and what `torch.save` writes, opened with `weights_only=True` alone. A pickle can claim
more memory than its file has; what could is refused before it is opened, and whatever opening raises becomes one error.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

# Keys under which training programs keep the state of the network.
USUAL_KEYS = ("state_dict", "model_state_dict", "model", "net", "network", "module", "weights", "params")
LONGEST_NAME = 1000


class CheckpointError(Exception):
    """A file that can't be used as a checkpoint; the message says why, without the file's name."""


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds.

    Attributes:
        tensors: by name, in the order of the file.
        metadata: texts beside the tensors (safetensors only).
        left_out: names of what stands beside the tensors and is none.
    """

    tensors: dict[str, Tensor]
    metadata: dict[str, str]
    left_out: tuple[str, ...] = ()


def read_checkpoint(path: Path, key: str | None = None) -> Checkpoint:
    """The tensors of a `.safetensors` file or of one that `torch.save` wrote.

    Args:
        path: the file; its contents tell the format.
        key: for a file with several state dicts, the one to take.

    Raises:
        CheckpointError: if it is neither, is damaged, needs code to be run, or leaves open which tensors are meant.
        OSError: if the file can't be opened.
    """
    with path.open("rb") as file:
        head = file.read(16)
    if not head:
        raise CheckpointError("it is empty")
    if _looks_like_safetensors(head, path.stat().st_size):
        found = _read_safetensors(path)
    else:
        tensors, left_out = _chosen(_unpickled(path, head), key)
        found = Checkpoint(tensors, {}, left_out)
    for name, tensor in found.tensors.items():
        _check(name, tensor)
    return found


def _looks_like_safetensors(head: bytes, size: int) -> bool:
    """Eight bytes of length, then JSON."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= size


def _read_safetensors(path: Path) -> Checkpoint:
    try:
        with safe_open(path, framework="pt") as file:
            # `offset_keys` is the order of the data; older versions have only the sorted names
            names = getattr(file, "offset_keys", file.keys)()
            return Checkpoint({name: file.get_tensor(name) for name in names}, dict(file.metadata() or {}))
    except OSError:
        raise
    except Exception as error:
        raise CheckpointError(f"it is no sound safetensors file: {_one_line(error)}") from None


def _unpickled(path: Path, head: bytes) -> object:
    if head[:2] == b"PK":
        _check_archive(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # a hostile pickle can make the reader fail in any way
        raise CheckpointError(_why_not(error)) from None


def _check_archive(path: Path) -> None:
    """Refuse archives whose contents would be larger than the file: `torch.save` never compresses."""
    try:
        with ZipFile(path) as archive:
            entries = archive.infolist()
    except (BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
        raise CheckpointError(f"it is a damaged archive: {_one_line(error)}") from None
    if any(entry.compress_type != ZIP_STORED for entry in entries):
        raise CheckpointError("it is a compressed archive, which torch does not write")
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise CheckpointError("its archive claims more than the file holds")


def _why_not(error: Exception) -> str:
    text = str(error)
    if "Unsupported" in text or "weights_only" in text.lower() or "Weights only" in text:
        return (
            "it holds more than tensors, and opening it could run code; save the module's `state_dict()` alone where "
            "the file comes from"
        )
    return f"torch can't read it: {_one_line(error)}"


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]}..."


def _chosen(content: object, key: str | None) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The state dict in what a pickle holds: itself, or one of the mappings in it."""
    if not isinstance(content, Mapping):
        raise CheckpointError(f"it holds no state dict but {_kind(content)}")
    if key is not None:
        if not isinstance(content.get(key), Mapping):
            raise CheckpointError(f"it has no state dict under the key `{key}`")
        return _tensors(content[key])
    if any(isinstance(value, Tensor) for value in content.values()):
        return _tensors(content)
    inner = [str(name) for name, value in content.items() if isinstance(value, Mapping) and _has_tensors(value)]
    usual = [name for name in USUAL_KEYS if name in inner]
    if len(inner) != 1 and len(usual) != 1:
        if not inner:
            raise CheckpointError("it holds no tensors")
        raise CheckpointError(f"it holds several state dicts ({', '.join(inner[:8])}); say which with --key")
    return _tensors(content[usual[0] if len(usual) == 1 else inner[0]])


def _has_tensors(value: Mapping[Any, Any]) -> bool:
    return bool(value) and any(isinstance(each, Tensor) for each in value.values())


def _tensors(state: Mapping[Any, Any]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    tensors = {}
    left_out = []
    for name, value in state.items():
        if not isinstance(name, str):
            raise CheckpointError(f"a name is no text but {_kind(name)}")
        if isinstance(value, Tensor):
            tensors[name] = value.detach()
        else:
            left_out.append(name)
    if not tensors:
        raise CheckpointError("it holds no tensors")
    return tensors, tuple(left_out)


def _kind(value: object) -> str:
    return f"`{type(value).__name__}`"


def _check(name: str, tensor: Tensor) -> None:
    if len(name) > LONGEST_NAME:
        raise CheckpointError(f"a name has {len(name):,} characters")
    if tensor.layout is not torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
        raise CheckpointError(f"`{name}` is no plain tensor: {tensor.layout}, {tensor.device.type}, {tensor.dtype}")


def write_checkpoint(tensors: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write `.safetensors`, or for `.pt` and `.pth` what `torch.load` reads; metadata go into the former alone."""
    kept = {key: tensor.detach().cpu().contiguous().clone() for key, tensor in tensors.items()}
    if path.suffix == ".safetensors":
        save_file(kept, path, dict(metadata or {}))
    else:
        torch.save(kept, path)


def fits(tensor: Tensor, dtype: str) -> bool:
    """Whether values of this tensor can be weights of our element type: floats for floats, integers for integers."""
    if dtype == "float32":
        return tensor.dtype.is_floating_point
    return not tensor.dtype.is_floating_point and not tensor.dtype.is_complex and tensor.dtype is not torch.bool


def zero_counter() -> Tensor:
    """A counter of training steps that has not counted."""
    return torch.zeros((), dtype=torch.int64)
