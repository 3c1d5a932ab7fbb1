"""Import as a whole: a file becomes a spec and its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from os import PathLike
from pathlib import Path

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.importing.lifting import Network, lift
from archdsl.importing.writing import Written, write
from archdsl.pipeline.files import replacing

SUFFIXES = (".onnx", ".pt2")


def import_file(
    path: str | PathLike[str], inputs: Mapping[str, Sequence[int]] | None = None, name: str = ""
) -> Written:
    """The spec and the weights of an existing network.

    Args:
        path: an ONNX model (.onnx) or an exported program (.pt2).
        inputs: shapes of one sample, for inputs whose sizes the file leaves open.
        name: of the network; by default the file's.

    Raises:
        ArchdslError: E1101 with every instruction that has no counterpart, E1102 for damaged files, E1103 for inputs
            whose shape is not known.
    """
    path = Path(path)
    network = read_network(path, inputs or {})
    network.graph.name = name or path.stem
    return write(network, f"Imported from {path.name}.")


def read_network(path: Path, inputs: Mapping[str, Sequence[int]]) -> Network:
    """The network in a file, as a graph; arguments and errors as of `import_file`."""
    if path.suffix == ".onnx":
        from archdsl.importing.onnx_ops import translate as translate_onnx
        from archdsl.importing.onnx_reader import read_onnx

        return lift(read_onnx(path, inputs), translate_onnx)
    if path.suffix == ".pt2":
        from archdsl.importing.aten_ops import translate as translate_aten
        from archdsl.importing.export_reader import read_exported

        return lift(read_exported(path, inputs), translate_aten)
    raise ArchdslError(Diagnostic("E1102", f"{path} is neither .onnx nor .pt2", None, " or ".join(SUFFIXES)))


def save(found: Written, spec: Path | None, weights: Path | None) -> None:
    """Write the spec, the weights or both: everything or nothing.

    Raises:
        OSError: if a folder cannot be written to.
    """
    from safetensors.numpy import save_file

    with ExitStack() as stack:
        if spec is not None:
            stack.enter_context(replacing(spec)).write_text(found.text, encoding="utf-8")
        if weights is not None:
            save_file(found.state, stack.enter_context(replacing(weights)))
