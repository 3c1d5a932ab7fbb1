"""How long something takes, whatever else the machine and this process have to do."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import TypeVar

Made = TypeVar("Made")


def within(seconds: float, action: Callable[[], Made], tries: int = 3) -> Made:
    """What the action gives; fails if it takes longer in each of some tries.

    Processor time: other processes don't count. Several tries: Python may happen to look through the garbage of all
    tests before.
    """
    took = []
    for _ in range(tries):
        started = process_time()
        made = action()
        took.append(process_time() - started)
        if took[-1] < seconds:
            return made
    raise AssertionError(f"took {min(took):.2f} s of processor time, more than {seconds} s")
