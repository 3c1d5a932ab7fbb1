"""From an architecture to its targets: modules, cost, source, ONNX models and exported programs."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.ir.graph import Graph
from archdsl.pipeline.architecture import Architecture

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from archdsl.analysis.options import CostOptions
    from archdsl.analysis.report import CostReport

    Weights = Mapping[str, Tensor] | nn.Module | str | PathLike[str]

Mode = Literal["train", "inference"]
Optimize = Literal[True, False, "measure"]
Runtime = Literal["auto", "torch", "onnxruntime", "openvino"]


def compile_architecture(
    architecture: Architecture,
    mode: Mode = "train",
    weights: Weights | None = None,
    *,
    dynamic: bool = False,
    device: torch.device | str | None = None,
    dtype: torch.dtype | str | None = None,
    optimize: Optimize = True,
    runtime: Runtime = "auto",
    batch_size: int = 1,
) -> nn.Module:
    """Build the network as a PyTorch module.

    Args:
        architecture: what `archdsl.load` gives.
        mode: `train` for a module with the auxiliary parts of training, which `module.training` turns on and off;
            `inference` for the inference form alone, in eval mode.
        weights: a state dict, a module, or a .safetensors file; without, the operators' initialisation.
        dynamic: accept other heights and widths than the spec's. N is always free. Such modules are not optimized.
        device: where the weights are to be; by default where torch puts new ones.
        dtype: floating-point type of weights and values, `torch.bfloat16` or `"bfloat16"`; by default float32.
        optimize: for inference: whether the graph is optimized and run by the fastest kernels that the rules know;
            `"measure"` tries what there is on this device and keeps the fastest. False gives the plain module.
        runtime: for inference: whose kernels run the optimized graph; `auto` decides by rules.
        batch_size: for inference: the number of samples to be ready for. Other numbers work, and take as long to get
            ready in their first call.

    Returns:
        A module whose tree mirrors the cells. `forward` takes the inputs in order ([N, ...] each) and returns a tensor
        for one output, else a dict by output name, in the order of the file. An optimized one is an
        `InferenceNetwork`: same tree and `state_dict`, and outputs that are equal up to rounding.

    Raises:
        ArchdslError: E1001 if the weights don't fit; E1002 if `dynamic` is asked of a network that fixes its size.
        ValueError: for an unknown runtime or type, or one that the runtime can't compute in on this device.
        MissingRuntimeError: for a runtime that is not installed.
    """
    from archdsl.backends.torch import build_module
    from archdsl.backends.torch.placement import placed
    from archdsl.pipeline.inference import optimized_module
    from archdsl.pipeline.weights import fill

    _check_architecture(architecture)
    _check_mode(mode)
    if dynamic:
        check_dynamic(architecture)
    if optimize not in (True, False, "measure"):
        raise ValueError(f"optimize is True, 'measure' or False, not {optimize!r}")
    train = mode == "train"
    optimized = optimize is not False and not train and not dynamic
    if runtime != "auto" and not optimized:
        raise ValueError(f"runtime={runtime!r} is for inference with optimize=True and without dynamic")
    if optimized:
        return optimized_module(architecture, weights, device, dtype, optimize == "measure", runtime, batch_size)
    training_graph = architecture.graph(training=True) if train and architecture.has_training_form else None
    module = build_module(architecture.graph(), training_graph, dynamic_size=dynamic)
    if weights is not None:
        fill(module, weights, architecture.graph(training=True), architecture.name)
    module = placed(module, device, dtype)
    return module if train else module.eval()


def cost(
    architecture: Architecture, batch_size: int = 1, training: bool = False, *, options: CostOptions | None = None
) -> CostReport:
    """Count parameters, arithmetic and memory of one forward pass; exact, without torch.

    Args:
        architecture: what `archdsl.load` gives.
        batch_size: samples in the batch.
        training: count the training form, with its auxiliary parts.
        options: which layers are merged, and in what numbers are stored; by default none, and float32.

    Raises:
        ValueError: if layers are to be merged in the training form.
    """
    from archdsl.analysis.costing import cost_report
    from archdsl.analysis.options import CostOptions

    _check_architecture(architecture)
    options = options or CostOptions()
    options.require_inference(training)
    return cost_report(architecture.graph(training), batch_size, options)


def to_source(architecture: Architecture, mode: Mode = "train", *, dynamic: bool = False) -> str:
    """The network as one Python file that needs nothing but torch.

    It has the same `state_dict` keys as the compiled module of this mode, and gives outputs that are bit-equal to those
    of the module without optimization.
    """
    from archdsl.backends.torch import to_source as source

    _check_architecture(architecture)
    _check_mode(mode)
    if dynamic:
        check_dynamic(architecture)
    both = mode == "train" and architecture.has_training_form
    return source(
        architecture.graph(),
        architecture.graph(training=True) if both else None,
        spec_hash=architecture.hash,
        dynamic_size=dynamic,
    )


def export_onnx(
    architecture: Architecture,
    path: str | PathLike[str],
    weights: Weights | None = None,
    *,
    dynamic: bool = False,
) -> None:
    """Write the inference form as an ONNX model (opset 18, N free), whole or not at all.

    Args:
        architecture: what `archdsl.load` gives.
        path: the file to write.
        weights: as of `compile`; without, freshly initialised ones.
        dynamic: leave height and width free, too.

    Raises:
        ArchdslError: E1001, E1002 as of `compile`.
        OSError: if the file can't be written.
    """
    from archdsl.backends.onnx import save, to_model

    module = compile_architecture(architecture, "inference", weights, dynamic=dynamic, optimize=False)
    state = {key: tensor.detach().cpu().numpy() for key, tensor in module.state_dict().items()}
    model = to_model(
        architecture.graph(), state, name=architecture.name, spec_hash=architecture.hash, dynamic_size=dynamic
    )
    save(model, path)


def export_program(
    architecture: Architecture,
    path: str | PathLike[str],
    weights: Weights | None = None,
    *,
    dynamic: bool = False,
    dtype: torch.dtype | str | None = None,
) -> None:
    """Write the inference form as a `torch.export` program (.pt2, N free), whole or not at all.

    Arguments as above; weights, inputs and values of the program are of `dtype`, by default float32.
    """
    from archdsl.backends.torch import export_program as export
    from archdsl.backends.torch.exporting import save_program
    from archdsl.pipeline.files import replacing

    module = compile_architecture(architecture, "inference", weights, dynamic=dynamic, dtype=dtype, optimize=False)
    program = export(module, architecture.graph(), dynamic_size=dynamic)
    with replacing(path) as temporary:
        save_program(program, temporary)


def _check_architecture(architecture: Architecture) -> None:
    if not isinstance(architecture, Architecture):
        kind = type(architecture).__name__
        raise TypeError(f"an Architecture is needed, as archdsl.load gives it, not a {kind}")


def _check_mode(mode: str) -> None:
    if mode not in ("train", "inference"):
        raise ValueError(f"mode is 'train' or 'inference', not {mode!r}")


def check_dynamic(architecture: Architecture) -> None:
    """Make sure that height and width may differ from the spec's: no attribute and no weight depends on them.

    The network is built once more for a larger input; what differs besides shapes is named.

    Raises:
        ArchdslError: E1002 naming the first step that fixes the size.
    """
    larger = architecture.with_settings({}, _larger_images(architecture.graph()))
    for form in (False, True):
        culprit = _first_difference(architecture.graph(form), larger.graph(form))
        if culprit is not None:
            path, span = culprit
            message = f"{architecture.name} cannot take other sizes: `{path}` is made for this one"
            raise ArchdslError(Diagnostic("E1002", message, span, "leave --dynamic out"))


def _larger_images(graph: Graph) -> dict[str, tuple[int, ...]]:
    """Shapes with 64 more rows and columns for the inputs that are images [C, H, W]."""
    shapes = {name: value.type.shape for name, value in graph.inputs.items() if value.type.rank == 3}
    return {name: (channels, height + 64, width + 64) for name, (channels, height, width) in shapes.items()}


def _first_difference(one: Graph, other: Graph) -> tuple[str, Any] | None:
    for a, b in zip(one.nodes, other.nodes, strict=False):
        fixed = a.op.canonical_attributes(a.operand_types) != b.op.canonical_attributes(b.operand_types)
        if a.op is not b.op or fixed or a.weights != b.weights:
            return a.path, a.span
    if len(one.nodes) != len(other.nodes):
        longer = max(one.nodes, other.nodes, key=len)
        return longer[min(len(one.nodes), len(other.nodes))].path, None
    return None
