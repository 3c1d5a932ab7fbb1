"""Logs within bounds."""

from __future__ import annotations

from pathlib import Path

from archdsl_search.engines.logs import shorten


def test_a_long_log_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("first\n" + "x" * 5000 + "\nlast\n")
    shorten(path, 400)
    text = path.read_text()
    assert text.startswith("first\nxxx")
    assert text.endswith("xxx\nlast\n")
    assert "\n[4,612 bytes left out]\n" in text
    assert len(text) < 450


def test_a_short_log_stays_and_a_missing_one_is_nobody_s_fault(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("all of it")
    shorten(path, 9)
    assert path.read_text() == "all of it"
    shorten(tmp_path / "none", 10)
