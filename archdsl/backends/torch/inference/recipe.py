"""How a network can be run: runtime, passes, how threads share the work. And the rule of `auto`."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Literal, NamedTuple, cast, get_args

import torch

from archdsl.backends.runtimes.session import FOREIGN, Foreign, is_installed, require
from archdsl.backends.torch.inference.planned.choices import beats_other_runtimes
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
        split: threads take samples of their own instead of sharing each step.
        pipeline: the passes that the graph goes through: `every` one, the same and siblings merged whose result must be
            split (`fewest` operators), or `none`.
        compiled: torch.compile writes kernels for the graph, on a GPU; it takes from seconds to minutes.
    """

    runtime: RuntimeName
    split: bool = False
    pipeline: Pipeline = "every"
    compiled: bool = False

    def __str__(self) -> str:
        split, compiled = ["split"] * self.split, ["compiled"] * self.compiled
        return " ".join([self.runtime, *split, self.pipeline, *compiled])


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
    convolution can take in; else ONNX Runtime. Threads take samples of their own where a network's weights, which each
    of them then reads, are fewer than what its convolutions write.

    Args:
        setting: what it is to run with.
        runtime: `auto`, or the one runtime to take.
        graph: the network as written.
    """
    found = list(candidates(setting, runtime))
    first: RuntimeName = "openvino" if _suits_openvino(graph) else "onnxruntime"
    if found[0].runtime != "torch" and setting.dtype is torch.float32:
        first = "torch" if beats_other_runtimes(graph, setting.batch_size) else first
    splits = _has_few_weights(graph)
    return min(found, key=lambda recipe: (recipe.runtime != first, recipe.split != splits))


def _has_few_weights(graph: Graph) -> bool:
    weights = {(node.path, spec.name): prod(spec.shape) for node in graph.nodes for spec in node.weights}
    written = sum(node.output_types[0].elements for node in graph.nodes if isinstance(node.op, Conv2d))
    return sum(weights.values()) <= written


def _suits_openvino(graph: Graph) -> bool:
    grouped = [node for node in graph.nodes if node.op.name == "conv2d" and cast(Conv2d, node.op).groups > 1]
    widest = max((max(cast(Conv2d, node.op).window(node.operand_types[0]).kernel) for node in grouped), default=0)
    if grouped and (widest <= 3 or any(node.op.name == "concat" for node in graph.nodes)):
        return True
    norms = [node.operands[0].producer for node in graph.nodes if node.op.name == "batch_norm2d"]
    return any(before is None or not before.op.name.startswith("conv") for before in norms)


def candidates(setting: Setting, runtime: str, pipelines: bool = False) -> Iterator[Recipe]:
    """Recipes that can run here, the most promising first; with `pipelines` each with all pipelines."""
    for name in _runtimes(setting, runtime):
        foreign = name in FOREIGN
        for split in dict.fromkeys([foreign and setting.batch_size > 1 and setting.threads > 1, False]):
            for each in PIPELINES if pipelines else ("every",):
                yield Recipe(name, split, cast(Pipeline, each))
    if pipelines and setting.device.type == "cuda":
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
