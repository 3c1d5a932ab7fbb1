"""Budgets that a network passes."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

BUDGETS: dict[str, Code] = {
    "E1201": Code(
        "a budget is exceeded",
        "`archdsl lint --max mult_adds=300M`, or `max` in its configuration, sets the most that a network may take. "
        "The network is valid; it takes more. The quantities are those of `archdsl cost`, for a batch of 1: params, "
        "mult_adds, flops, memory_access, peak_activation, and the last two in bytes.\n\n"
        "The finding names the steps that take most. A budget cannot be allowed in the file: whoever sets it changes "
        "it.",
    ),
}
