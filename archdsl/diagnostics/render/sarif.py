"""Findings as SARIF 2.1.0, which code scanning services read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import quote

from archdsl.diagnostics.codes import CODES, Code
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.reference import explanation
from archdsl.diagnostics.span import Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def to_sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """One run with the rules that occur and a result for each finding."""
    codes = sorted({found.code for found in diagnostics})
    driver = {"name": "archdsl", **_version(), "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(found, codes.index(found.code)) for found in diagnostics],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _version() -> dict[str, str]:
    try:
        return {"version": version("archdsl")}
    except PackageNotFoundError:
        return {}


def _rule(code: str) -> dict[str, Any]:
    known = CODES.get(code, Code(code))
    first = known.explanation.split("\n\n")[0] or known.title
    return {
        "id": code,
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": first},
        "help": {"text": explanation(code) if code in CODES else known.title},
        "defaultConfiguration": {"level": "error" if code.startswith("E") else "warning"},
    }


def _result(found: Diagnostic, rule: int) -> dict[str, Any]:
    text = "\n".join([found.message + (f" ({found.label})" if found.label else ""), *found.notes])
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": str(found.severity),
        "message": {"text": text},
    }
    if found.span is not None:
        result["locations"] = [{"physicalLocation": _location(found.span)}]
    return result


def _location(span: Span) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": _uri(span.file)},
        "region": {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        },
    }


def _uri(file: str) -> str:
    for path in (PurePosixPath(file), PureWindowsPath(file)):
        if path.is_absolute():
            return path.as_uri()
    # A first segment with a colon would be read as a scheme.
    return quote(file.replace("\\", "/"), safe="/")
