"""What the user is told: findings with places and stable codes, their renderers and explanations."""

from __future__ import annotations


def explain(code: str) -> str:
    """What a code means, why it is refused and how to mend it, as plain text. Raises `KeyError` for unknown codes."""
    # The texts are read only by those who ask for them.
    from archdsl.diagnostics.render.reference import explanation

    return explanation(code)
