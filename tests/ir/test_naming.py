"""Names of modules from paths of steps."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from archdsl.ir.naming import TAKEN, attribute_name, module_path, state_key


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("", ""),
        ("stem/conv2d", "stem.conv2d"),
        ("features/stage[0]/feature[1]/branches[0]/conv2d", "features.stage.0.feature.1.branches.0.conv2d"),
        ("do[1][2]/relu", "do.1.2.relu"),
        ("choose/0.5/conv", "choose.option_0_5.conv"),
        ("choose/-1/conv", "choose.option_minus_1.conv"),
        ("type/forward/keys/class", "type_.forward_.keys_.class_"),
        ("a_", "a__"),
    ],
)
def test_module_path(path: str, name: str) -> None:
    assert module_path(path) == name


def test_state_key_of_the_root_has_no_dot() -> None:
    assert state_key("", "weight") == "weight"
    assert state_key("head[4]/conv2d", "bias") == "head.4.conv2d.bias"


def test_all_attributes_of_torch_modules_are_known_as_taken() -> None:
    found = {name for made in (nn.Module(), nn.ModuleList(), nn.ModuleDict()) for name in dir(made)}
    assert {name for name in found if not name.startswith("_")} <= TAKEN


LABELS = st.one_of(
    st.sampled_from([*sorted(TAKEN), *keyword.kwlist]),
    st.from_regex(r"-?[0-9]{1,2}(\.[0-9]{1,2})?", fullmatch=True),
    st.from_regex(r"(option_|forward_)?[a-z_x]{1,3}[0-9_]{0,2}", fullmatch=True),
    st.text("ax_.-,[] 05", min_size=1, max_size=4),
)


@given(LABELS, LABELS)
def test_different_labels_have_different_names(one: str, other: str) -> None:
    names = {attribute_name(one), attribute_name(other)}
    assert len(names) == len({one, other})
    for name in names:
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert name not in TAKEN
        assert not name.startswith("_")
