"""What decides between tensors of one shape, and what is said when nothing does."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.conversion.mapping import map_tensors
from archdsl.conversion.names import is_in_order_of_definition, tree_of
from archdsl.conversion.numbering import natural, series
from tests.conversion.networks import CHAIN, branches, network

CONV = {"weight": (4, 4, 1, 1), "bias": (4,)}
NORM = {"weight": (4,), "bias": (4,), "running_mean": (4,), "running_var": (4,), "num_batches_tracked": ()}


def checkpoint(**modules: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {f"{name}.{key}": shape for name, module in modules.items() for key, shape in module.items()}


def diagnostic(*arguments, **more):
    with pytest.raises(archdsl.ArchdslError) as caught:
        map_tensors(*arguments, **more)
    (found,) = caught.value.diagnostics
    return found


def test_numbers_order_tensors_of_one_shape(tmp_path: Path) -> None:
    net = network(tmp_path, CHAIN)
    for names in permutations(["layer10", "layer9"]):
        found = map_tensors(checkpoint(**dict.fromkeys(names, CONV)), [net.graph()])
        assert found.names["layer9.weight"] == "first.weight"
        assert found.names["layer10.bias"] == "second.bias"


def test_without_numbers_only_the_order_of_definition_decides(tmp_path: Path) -> None:
    net = network(tmp_path, CHAIN)
    shapes = checkpoint(squeeze=CONV, expand=CONV)
    found = diagnostic(shapes, [net.graph()])
    assert found.code == "E1005"
    assert found.notes == ("`expand` and `squeeze` both fit `first` and `second`",)
    assert map_tensors(shapes, [net.graph()], definition_order=True).names["squeeze.weight"] == "first.weight"
    # sorted names are no order of definition
    assert diagnostic(dict(sorted(shapes.items())), [net.graph()], definition_order=True).code == "E1005"


def test_pins_decide(tmp_path: Path) -> None:
    net = network(tmp_path, CHAIN)
    for first, second in permutations(["a", "b"]):
        found = map_tensors(checkpoint(a=CONV, b=CONV), [net.graph()], pins=[(first, "first")])
        assert (found.names[f"{first}.weight"], found.names[f"{second}.weight"]) == ("first.weight", "second.weight")
    contradiction = [("a", "first"), ("b", "first")]
    assert diagnostic(checkpoint(a=CONV, b=CONV), [net.graph()], pins=contradiction).code == "E1005"


def test_branches_that_an_automorphism_exchanges_are_not_ambiguous(tmp_path: Path) -> None:
    found = map_tensors(checkpoint(left=CONV, right=CONV), [branches(tmp_path, "add").graph()])
    assert found.interchangeable == (("left", "right"),)
    assert sorted(found.names) == ["left.bias", "left.weight", "right.bias", "right.weight"]


@pytest.mark.parametrize(("join", "second"), [("concat", ""), ("add", "relu\n        - ")])
def test_branches_that_differ_are_ambiguous(tmp_path: Path, join: str, second: str) -> None:
    if second:
        body = "  - branches:\n      - conv2d: {out_channels: 4, kernel_size: 1}\n      - - relu\n"
        net = network(tmp_path, body + "        - conv2d: {out_channels: 4, kernel_size: 1}\n  - add\n")
    else:
        net = branches(tmp_path, join)
    assert diagnostic(checkpoint(left=CONV, right=CONV), [net.graph()]).code == "E1005"


def test_the_graph_tells_the_shortcut_from_the_main_branch(tmp_path: Path) -> None:
    body = "  - branches:\n      - {shortcut}\n      - - {conv}\n        - {conv}\n        - {conv}\n  - concat\n"
    conv = "conv2d: {out_channels: 4, kernel_size: 1}"
    net = network(tmp_path, body.format(shortcut=conv, conv=conv))
    for names in permutations(["conv1", "conv2", "conv3", "shortcut"]):
        found = map_tensors(checkpoint(**dict.fromkeys(names, CONV)), [net.graph()])
        assert found.names["shortcut.weight"].startswith("branches.0."), names
        assert found.names["conv1.weight"].startswith("branches.1."), names


def test_lists_side_by_side_are_read_across(tmp_path: Path) -> None:
    steps = "  - conv2d: {out_channels: 4, kernel_size: 1}\n  - batch_norm2d\n"
    net = network(tmp_path, steps * 3)
    names = {f"convs.{i}": CONV for i in range(3)} | {f"norms.{i}": NORM for i in range(3)}
    found = map_tensors(checkpoint(**names), [net.graph()])
    ours = list(dict.fromkeys(key.rpartition(".")[0] for key, _ in found.names.items()))
    assert ours == list(names)
    assert found.names["convs.1.weight"] == "conv2d_2.weight"
    assert found.names["norms.2.running_var"] == "batch_norm2d_3.running_var"


def test_counters_may_be_missing_and_lone_tensors_have_any_name(tmp_path: Path) -> None:
    net = network(tmp_path, "  - conv2d: {out_channels: 4, kernel_size: 1, bias: false}\n  - batch_norm2d\n")
    old = {key: shape for key, shape in NORM.items() if key != "num_batches_tracked"}
    found = map_tensors(checkpoint(a={"kernel": (4, 4, 1, 1)}, b=old), [net.graph()])
    assert found.names["a.kernel"] == "conv2d.weight"
    assert "batch_norm2d.num_batches_tracked" not in found.names.values()


def test_a_linear_layer_is_a_1x1_convolution(tmp_path: Path) -> None:
    net = network(tmp_path, "  - conv2d: {out_channels: 6, kernel_size: 1}\n")
    assert map_tensors({"fc.weight": (6, 4), "fc.bias": (6,)}, [net.graph()]).names["fc.weight"] == "conv2d.weight"


def test_what_is_missing_left_over_or_of_another_shape_is_named(tmp_path: Path) -> None:
    net = network(tmp_path, CHAIN)
    missing = diagnostic(checkpoint(a1=CONV), [net.graph()])
    assert missing.code == "E1004"
    assert missing.notes == ("nothing for `second` (weight [4, 4, 1, 1], bias [4])",)
    extra = diagnostic(checkpoint(a1=CONV, a2=CONV, anchors={"sizes": (3,)}), [net.graph()])
    assert extra.notes == ("no step takes `anchors` (sizes [3])",)
    wrong = diagnostic(checkpoint(a1=CONV, a2={"weight": (4, 4, 3, 3), "bias": (4,)}), [net.graph()])
    assert "stands where `second` (weight [4, 4, 1, 1], bias [4]) is" in wrong.notes[0]


def test_weights_of_training_may_be_missing_all_together(tmp_path: Path) -> None:
    aux = "  - conv2d: {out_channels: 4, kernel_size: 1}\n    if: training\n    from: x\n    name: aux\n"
    net = network(tmp_path, aux + "  - conv2d: {out_channels: 5, kernel_size: 1}\n    from: x\n    name: top\n")
    forms = [net.graph(training=True), net.graph()]
    top = {"weight": (5, 4, 1, 1), "bias": (5,)}
    assert map_tensors(checkpoint(top=top), forms).form is forms[1]
    assert map_tensors(checkpoint(top=top, aux=CONV), forms).form is forms[0]


def test_a_name_with_too_many_parts_is_refused(tmp_path: Path) -> None:
    net = network(tmp_path, CHAIN)
    assert diagnostic({"a." * 5000 + "weight": (1,)}, [net.graph()]).code == "E1003"


def test_many_alike_modules_end_in_an_answer(tmp_path: Path) -> None:
    net = network(
        tmp_path, "  - do:\n      - conv2d: {out_channels: 4, kernel_size: 1}\n      - relu\n    repeat: 40\n"
    )
    names = [f"{'abcdefgh'[i % 8]}{'klmnopqr'[i // 8]}" for i in range(40)]
    assert diagnostic(checkpoint(**dict.fromkeys(names, CONV)), [net.graph()]).code == "E1005"


def test_more_arrangements_than_can_be_compared_are_not_guessed_at(tmp_path: Path) -> None:
    net = network(
        tmp_path, "  - do:\n      - conv2d: {out_channels: 4, kernel_size: 1}\n      - relu\n    repeat: 20\n"
    )
    names = [f"{kind}{number}" for number in range(4) for kind in ("left", "right", "up", "down", "back")]
    shapes = checkpoint(**dict.fromkeys(names, CONV))
    assert diagnostic(shapes, [net.graph()]).code == "E1005"
    found = map_tensors(shapes, [net.graph()], definition_order=True)
    assert list(found.names.values()) == list(archdsl.compile(net).state_dict())


def test_deeply_nested_modules(tmp_path: Path) -> None:
    net = network(tmp_path, CHAIN)
    prefix = ".".join("abcdefgh"[i % 8] for i in range(60))
    shapes = checkpoint(**{f"{prefix}.1": CONV, f"{prefix}.2": CONV})
    assert map_tensors(shapes, [net.graph()]).names[f"{prefix}.2.bias"] == "second.bias"


def test_which_files_have_the_order_of_definition() -> None:
    def ordered(shapes):
        return is_in_order_of_definition(shapes, tree_of(shapes))

    assert ordered(checkpoint(b=CONV, a=CONV))
    assert not ordered(checkpoint(a=dict(reversed(CONV.items())), b=dict(reversed(CONV.items()))))
    assert not ordered(checkpoint(layer2=CONV, layer1=CONV))
    assert not ordered({"b.weight": (1,), "a.weight": (1,), "b.bias": (1,)})


def test_series() -> None:
    assert series("conv2_x") == ("conv#_x", (2,))
    assert series("Mixed_5c") == ("Mixed_#@", (5, ord("c")))
    assert series("branch3x3") == ("branch3x3", ())
    assert series("branch3x3dbl_2") == ("branch3x3dbl_#", (2,))
    assert sorted(["a10", "a9", "b1"], key=natural) == ["a9", "a10", "b1"]


@given(st.randoms(use_true_random=False))
def test_any_order_of_a_numbered_checkpoint_gives_one_mapping(rng) -> None:
    net = archdsl.load("lenet5")
    shapes = {}
    weights = list(net.graph().weights())
    for number, path in enumerate(dict.fromkeys(node.path for node, _ in weights)):
        shapes |= {f"part{number}.{spec.name}": spec.shape for node, spec in weights if node.path == path}
    expected = map_tensors(shapes, [net.graph()], definition_order=True).names
    keys = list(shapes)
    rng.shuffle(keys)
    assert map_tensors({key: shapes[key] for key in keys}, [net.graph()]).names == expected
