"""A report as JSON. `schema` and `schema_version` tell readers what to expect."""

from __future__ import annotations

import json

from archdsl.report.data import ReportData, to_dict


def to_json(data: ReportData) -> str:
    """The whole report, every layer included, with a newline at the end."""
    return json.dumps(to_dict(data), indent=1, ensure_ascii=False) + "\n"
