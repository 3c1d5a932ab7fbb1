"""`archdsl diff`: text, JSON and exit statuses."""

from __future__ import annotations

import json

from tests.cli.conftest import SPEC


def test_equal_networks(archdsl, folder):
    (folder / "same.yaml").write_text(SPEC.replace("name: logits", "name: scores").replace("[logits]", "[scores]"))
    assert archdsl("diff", "net.yaml", "net.yaml").out.startswith("net and net are the same network\n")
    answer = archdsl("diff", "net.yaml", "same.yaml")
    assert answer.status == 0
    assert "the same network; its steps have other names" in answer.out
    assert "= logits -> scores" in answer.out
    assert "under another name: 2 (logits.weight -> scores.weight" in answer.out


def test_differing_networks(archdsl, folder):
    (folder / "wide.yaml").write_text(SPEC.replace("width: 4", "width: 8"))
    answer = archdsl("diff", "net.yaml", "wide.yaml")
    assert answer.status == 1
    lines = [line.split() for line in answer.out.splitlines()]
    assert ["params", "94", "178", "+84", "+89.36", "%"] in lines
    assert "  ~ conv2d out_channels 4 -> 8; [4, 8, 8] -> [8, 8, 8]; params 36 -> 72\n" in answer.out
    assert "of another shape" in answer.out
    data = json.loads(archdsl("diff", "net.yaml", "wide.yaml", "--format", "json").out)
    assert data["schema_version"] == 1
    assert data["equal"] is False
    assert data["hashes"][0] != data["hashes"][1]
    assert data["figures"]["params"] == {"before": 94, "after": 178, "delta": 84, "percent": 8400 / 94}


def test_mistakes_are_no_difference(archdsl, folder):
    (folder / "broken.yaml").write_text("archdsl: 1\nname: broken\n")
    for spec in ("broken.yaml", "nothing.yaml", "space.yaml"):
        answer = archdsl("diff", "net.yaml", spec)
        assert (answer.status, answer.out) == (2, "")
    assert archdsl("diff", "net.yaml").status == 2
