"""How much memory a network takes, in inference and in training, and the largest batch that fits into a given one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from archdsl.analysis.backward import Moment, training_step
from archdsl.analysis.figures import INTEGER_BYTES
from archdsl.analysis.liveness import peak
from archdsl.analysis.options import CostOptions
from archdsl.ir.graph import Graph
from archdsl.ops.base import WeightSpec

Optimizer = Literal["sgd", "momentum", "adam", "adamw", "rmsprop"]
OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)


class _State(NamedTuple):
    """Numbers that an optimizer keeps for each parameter, and copies of one parameter that it makes while it works."""

    kept: int
    transient: int


_STATES: dict[Optimizer, _State] = {
    "sgd": _State(0, 0),
    "momentum": _State(1, 0),
    "adam": _State(2, 2),
    "adamw": _State(2, 2),
    "rmsprop": _State(1, 1),
}


@dataclass(frozen=True)
class MemoryReport:
    """Memory in bytes, of tensors; what a device's libraries and allocator need besides isn't counted.

    Attributes:
        name: the network's name.
        batch_size: samples in the batch.
        training: whether for a training step or for inference.
        optimizer: in training; else empty.
        weights: parameters and buffers.
        gradients: of all parameters, after the backward pass.
        optimizer_state: what the optimizer keeps.
        saved: activations alive between forward and backward pass; 0 in inference.
        activations: activations and their gradients at the peak.
        peak: the most that is alive at one time, all of it together.
        moments: candidates for the peak: bytes for each sample, and of gradients of parameters.
        options: in what numbers are stored.
    """

    name: str
    batch_size: int
    training: bool
    optimizer: str
    weights: int
    gradients: int
    optimizer_state: int
    saved: int
    activations: int
    peak: int
    moments: tuple[Moment, ...]
    options: CostOptions = field(default_factory=CostOptions)

    def largest_batch(self, memory: int) -> int:
        """The most samples with which the peak is at most `memory` bytes; 0 if not even one fits."""
        rest = memory - self.weights - self.optimizer_state
        if any(rest < moment.gradients for moment in self.moments):
            return 0
        return min((rest - m.gradients) // m.sample for m in self.moments if m.sample)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        found = asdict(self)
        del found["moments"]
        return found


def memory_report(
    graph: Graph,
    batch_size: int = 1,
    training: bool = False,
    optimizer: Optimizer = "sgd",
    options: CostOptions | None = None,
) -> MemoryReport:
    """The memory of a network.

    Args:
        graph: the network, in the form that is meant.
        batch_size: samples in the batch, at least 1.
        training: a whole step with this optimizer; else inference, where nothing is kept for a backward pass.
        optimizer: `momentum` is SGD with momentum.
        options: in what numbers are stored; merged layers are for inference.

    Raises:
        ValueError: for an unknown optimizer, a batch without samples, or layers merged in training.
    """
    options = options or CostOptions()
    options.require_inference(training)
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"the optimizer is one of {', '.join(OPTIMIZERS)}, not {optimizer!r}")
    weights = sum(_bytes(spec, options) for _, spec in graph.weights())
    if training:
        return _training(graph, batch_size, optimizer, options, weights)
    moment = Moment(_inference_peak(graph, options), 0)
    taken = moment.sample * batch_size
    return MemoryReport(graph.name, batch_size, False, "", weights, 0, 0, 0, taken, weights + taken, (moment,), options)


def _inference_peak(graph: Graph, options: CostOptions) -> int:
    if not options.merges:
        return peak(graph, options.float_bytes).bytes
    from archdsl.analysis.costing import cost_report

    return cost_report(graph, 1, options).peak_activation_bytes


def _training(graph: Graph, batch_size: int, optimizer: Optimizer, options: CostOptions, weights: int) -> MemoryReport:
    step = training_step(graph, options.float_bytes)
    parameters = [_bytes(spec, options) for _, spec in graph.weights() if spec.kind == "parameter"]
    state = _STATES[optimizer]
    kept = state.kept * sum(parameters) + (4 * len(parameters) if optimizer.startswith("adam") else 0)
    gradients = max(m.gradients for m in step.moments)
    # While the optimizer works, all gradients are there, the inputs and the outputs.
    ends = sum(v.type.elements for v in {*graph.inputs.values(), *graph.outputs.values()}) * options.float_bytes
    working = Moment(ends, gradients + state.transient * max(parameters, default=0))
    moments = (*step.moments, working)
    highest = max(moments, key=lambda m: m.sample * batch_size + m.gradients)
    total = weights + kept + highest.sample * batch_size + highest.gradients
    return MemoryReport(
        name=graph.name,
        batch_size=batch_size,
        training=True,
        optimizer=optimizer,
        weights=weights,
        gradients=sum(parameters),
        optimizer_state=kept,
        saved=step.saved * batch_size,
        activations=highest.sample * batch_size,
        peak=total,
        moments=moments,
        options=options,
    )


def _bytes(spec: WeightSpec, options: CostOptions) -> int:
    count = 1
    for size in spec.shape:
        count *= size
    return count * (INTEGER_BYTES if spec.dtype == "int64" else options.float_bytes)
