"""Exported programs (.pt2 of `torch.export.save`) as programs.

The archive is read here, not by `torch.export.load`: that evaluates expressions in the file and unpickles what fails to
load safely. Of the archive only the graph (JSON) and the raw bytes of the weights are used.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.importing.aliasing import without_mutation
from archdsl.importing.aten_ops.folding import fold
from archdsl.importing.expressions import OpenSize, Sizes
from archdsl.importing.program import Array, Instruction, Level, Meta, Program, printable
from archdsl.importing.shapes import input_shapes

# Numbers of element types in the archive.
INTEGERS = {1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64"}
DTYPES = {**INTEGERS, 6: "float16", 7: "float32", 8: "float64", 12: "bool"}
# Members are stored as they are. What is compressed could be made to fill the memory.
MOST_COMPRESSED = 2**26


class Ref(NamedTuple):
    """A tensor among the arguments of an instruction."""

    name: str


def read_exported(path: Path, shapes: Mapping[str, Sequence[int]]) -> Program:
    """The program of a .pt2 file.

    Args:
        path: the file.
        shapes: shapes of one sample, for inputs whose sizes are open.

    Raises:
        ArchdslError: E1102 if the file is damaged, E1103 if an input's shape is open.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _Reader(_Archive(archive), path, shapes).program()
    except FileNotFoundError:
        raise ArchdslError(Diagnostic("E1102", f"there is no file {path}")) from None
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from None
    except (RecursionError, OverflowError, MemoryError, NotImplementedError, RuntimeError, EOFError) as error:
        raise _damaged(path, type(error).__name__) from None


def _damaged(path: Path, reason: str) -> ArchdslError:
    return ArchdslError(Diagnostic("E1102", f"{path} is no readable exported program", None, printable(reason)))


class _Archive:
    """The members of the file, without the folder that all of them lie in."""

    def __init__(self, archive: zipfile.ZipFile):
        self.archive = archive
        self.members = {"/".join(PurePosixPath(info.filename).parts[1:]): info for info in archive.infolist()}

    def read(self, name: str) -> bytes:
        info = self.members.get(name)
        if info is None:
            if "serialized_exported_program.json" in {n.rpartition("/")[2] for n in self.archive.namelist()}:
                raise ValueError("it was saved by an old PyTorch, with pickled weights; save it again")
            raise ValueError(f"it has no {name}")
        if info.compress_type != zipfile.ZIP_STORED and info.file_size > MOST_COMPRESSED:
            raise ValueError(f"{name} is compressed")
        return self.archive.read(info)

    def document(self, name: str) -> Any:
        return json.loads(self.read(name))


class _Reader:
    """One file being read."""

    def __init__(self, archive: _Archive, path: Path, shapes: Mapping[str, Sequence[int]]):
        self.archive = archive
        self.shapes = shapes
        document = archive.document("models/model.json")
        self.graph = document["graph_module"]["graph"]
        self.signature = document["graph_module"]["signature"]
        self.made = Program(path.stem)
        self.sizes = Sizes()

    def program(self) -> Program:
        made = self.made
        self.inputs()
        self.load("data/weights/model_weights_config.json", "data/weights")
        self.load("data/constants/model_constants_config.json", "data/constants")
        for name, tensor in self.graph["tensor_values"].items():
            if name not in made.constants and name not in made.metas:
                self.meta(name, tensor)
        for node in self.graph["nodes"]:
            self.node(node)
        for number, spec in enumerate(self.signature["output_specs"]):
            if "user_output" not in spec:
                raise ValueError("the program changes its buffers or inputs: export it in inference form")
            name = spec["user_output"]["arg"]["as_tensor"]["name"]
            several = len(self.signature["output_specs"]) > 1
            made.outputs.append((f"output_{number}" if several else "output", name))
        fold(made)
        without_mutation(made)
        return made

    def inputs(self) -> None:
        """The user's inputs; the arrays behind the others are named, and loaded later."""
        declared: dict[str, tuple[str, list[int | None]]] = {}
        raw: dict[str, list[Any]] = {}
        self.sources: dict[str, list[str]] = {}
        for spec in self.signature["input_specs"]:
            ((kind, content),) = spec.items()
            if kind == "user_input":
                name = content["arg"]["as_tensor"]["name"]
                tensor = self.graph["tensor_values"][name]
                raw[name] = tensor["sizes"]
                declared[name] = (DTYPES.get(tensor["dtype"], "?"), [s.get("as_int") for s in tensor["sizes"]])
            elif kind in ("parameter", "buffer", "tensor_constant"):
                key = content.get(f"{kind}_name")
                self.sources.setdefault(key, []).append(content["arg"]["name"])
            else:
                raise ValueError(f"it has an input of kind {kind}")
        self.made.batch, self.made.metas = input_shapes(declared, self.shapes)
        self.made.inputs = list(declared)
        for name, sizes in raw.items():
            for expression, size in zip(sizes, self.made.metas[name].shape, strict=True):
                self.sizes.bind(expression, size)

    def load(self, index: str, folder: str) -> None:
        """Arrays of the archive that the program reads."""
        for key, entry in self.archive.document(index)["config"].items():
            names = self.sources.get(key, [])
            if not names:
                continue
            if entry["use_pickle"]:
                raise ValueError(f"the weight {key} is pickled, and pickles are not opened")
            array = _array(self.archive.read(f"{folder}/{entry['path_name']}"), entry["tensor_meta"])
            array.setflags(write=False)
            for name in names:
                self.made.constants[name] = array
                self.made.learned.add(name)

    def meta(self, name: str, tensor: Mapping[str, Any]) -> None:
        try:
            shape = tuple(self.sizes.value(size) for size in tensor["sizes"])
        except OpenSize:
            return  # named where it is needed
        self.made.metas[name] = Meta(shape, DTYPES.get(tensor["dtype"], f"type {tensor['dtype']}"))

    def node(self, node: Mapping[str, Any]) -> None:
        outputs = [name for output in node["outputs"] for name in _names(output)]
        for output in node["outputs"]:
            if "as_sym_int" in output:
                return  # sizes are known already
        op = node["target"].removeprefix("torch.ops.")
        arguments: dict[str, Any] = {}
        for given in node["inputs"]:
            arguments[given["name"]] = self.argument(given["arg"])
        inputs = [ref.name for value in arguments.values() for ref in _refs(value)]
        name = node.get("name") or (outputs[0] if outputs else op)
        scope = _scope(node.get("metadata", {}).get("nn_module_stack", ""))
        self.made.instructions.append(Instruction(op, inputs, outputs, arguments, name, scope))

    def argument(self, arg: Mapping[str, Any]) -> Any:
        ((kind, value),) = arg.items()
        match kind:
            case "as_none":
                return None
            case "as_tensor":
                return Ref(value["name"])
            case "as_tensors":
                return [Ref(each["name"]) for each in value]
            case "as_optional_tensors":
                return [Ref(each["as_tensor"]["name"]) if "as_tensor" in each else None for each in value]
            case "as_sym_int":
                return self.size(value)
            case "as_sym_ints":
                return [self.size(each) for each in value]
            case "as_scalar_type":
                return DTYPES.get(value, "?")
            case "as_int" | "as_ints" | "as_float" | "as_floats" | "as_bool" | "as_bools" | "as_string" | "as_strings":
                return value
            case "as_memory_format" | "as_layout" | "as_device":
                return None
            case _:
                return f"<{kind}>"

    def size(self, value: Mapping[str, Any]) -> Any:
        """A size in numbers; None if it can't be computed."""
        if "as_int" in value:
            return value["as_int"]
        try:
            return self.sizes.value(self.graph["sym_int_values"][value["as_name"]])
        except OpenSize:
            return None


def _refs(value: Any) -> list[Ref]:
    if isinstance(value, Ref):
        return [value]
    return [each for each in value if isinstance(each, Ref)] if isinstance(value, list) else []


def _names(output: Mapping[str, Any]) -> list[str]:
    if "as_tensor" in output:
        return [output["as_tensor"]["name"]]
    if "as_tensors" in output:
        return [each["name"] for each in output["as_tensors"]]
    return []


def _array(content: bytes, meta: Mapping[str, Any]) -> Array:
    """A tensor from the bytes of its storage. Raises ValueError if they are not enough."""
    dtype = np.dtype(DTYPES.get(meta["dtype"], "?"))
    sizes, strides = ([int(each["as_int"]) for each in meta[key]] for key in ("sizes", "strides"))
    offset = int(meta["storage_offset"]["as_int"])
    storage = np.frombuffer(content[: len(content) // dtype.itemsize * dtype.itemsize], dtype)
    if min([*sizes, *strides, offset, 0]) < 0:
        raise ValueError("a weight has negative sizes")
    last = offset + sum((n - 1) * s for n, s in zip(sizes, strides, strict=True)) if all(sizes) else 0
    if last >= max(storage.size, 1):
        raise ValueError("the file ends within a weight")
    view = np.lib.stride_tricks.as_strided(
        storage[offset:], sizes, [s * dtype.itemsize for s in strides], writeable=False
    )
    return np.ascontiguousarray(view).reshape(sizes)


def _scope(stack: str) -> tuple[Level, ...]:
    """The modules of `key,path,class;...`; the first one is the network itself."""
    levels = []
    for entry in stack.split(";")[1:]:
        _, _, rest = entry.partition(",")
        path, _, kind = rest.rpartition(",")
        levels.append(Level(path.rpartition(".")[2], kind.rpartition(".")[2]))
    return tuple(levels)
