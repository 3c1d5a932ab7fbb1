"""Findings as JSON. Version 1 of this form only grows: keys are added, never removed or given another meaning."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic, Severity

VERSION = 1


def to_json(diagnostics: Sequence[Diagnostic]) -> str:
    """One object with `version`, `summary` and the list `diagnostics`; see docs/reference/diagnostics/formats.md."""
    errors = sum(found.severity is Severity.ERROR for found in diagnostics)
    document = {
        "version": VERSION,
        "summary": {"errors": errors, "warnings": len(diagnostics) - errors},
        "diagnostics": [_plain(found) for found in diagnostics],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _plain(found: Diagnostic) -> dict[str, Any]:
    known = CODES.get(found.code)
    return {
        "code": found.code,
        "severity": str(found.severity),
        "title": known.title if known else "",
        "message": found.message,
        "label": found.label,
        "notes": list(found.notes),
        "location": found.span._asdict() if found.span else None,
    }
