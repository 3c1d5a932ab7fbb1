"""A found network as files that people can use: spec, source, weights, ONNX; held against each other."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import archdsl
from archdsl_search.errors import SearchError

if TYPE_CHECKING:
    from torch import Tensor, nn

TARGETS = ("spec", "source", "weights", "onnx")
# float32 rounding over the depth of a network, relative to the largest output.
TOLERANCE = 1e-3
_SAMPLES = 2
UNTRAINED = ".untrained"


@dataclass
class Written:
    """What was written of one network.

    Attributes:
        files: by target.
        trained: whether the weights are those of the search.
        difference: the largest one between outputs of module, source and ONNX on random inputs, relative to the
            largest output; None where no form with weights was written.
        left_out: targets that were not written, and why.
    """

    files: dict[str, str] = field(default_factory=dict)
    trained: bool = False
    difference: float | None = None
    left_out: dict[str, str] = field(default_factory=dict)


def write_network(
    architecture: archdsl.Architecture, folder: Path, name: str, weights: Path | None, targets: Sequence[str] = TARGETS
) -> Written:
    """Write a network's files into `folder`, each whole or not at all, then load them again and compare.

    Without weights of the search, fresh ones take their place, and the names of files that hold them say so. Spec and
    source alone are compared without running the network, by its graph.

    Raises:
        SearchError: if two forms don't agree: that would be a mistake in archdsl.
        OSError: if the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = Written(trained=weights is not None)
    spec = _write_spec(architecture, folder, name)
    written.files["spec"] = str(spec)
    again = archdsl.load(spec)
    if again.hash != architecture.hash:
        raise SearchError(f"{spec} does not give the network that was found: this is a mistake in archdsl")
    if "source" in targets:
        path = replace_file(folder / f"{name}.py", archdsl.to_source(again).encode())
        written.files["source"] = str(path)
    if {"weights", "onnx"} & set(targets):
        _write_forms(again, folder, name, weights, targets, written)
    return written


def _write_spec(architecture: archdsl.Architecture, folder: Path, name: str) -> Path:
    files = architecture.spec_files()
    main = next(iter(files))
    for path, text in files.items():
        target = folder / (f"{name}{Path(main).suffix}" if path == main else path)
        replace_file(target, text.encode())
    return folder / f"{name}{Path(main).suffix}"


def _write_forms(
    architecture: archdsl.Architecture,
    folder: Path,
    name: str,
    weights: Path | None,
    targets: Sequence[str],
    written: Written,
) -> None:
    import torch

    if weights is None:
        torch.manual_seed(0)
    module = archdsl.compile(architecture, weights=weights).eval()
    inputs = _random_inputs(architecture)
    expected = _outputs(module, inputs)
    differences = [0.0]
    ending = "" if weights is not None else UNTRAINED
    if "weights" in targets:
        from safetensors.torch import save

        state = {key: tensor.detach().contiguous().clone() for key, tensor in module.state_dict().items()}
        written.files["weights"] = str(replace_file(folder / f"{name}{ending}.safetensors", save(state)))
    if "source" in targets:
        copy = _from_source(folder / f"{name}.py", module)
        differences.append(_difference(expected, _outputs(copy, inputs)))
    if "onnx" in targets:
        if find_spec("onnx") is None:
            written.left_out["onnx"] = "needs onnx: pip install 'archdsl[onnx]'"
        else:
            path = folder / f"{name}{ending}.onnx"
            archdsl.export_onnx(architecture, path, weights=module)
            written.files["onnx"] = str(path)
            differences += _onnx_differences(path, inputs, expected)
    written.difference = max(differences)
    if written.difference > TOLERANCE:
        raise SearchError(f"{name}: module, source and ONNX differ by {written.difference:g}: a mistake in archdsl")


def _random_inputs(architecture: archdsl.Architecture) -> list[Tensor]:
    import torch

    random = torch.Generator().manual_seed(0)
    made = []
    for value in architecture.graph().inputs.values():
        shape = (_SAMPLES, *value.type.shape)
        if value.type.dtype == "int64":
            made.append(torch.zeros(shape, dtype=torch.int64))
        else:
            made.append(torch.randn(shape, generator=random))
    return made


def _outputs(module: nn.Module, inputs: Sequence[Tensor]) -> list[Tensor]:
    import torch

    with torch.no_grad():
        found = module.eval()(*inputs)
    return list(found.values()) if isinstance(found, dict) else [found]


def _from_source(path: Path, module: nn.Module) -> nn.Module:
    """The network that the written file makes, with the module's weights."""
    specification = importlib.util.spec_from_file_location(f"archdsl_found_{token_hex(4)}", path)
    assert specification is not None
    assert specification.loader is not None
    source = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(source)
    made: nn.Module = source.build()
    made.load_state_dict(module.state_dict())
    return made


def _onnx_differences(path: Path, inputs: Sequence[Tensor], expected: Sequence[Tensor]) -> list[float]:
    """How far ONNX Runtime is from the module; nothing where it is not installed."""
    if find_spec("onnxruntime") is None:
        return []
    import onnxruntime
    import torch

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    found = session.run(None, {name: x.numpy() for name, x in zip(names, inputs, strict=True)})
    return [_difference(expected, [torch.from_numpy(output) for output in found])]


def _difference(expected: Sequence[Any], found: Sequence[Any]) -> float:
    largest = 0.0
    for one, other in zip(expected, found, strict=True):
        scale = max(1.0, float(one.abs().max()))
        largest = max(largest, float((one - other).abs().max()) / scale)
    return largest


def replace_file(path: Path, content: bytes) -> Path:
    """Write a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{token_hex(4)}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    return path
