"""How a network can be run: runtime, passes, how threads share the work. And the rule of `auto`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, cast, get_args

import torch

from archdsl.backends.runtimes.session import FOREIGN, Foreign, is_installed, require
from archdsl.backends.torch.inference.planned.choices import beats_other_runtimes
from archdsl.backends.torch.inference.slicing import best_slice, slice_sizes
from archdsl.ir.graph import Graph
from archdsl.ops.families.convolution import Conv2d
from archdsl.passes.base import Pass
from archdsl.passes.optimization import EVERY, FEWEST

RuntimeName = Literal["torch", "onnxruntime", "openvino"]
RUNTIMES: tuple[RuntimeName, ...] = get_args(RuntimeName)
Pipeline = Literal["every", "fewest", "none"]
PIPELINES: dict[Pipeline, tuple[tuple[Pass, ...], ...]] = {
    "every": EVERY,
    "fewest": FEWEST,
    "none": (),
}

# Sizes of slices that are tried by measurement, beside the smallest.
MOST_SIZES = 2

# What the runtimes compute in. Anything else is torch's.
FOREIGN_DTYPES: dict[Foreign, tuple[torch.dtype, ...]] = {
    "onnxruntime": (torch.float32,),
    "openvino": (torch.float32, torch.bfloat16),
}


class Setting(NamedTuple):
    """What a network is to run with: device, floating-point type, samples in a batch, threads."""

    device: torch.device
    dtype: torch.dtype
    batch_size: int
    threads: int


class Recipe(NamedTuple):
    """One way to run a network.

    Attributes:
        runtime: whose kernels.
        slice_size: how many samples each thread takes at a time through the whole network; 0 where threads share each
            step instead.
        pipeline: the passes that the graph goes through: `every` one, the same and siblings merged whose result must be
            split (`fewest` operators), or `none`.
        compiled: torch.compile writes kernels for the graph, on a GPU; it takes from seconds to minutes.
    """

    runtime: RuntimeName
    slice_size: int = 0
    pipeline: Pipeline = "every"
    compiled: bool = False

    def __str__(self) -> str:
        sliced = [f"slices-of-{self.slice_size}"] if self.slice_size else []
        return " ".join([self.runtime, *sliced, self.pipeline, *["compiled"] * self.compiled])


def check_runtime(runtime: str, device: torch.device, dtype: torch.dtype) -> None:
    """Make sure that a runtime that was asked for by name is there and can do what is asked.

    Raises:
        ValueError: for a name that is none, and for a device or type that the runtime has not.
        MissingRuntimeError: if it is not installed.
    """
    if runtime != "auto" and runtime not in RUNTIMES:
        raise ValueError(f"runtime is 'auto', {', '.join(map(repr, RUNTIMES))}, not {runtime!r}")
    if runtime not in FOREIGN:
        return
    require(runtime)
    if device.type != "cpu":
        raise ValueError(f"{runtime} runs on the CPU here, not on {device}; take runtime='torch'")
    known = FOREIGN_DTYPES[runtime]
    if dtype not in known:
        names = " and ".join(dtype_name(each) for each in known)
        raise ValueError(f"{runtime} computes in {names} here, not in {dtype_name(dtype)}; take runtime='torch'")


def dtype_name(dtype: torch.dtype) -> str:
    """`float32`."""
    return str(dtype).removeprefix("torch.")


def chosen(setting: Setting, runtime: str, graph: Graph) -> Recipe:
    """The recipe that the measurements in docs/benchmarks/inference.md speak for.

    torch where Winograd's filtering saves enough, or nothing else is installed or can do it; else OpenVINO where there
    are grouped convolutions (unless wider than 3x3, and without joins of channels), or normalisations that no
    convolution can take in; else ONNX Runtime. There threads take slices of a batch instead of sharing each step where
    `best_slice` says so.

    Args:
        setting: what it is to run with.
        runtime: `auto`, or the one runtime to take.
        graph: the network as written.
    """
    names = _runtimes(setting, runtime)
    first: RuntimeName = "openvino" if _suits_openvino(graph) else "onnxruntime"
    if setting.dtype is torch.float32 and beats_other_runtimes(graph, setting.batch_size):
        first = "torch"
    name = first if first in names else names[0]
    size = best_slice(graph, slice_sizes(setting.batch_size, setting.threads)) if name in FOREIGN else 0
    return Recipe(name, size)


def _suits_openvino(graph: Graph) -> bool:
    grouped = [node for node in graph.nodes if node.op.name == "conv2d" and cast(Conv2d, node.op).groups > 1]
    widest = max((max(cast(Conv2d, node.op).window(node.operand_types[0]).kernel) for node in grouped), default=0)
    if grouped and (widest <= 3 or any(node.op.name == "concat" for node in graph.nodes)):
        return True
    norms = [node.operands[0].producer for node in graph.nodes if node.op.name == "batch_norm2d"]
    return any(before is None or not before.op.name.startswith("conv") for before in norms)


def candidates(setting: Setting, runtime: str) -> Iterator[Recipe]:
    """Recipes that can run here, each with all pipelines."""
    for name in _runtimes(setting, runtime):
        sizes = slice_sizes(setting.batch_size, setting.threads) if name in FOREIGN else ()
        for size in dict.fromkeys([*sizes[:MOST_SIZES], *sizes[-1:], 0]):
            for pipeline in PIPELINES:
                yield Recipe(name, size, pipeline)
    if setting.device.type == "cuda":
        yield Recipe("torch", compiled=True)


def _runtimes(setting: Setting, runtime: str) -> list[RuntimeName]:
    if runtime != "auto":
        return [cast(RuntimeName, runtime)]
    if setting.device.type != "cpu":
        return ["torch"]
    found: list[RuntimeName] = [
        each for each in FOREIGN if setting.dtype in FOREIGN_DTYPES[each] and is_installed(each)
    ]
    return [*found, "torch"]
