"""Beside `cost`: memory, the numbers of other tools, formulas, and the size that fits a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.diagnostics.suggest import nearest
from archdsl.pipeline.architecture import Architecture

if TYPE_CHECKING:
    from archdsl.analysis.compat import CompatCount, Tool
    from archdsl.analysis.compat.calls import Form
    from archdsl.analysis.formulas import Formulas, Totals
    from archdsl.analysis.memory import MemoryReport, Optimizer
    from archdsl.analysis.options import CostOptions


def memory(
    architecture: Architecture,
    batch_size: int = 1,
    training: bool = False,
    optimizer: Optimizer = "sgd",
    *,
    options: CostOptions | None = None,
) -> MemoryReport:
    """Bytes that a network takes, in inference or in a training step; exact for the tensors, without torch.

    Args:
        architecture: what `archdsl.load` gives.
        batch_size: samples in the batch.
        training: weights, gradients, the optimizer's state, what is kept for the backward pass, and the gradients of
            activations; else weights and activations of inference.
        optimizer: `sgd`, `momentum`, `adam`, `adamw` or `rmsprop`.
        options: in what numbers are stored.

    Raises:
        ValueError: for an unknown optimizer, or layers merged in training.
    """
    from archdsl.analysis.memory import memory_report

    return memory_report(architecture.graph(training), batch_size, training, optimizer, options)


def compat_cost(architecture: Architecture, tool: Tool, form: Form = "modules") -> CompatCount:
    """The number that another cost counter prints for the inference form, with one sample.

    Args:
        architecture: what `archdsl.load` gives.
        tool: `fvcore`, `ptflops`, `ptflops-aten`, `thop`, `torchinfo` or `flopcounter`.
        form: `modules` if layers are modules of torch.nn wherever there is one, as most implementations are written;
            `compiled` for the module of `archdsl.compile`.

    Raises:
        ValueError: for an unknown tool or form.
    """
    from archdsl.analysis.compat import compat_count

    return compat_count(architecture.graph(), tool, form)


def cost_formulas(architecture: Architecture, training: bool = False) -> Formulas:
    """Parameters, multiply-adds and memory access as formulas in batch, height, width and whole-numbered parameters.

    The network is built at many sizes; large ones take a while.
    """
    from archdsl.analysis.formulas import find_formulas

    variation = _Variation(architecture, training)
    found = find_formulas(variation.start, variation, variation.sizes)
    return replace(found, without={**variation.without, **found.without})


_SETS_SIZE = "it sets the size of the input"


class _Variation:
    """The network with other sizes of its images, and other values of root parameters.

    Attributes:
        start: the variables and their values.
        sizes: the variables for height and width; a parameter with such a name takes it, and the size is then called
            `input_width`.
        without: parameters that aren't varied, and why.
    """

    def __init__(self, architecture: Architecture, training: bool):
        self.architecture = architecture
        self.training = training
        self.without: dict[str, str] = {}
        inputs = {name: value.type.shape for name, value in architecture.graph(training).inputs.items()}
        images = {name: shape for name, shape in inputs.items() if len(shape) == 3}
        # Inputs of several sizes would need a variable each.
        self.images = images if len({shape[1:] for shape in images.values()}) == 1 else {}
        varied = {n: v for n, v in architecture.params.items() if isinstance(v, int) and self._varies(n, v)}
        listed = (n for n in architecture.params if n not in varied and n not in self.without)
        self.without.update({n: f"its value is no whole number: {architecture.params[n]}" for n in listed})
        taken = {name for name, why in self.without.items() if why != _SETS_SIZE} | set(varied)
        self.sizes = [f"input_{name}" if name in taken else name for name in ("height", "width")] if self.images else []
        self.start = self._sizes() | varied

    def _sizes(self) -> dict[str, int]:
        own = next(iter(self.images.values()))[1:] if self.images else ()
        return dict(zip(self.sizes, own, strict=True))

    def _varies(self, name: str, value: int) -> bool:
        if isinstance(value, bool):
            self.without[name] = "it is true or false"
        elif value < 1:
            self.without[name] = "its value is not positive"
        elif self.images and self._sets_size(name, value):
            self.without[name] = _SETS_SIZE
        return name not in self.without

    def _sets_size(self, name: str, value: int) -> bool:
        for other in (value + 1, value + 32):
            try:
                graph = self.architecture.with_settings({name: other}, {}).graph(self.training)
            except ArchdslError:
                continue
            return any(graph.inputs[image].type.shape[1:] != shape[1:] for image, shape in self.images.items())
        return False

    def __call__(self, values: Mapping[str, int]) -> Totals | None:
        from archdsl.analysis.formulas import totals

        try:
            return totals(self._built(values).graph(self.training))
        except ArchdslError:
            return None

    def _built(self, values: Mapping[str, int]) -> Architecture:
        params = {name: value for name, value in values.items() if name not in self.sizes}
        plain = self.architecture.with_settings(params, {}) if params else self.architecture
        if not set(values) & set(self.sizes):
            return plain
        graph = plain.graph(self.training)
        shapes = {}
        for image in self.images:
            channels, *own = graph.inputs[image].type.shape
            sizes = (values.get(size, unchanged) for size, unchanged in zip(self.sizes, own, strict=True))
            shapes[image] = (channels, *sizes)
        return self.architecture.with_settings(params, shapes)


class Fit(NamedTuple):
    """The largest value of a parameter within budgets.

    Attributes:
        parameter: its name.
        value: the value; None if even the smallest is too large.
        architecture: the network with it; None without a value.
        figures: what the budgets are about, with this value; without one, with the smallest value that was tried.
        next_value, next_figures: the next larger value that gives a network, and its figures; None and empty if no
            larger one was found.
        monotone: whether no figure fell while the value grew; else a larger value that fits may have been missed.
        counted: networks that were counted on the way.
    """

    parameter: str
    value: int | float | None
    architecture: Architecture | None
    figures: dict[str, int]
    next_value: int | float | None
    next_figures: dict[str, int]
    monotone: bool
    counted: int


def fit(
    architecture: Architecture,
    parameter: str,
    budgets: Mapping[str, int],
    *,
    step: int | float | None = None,
    batch_size: int = 1,
    training: bool = False,
    options: CostOptions | None = None,
) -> Fit:
    """The largest value of a root parameter with which the network stays within all budgets.

    Args:
        architecture: what `archdsl.load` gives.
        parameter: a root parameter that is a number.
        budgets: the most of each quantity, by attribute of `CostReport`: `{"mult_adds": 300_000_000}`.
        step: values are its multiples; by default 1, and 0.01 where the parameter is no whole number.
        batch_size, training, options: how the network is counted, as of `cost`.

    Raises:
        ValueError: for a parameter that is no number, an unknown quantity, no budget, or a step that isn't positive.
    """
    from archdsl.analysis.fitting import fit_budget
    from archdsl.pipeline.building import cost

    own = _number(architecture, parameter)
    _check_budgets(budgets)
    exact = Fraction(str(step)) if step is not None else Fraction(1) if isinstance(own, int) else Fraction(1, 100)
    if exact <= 0 or (isinstance(own, int) and exact.denominator != 1):
        kind = "a positive whole number" if isinstance(own, int) else "positive"
        raise ValueError(f"the step of `{parameter}` is {kind}, not {step}")

    def value(k: int) -> int | float:
        return int(k * exact) if isinstance(own, int) else float(k * exact)

    def evaluate(k: int) -> dict[str, int] | None:
        try:
            changed = architecture.with_settings({parameter: value(k)}, {})
        except ArchdslError:
            return None
        report = cost(changed, batch_size, training, options=options)
        return {name: getattr(report, name) for name in budgets}

    found = fit_budget(round(Fraction(str(own)) / exact), evaluate, budgets)
    best = None if found.largest is None else value(found.largest)
    return Fit(
        parameter=parameter,
        value=best,
        architecture=None if best is None else architecture.with_settings({parameter: best}, {}),
        figures=dict(found.figures or found.beyond_figures),
        next_value=None if found.beyond is None else value(found.beyond),
        next_figures=dict(found.beyond_figures),
        monotone=found.monotone,
        counted=found.counted,
    )


def _number(architecture: Architecture, parameter: str) -> int | float:
    if parameter not in architecture.params:
        close = nearest(parameter, list(architecture.params))
        known = f"did you mean `{close}`?" if close else f"known: {', '.join(architecture.params) or 'none'}"
        raise ValueError(f"{architecture.name} has no parameter `{parameter}`; {known}")
    own = architecture.params[parameter]
    if isinstance(own, bool) or not isinstance(own, int | float):
        raise ValueError(f"`{parameter}` is {own}, and no number")
    return own


def _check_budgets(budgets: Mapping[str, int]) -> None:
    from archdsl.analysis.lints.budgets import QUANTITIES

    if not budgets:
        raise ValueError("at least one budget is needed")
    for name in budgets:
        if name not in QUANTITIES:
            close = nearest(name, list(QUANTITIES))
            hint = f"did you mean `{close}`?" if close else f"known: {', '.join(QUANTITIES)}"
            raise ValueError(f"there is no budget for `{name}`; {hint}")
