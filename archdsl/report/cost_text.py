"""Memory, formulas, fitted parameters and other tools' counts as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.report.units import human, human_bytes

if TYPE_CHECKING:
    from archdsl.analysis.compat import CompatCount
    from archdsl.analysis.formulas import Formulas
    from archdsl.analysis.memory import MemoryReport


def memory_text(report: MemoryReport, memory: int | None = None) -> str:
    """Every part in bytes; with `memory`, the largest batch that fits into it."""
    parts = {"weights": report.weights}
    if report.training:
        parts |= {"gradients": report.gradients, f"{report.optimizer} state": report.optimizer_state}
        parts |= {"kept for backward": report.saved}
    parts |= {"activations at peak": report.activations, "peak": report.peak}
    purpose = f"training with {report.optimizer}" if report.training else "inference"
    lines = [f"{report.name}, batch of {report.batch_size}, {purpose}, {report.options.dtype}", ""]
    lines += [f"{name:<21}  {human_bytes(number):>10}  {number:>20,}" for name, number in parts.items()]
    if memory is not None:
        lines += ["", fitting_text(report, memory)]
    return "\n".join(lines)


def fitting_text(report: MemoryReport, memory: int) -> str:
    """Which batch fits into this many bytes."""
    batch = report.largest_batch(memory)
    if not batch:
        return f"no batch fits into {human_bytes(memory)}"
    return f"the largest batch that fits into {human_bytes(memory)} has {batch:,} samples"


def compat_text(found: CompatCount) -> str:
    """The number, and what it is made of."""
    lines = [f"{found.tool}: {found.number:,} ({human(found.number)}) {found.unit}, for one sample", ""]
    order = sorted(found.by_operator.items(), key=lambda item: -item[1])
    lines += [f"{name:<24}  {number:>20,}" for name, number in order]
    return "\n".join(lines)


def formulas_text(name: str, found: Formulas) -> str:
    """The formulas, where they hold, and what they leave out."""
    lines = [name, ""]
    for label in ("params", "mult_adds", "memory_access"):
        formula = getattr(found, label)
        lines.append(f"{label:<13} = {formula if formula is not None else 'no formula found'}")
    conditions = [v.condition for v in found.variables if v.condition]
    lines += ["", f"holds where {' and '.join(conditions)}"] if conditions else [""]
    ranges = ", ".join(f"{v.name} {v.least} to {v.most}" for v in found.variables)
    lines.append(f"exact at all {found.points} networks that were counted" + (f": {ranges}" if ranges else ""))
    if found.unused:
        lines.append(f"independent of {', '.join(found.unused)}")
    lines += [f"no formula in {name}: {why}" for name, why in found.without.items()]
    return "\n".join(lines)
