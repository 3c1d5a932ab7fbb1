"""Linting texts: what the tests of lints share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import archdsl
from archdsl.analysis.lints.catalogue import RULES
from archdsl.analysis.lints.receptive_field import ReceptiveField
from archdsl.analysis.lints.rule import Finding, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.analysis.report import CostReport
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.pipeline.linting import lint

OBJECT_SIZE = 64


def every_rule() -> list[Rule]:
    """All rules with their defaults, the one on receptive fields with a size."""
    return [rule(object_size=OBJECT_SIZE) if rule is ReceptiveField else rule() for rule in RULES]


def linted(folder: Path, text: str, rules: Iterable[Rule] | None = None, **given: Any) -> list[Diagnostic]:
    """The findings of a spec that is written to `spec.yaml`."""
    path = folder / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    return lint(path, list(every_rule() if rules is None else rules), **given).diagnostics


def raw(folder: Path, text: str, rule: Rule) -> list[Finding]:
    """What a rule itself finds in a spec."""
    path = folder / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    graph = archdsl.load(path).graph(training=rule.form == "training")
    return list(rule.findings(Subject(graph)))


def cost_of_text(folder: Path, text: str) -> CostReport:
    """The cost of a spec."""
    path = folder / "cost.yaml"
    path.write_text(text, encoding="utf-8")
    return archdsl.cost(archdsl.load(path))


def net(*steps: str, image: tuple[int, ...] = (64, 28, 28)) -> str:
    """A spec of these steps."""
    body = "\n".join(f"  - {step}" for step in steps)
    return f"archdsl: 1\ninputs: {{image: {list(image)}}}\ngraph:\n{body}\n"
