"""The peaks of a device, measured: large matrix products, and copies that no cache holds."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import NamedTuple

import torch

ROUNDS = 7
# Matrices of 16 MB and copies of 256 MB: far beyond the caches of one processor.
_SIDE = 2048
_ELEMENTS = 2**26


class Peaks(NamedTuple):
    """Floating-point operations a second (a multiply-add is two), bytes a second read and written."""

    flops: float
    bandwidth: float


def measured_peaks(place: torch.device) -> Peaks:
    """Measure both in float32, the median of several runs."""
    with torch.inference_mode():
        one, other = torch.randn(_SIDE, _SIDE, device=place), torch.randn(_SIDE, _SIDE, device=place)
        product = torch.empty_like(one)
        flops = 2 * _SIDE**3 / _seconds(lambda: torch.mm(one, other, out=product), place)
        source = torch.ones(_ELEMENTS, device=place)
        target = torch.empty_like(source)
        return Peaks(flops, 2 * 4 * _ELEMENTS / _seconds(lambda: target.copy_(source), place))


def _seconds(run: Callable[[], object], place: torch.device) -> float:
    times = []
    for _ in range(ROUNDS + 2):
        started = perf_counter()
        run()
        if place.type == "cuda":
            torch.cuda.synchronize(place)
        times.append(perf_counter() - started)
    return median(times[2:])
