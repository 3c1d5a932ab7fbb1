"""Valid specs, a little broken: whatever comes of them, `check` gives findings, in time, and nothing else happens."""

from __future__ import annotations

import re
from pathlib import Path
from time import process_time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic, Severity

TESTS = Path(__file__).parents[1]
# The small ones, so that many mutations fit into a few seconds.
SMALL = {"enas", "hourglass", "segnet", "senet", "siamfc", "step_values", "unrolled_lstm", "vae", "wavenet"}
NETWORKS = sorted(path for path in (TESTS / "spec" / "elaborate" / "networks").iterdir() if path.stem in SMALL)
TEXTS = [path.read_text(encoding="utf-8") for path in NETWORKS]
WORDS = sorted({word for text in TEXTS for word in re.findall(r"\w+|[^\w\s]", text)})
STRANGE = [
    "null",
    "0",
    "-1",
    "1.5",
    "true",
    "[]",
    "{}",
    '""',
    "9**9",
    "1000000",
    '"[1, 2"',
    "{choose: [1, 2]}",
    "\t",
    "é",
]
TOKEN = re.compile(r"[\w.]+|[^\w\s]")


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str]:
    """The ending of a file, and its text with one to three mutations."""
    number = draw(st.integers(0, len(TEXTS) - 1))
    text = TEXTS[number]
    for _ in range(draw(st.integers(1, 3))):
        text = draw(st.sampled_from((_token, _line)))(draw, text)
    return NETWORKS[number].suffix, text


def _token(draw: st.DrawFn, text: str) -> str:
    tokens = list(TOKEN.finditer(text))
    if not tokens:
        return text
    token = tokens[draw(st.integers(0, len(tokens) - 1))]
    new = draw(st.sampled_from(("", f"{token[0]} {token[0]}", "word", "strange")))
    if new == "word":
        new = draw(st.sampled_from(WORDS))
    elif new == "strange":
        new = draw(st.sampled_from(STRANGE))
    return text[: token.start()] + new + text[token.end() :]


def _line(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    i, j = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    kind = draw(st.sampled_from(("delete", "duplicate", "indent", "dedent", "swap")))
    if kind == "delete":
        del lines[i]
    elif kind == "duplicate":
        lines.insert(j, lines[i])
    elif kind == "swap":
        lines[i], lines[j] = lines[j], lines[i]
    else:
        lines[i] = f"  {lines[i]}" if kind == "indent" else lines[i].removeprefix("  ")
    return "\n".join(lines)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(mutated())
def test_mutated_specs_give_findings_and_nothing_else(tmp_path_factory: object, case: tuple[str, str]) -> None:
    ending, text = case
    path = Path(tmp_path_factory.getbasetemp()) / f"mutated{ending}"  # type: ignore[attr-defined]
    path.write_text(text, encoding="utf-8")
    started = process_time()
    found = archdsl.check(path)
    assert process_time() - started < 5
    assert all(isinstance(d, Diagnostic) and d.code in CODES for d in found)
    lines = text.count("\n") + 1
    assert all(d.span is None or d.span.file != str(path) or 1 <= d.span.line <= lines + 1 for d in found)
    errors = [d for d in found if d.severity is Severity.ERROR]
    # What cannot be loaded has errors, or open decisions.
    assert bool(errors) == bool(_why_not_loaded(path) - {"E0601"})


def _why_not_loaded(path: Path) -> set[str]:
    try:
        archdsl.load(path)
    except archdsl.ArchdslError as error:
        return {d.code for d in error.diagnostics}
    return set()
