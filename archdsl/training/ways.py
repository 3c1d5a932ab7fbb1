"""Ways to carry out a step: layout, number format, compiled regions, CUDA graphs; and which of them to take.

What the rules know from benchmarks/training: on a CPU channels last is faster on convolutional networks, and bfloat16
only now and then, so that it takes a measurement. Compiling a region takes seconds to minutes and pays in long runs
only. What they say of GPUs is what is generally advised; nothing has been measured there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from archdsl.training.settings import TrainingSettings

# A way that is more trouble must be faster by this factor.
WORTH = 0.97
# Compiling is tried where the rest of the run takes longer than this, in seconds.
LONG_RUN = 600.0


@dataclass(frozen=True)
class Way:
    """How steps are carried out.

    Attributes:
        channels_last: images and weights of convolutions lie in memory with their channels last.
        bfloat16: forward passes compute with autocast in bfloat16.
        compiled: cells are compiled by torch.compile, equal ones once.
        graphed: forward and backward pass are recorded as CUDA graphs.
    """

    channels_last: bool = False
    bfloat16: bool = False
    compiled: bool = False
    graphed: bool = False

    def __str__(self) -> str:
        named = (
            ("channels last", self.channels_last), ("bfloat16", self.bfloat16), ("compiled cells", self.compiled),
            ("CUDA graphs", self.graphed),
        )  # fmt: skip
        return ", ".join(name for name, taken in named if taken) or "plain"


def way_by_rule(settings: TrainingSettings, device: torch.device) -> Way:
    """The way that needs no measurement: the same for equal settings on one kind of device."""
    half = settings.precision == "bfloat16" or (settings.precision == "auto" and device.type == "cuda")
    if settings.speed == "plain":
        return Way(bfloat16=half)
    return Way(channels_last=True, bfloat16=half, compiled=settings.speed == "compile")


def candidates(settings: TrainingSettings, device: torch.device) -> list[Way]:
    """The ways that `measure` tries, the least trouble first; compiling is not among them."""
    formats = [False, True] if settings.precision == "auto" else [settings.precision == "bfloat16"]
    found = [Way(last, half) for half in formats for last in (False, True)]
    if device.type == "cuda":
        found += [Way(True, half, graphed=True) for half in formats]
    return found


def fastest(ways: Sequence[Way], seconds: Callable[[Way], float]) -> tuple[Way, float]:
    """The way whose step takes the least time; one that is more trouble must be clearly faster."""
    best, least = ways[0], seconds(ways[0])
    for way in ways[1:]:
        taken = seconds(way)
        if taken < WORTH * least:
            best, least = way, taken
    return best, least


def regions(module: nn.Module) -> list[nn.Module]:
    """What is compiled: the outermost cells that are there more than once, and those around no such cell.

    Cells of one class have one `forward`, so that torch.compile serves all that are called with equal shapes by one
    compilation. A network without cells is one region.
    """
    counts = Counter(type(each) for each in module.modules() if _is_cell(each))
    repeated = {kind for kind, count in counts.items() if count > 1}
    return list(_regions(module, repeated)) or [module]


def _regions(module: nn.Module, repeated: set[type[nn.Module]]) -> Iterator[nn.Module]:
    for child in module.children():
        inside = any(type(each) in repeated for each in child.modules() if each is not child)
        if _is_cell(child) and (type(child) in repeated or not inside):
            yield child
        else:
            yield from _regions(child, repeated)


def _is_cell(module: nn.Module) -> bool:
    """Whether it is neither one of torch's modules nor a mere name for several of them."""
    return not type(module).__module__.startswith("torch.") and "forward" in vars(type(module))
