"""Standalone source: text, classes, keys."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from archdsl.backends.torch import build_module, source_of, to_source
from archdsl.ir.graph import Graph
from archdsl.ir.naming import state_key
from tests.backends.torch.builder import Builder, bottleneck, conv_bn, resnet

RULES_OF_TASTE = "D,S,EM,TRY,COM812,N812,CPY001,PLR2004"
GOLDEN = Path(__file__).parents[2] / "golden" / "source" / "small_residual.py"


def small_residual() -> Graph:
    b = Builder("small_residual", image=(3, 16, 16))
    x = conv_bn(b, b.x, 8, 3, act=True, label="stem")
    for i in range(4):
        x = bottleneck(b, x, 4, 2 if i == 0 else 1, f"stage[0]/unit[{i}]")
    x = b.step("global_avg_pool2d", x)
    return b.done(logits=b.step("linear", x, out_features=10, name="logits", bias_init=0.5))


def class_names(text: str) -> list[str]:
    return [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]


def ruff(*arguments: str, text: str) -> None:
    command = [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", "generated.py", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_golden() -> None:
    assert to_source(small_residual(), spec_hash="0123abcd") == GOLDEN.read_text()


def test_source_is_clean_and_formatted() -> None:
    text = to_source(resnet((2, 2, 3, 2), 64, 8, 10))
    ruff("check", "--isolated", text=text)
    ruff("check", "--isolated", "--line-length", "120", "--select", "ALL", "--ignore", RULES_OF_TASTE, text=text)
    ruff("format", "--isolated", "--line-length", "120", "--diff", text=text)


def test_the_file_imports_torch_alone_and_gives_the_same_network(tmp_path: Path) -> None:
    graph = small_residual()
    text = to_source(graph)
    imported = {
        n.module if isinstance(n, ast.ImportFrom) else n.names[0].name
        for n in ast.walk(ast.parse(text))
        if isinstance(n, ast.Import | ast.ImportFrom)
    }
    assert imported == {"torch", "torch.nn.functional"}
    namespace: dict[str, object] = {}
    exec(compile(text, "generated.py", "exec"), namespace)
    torch.manual_seed(1)
    built = namespace["build"]()  # type: ignore[operator]
    torch.manual_seed(1)
    module = build_module(graph)
    assert list(built.state_dict()) == list(module.state_dict())
    x = torch.randn(2, 3, 16, 16)
    assert torch.equal(built(x), module(x))


def test_keys_follow_the_paths_in_order_of_definition() -> None:
    graph = resnet((1, 2), 32, 8, 10)
    module = build_module(graph)
    assert list(module.state_dict()) == [state_key(node.path, spec.name) for node, spec in graph.weights()]
    assert "features.stage.1.feature.1.branches.0.conv_bn_act_2.conv2d.weight" in module.state_dict()
    shapes = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    assert shapes == {state_key(node.path, spec.name): spec.shape for node, spec in graph.weights()}


def test_instances_that_differ_in_numbers_share_a_class() -> None:
    text = to_source(resnet())
    names = ["ConvBnAct", "ImagenetStem", "ConvBn", "Projection", "Bottleneck", "Bottleneck2", "Stages", "Resnet"]
    assert class_names(text) == names
    assert "Bottleneck(in_channels=256, out_channels=128, stride=2, out_channels_2=512)" in text
    assert "for layer in self.stage[3].feature:" in text


def test_resnet50_takes_torchvisions_weights_in_order() -> None:
    """The order and shapes of torchvision.models.resnet50, whose bottleneck ends with the projection."""
    shapes = [tuple(v.shape) for v in build_module(resnet()).state_dict().values()]
    assert len(shapes) == 320
    assert sum(torch.Size(s).numel() for s in shapes if s) - 2 * 26_560 == 25_557_032
    assert shapes[6:31:6] == [(64, 64, 1, 1), (64, 64, 3, 3), (256, 64, 1, 1), (256, 64, 1, 1), (64, 256, 1, 1)]


def test_text_is_deterministic() -> None:
    script = (
        "from tests.backends.torch.test_source import small_residual\n"
        "from archdsl.backends.torch import to_source\n"
        "import sys; sys.stdout.write(to_source(small_residual(), spec_hash='0123abcd'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7"},
        cwd=GOLDEN.parents[3],
    )
    assert done.stdout == GOLDEN.read_text()


def test_source_of() -> None:
    graph = small_residual()
    assert source_of(build_module(graph)) == to_source(graph)
    with pytest.raises(ValueError, match="not made by archdsl"):
        source_of(nn.Linear(1, 1))


def test_forward_numbers_become_constructor_parameters() -> None:
    b = Builder("net", x=(4,))
    x = b.x
    for i, slope in enumerate((0.1, 0.2)):
        with b.cell("block", f"block[{i}]"):
            x = b.step("leaky_relu", b.step("linear", x, out_features=4), negative_slope=slope)
    graph = b.done(y=x)
    text = to_source(graph)
    assert class_names(text) == ["Block", "Net"]
    assert "self.negative_slope = negative_slope" in text
    module: Any = build_module(graph)
    image = torch.randn(3, 4)
    leaky = nn.functional.leaky_relu
    expected = leaky(module.block[1].linear(leaky(module.block[0].linear(image), 0.1)), 0.2)
    assert torch.equal(module(image), expected)


def test_labels_that_python_or_torch_cannot_take() -> None:
    b = Builder("class", x=(4,))
    x = b.x
    labels = ["type", "forward", "keys", "choose/0.5/a", "choose/-1/a", "class", "import[0]/training", "a/0", "F"]
    for label in labels:
        x = b.step("linear", x, label=label, out_features=4, name=label)
    with b.cell("self", "self"), b.cell("nn", "torch"):
        x = b.step("linear", x, label="Tensor", out_features=4, name="print")
        x = b.step("linear", x, label="x", out_features=4, name="self")
    graph = b.done(y=x)
    module = build_module(graph)
    assert list(module.state_dict()) == [state_key(node.path, spec.name) for node, spec in graph.weights()]
    assert module(torch.zeros(2, 4)).shape == (2, 4)


def test_missing_rounds_are_filled_and_mixed_containers_work() -> None:
    b = Builder(x=(4,))
    x = b.step("linear", b.x, label="branches[2]/linear", out_features=4)
    x = b.step("linear", x, label="do[0]/linear", out_features=4)
    x = b.step("linear", x, label="do/linear", out_features=4)
    module = build_module(b.done(y=x))
    assert [key for key in module.state_dict() if key.endswith("weight")] == [
        "branches.2.linear.weight",
        "do.0.linear.weight",
        "do.linear.weight",
    ]
    assert module(torch.zeros(1, 4)).shape == (1, 4)


def test_paths_that_form_no_tree_are_refused() -> None:
    b = Builder(x=(4,))
    x = b.step("linear", b.x, label="a", out_features=4)
    graph = b.done(y=b.step("linear", x, label="a/b", out_features=4))
    with pytest.raises(ValueError, match=r"a\.b leads through another step"):
        to_source(graph)
