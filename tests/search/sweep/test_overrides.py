"""Dotted keys that lead into lists: the evaluators under `also`."""

from __future__ import annotations

import pytest

from archdsl_search.sweep.checking import OptionError
from archdsl_search.sweep.loading import overridden

DATA = {"evaluator": {"name": "training", "also": [{"name": "latency"}, {"name": "cost"}]}}


def test_a_number_counts_in_a_list():
    found = overridden(DATA, {"evaluator.also.0.profile": "x.json", "evaluator.epochs": 3})
    assert found["evaluator"] == {
        "name": "training", "epochs": 3, "also": [{"name": "latency", "profile": "x.json"}, {"name": "cost"}]
    }  # fmt: skip
    assert DATA["evaluator"]["also"] == [{"name": "latency"}, {"name": "cost"}]


@pytest.mark.parametrize("key", ["evaluator.also.2.profile", "evaluator.also.first.profile", "evaluator.also.profile"])
def test_other_keys_do_not(key):
    with pytest.raises(OptionError, match=r"no mapping|is a list"):
        overridden(DATA, {key: 1})
