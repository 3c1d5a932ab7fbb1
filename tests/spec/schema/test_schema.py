"""The JSON Schema takes what the language takes and refuses what a schema can refuse."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from archdsl.ops.registry import operators
from archdsl.spec.expressions.reserved import STEP_WORDS
from archdsl.spec.schema import schema

SPECS = Path(__file__).parents[3] / "specs"


@cache
def validator() -> Any:
    found = json.loads(json.dumps(schema()))
    Draft7Validator.check_schema(found)
    return Draft7Validator(found)


def as_json(text: str) -> Any:
    """The file as JSON has it: keys are texts."""
    return json.loads(json.dumps(yaml.safe_load(text)))


def is_valid(text: str) -> bool:
    return bool(validator().is_valid(as_json(text)))


def network(graph: str, **more: str) -> str:
    """A file around the body of a graph, written in flow style."""
    keys = {"archdsl": "1", "name": "net", "inputs": "{x: [3, 8, 8]}", "graph": graph} | more
    return "\n".join(f"{key}: {value}" for key, value in keys.items())


@pytest.mark.parametrize("path", sorted(SPECS.rglob("*.yaml")), ids=lambda p: p.stem)
def test_every_shipped_spec_is_valid(path: Path) -> None:
    errors = [f"{list(e.absolute_path)}: {e.message[:300]}" for e in validator().iter_errors(as_json(path.read_text()))]
    assert errors == []


@pytest.mark.parametrize(
    "graph",
    [
        "[]",
        "relu",
        "[relu, my_cell]",
        "{relu: }",
        "[{relu: {}, name: a}]",
        "[{conv2d: {out_channels: 8, kernel_size: 3}}]",
        "[{conv2d: {out_channels: 2 * c, kernel_size: [1, k], padding: half, bias: a > 2}}]",
        "[{conv2d: {out_channels: {choose: [8, 16]}, kernel_size: {choose: {small: 3, large: 5}}}}]",
        "[{conv2d: {out_channels: 8, kernel_size: 3, padding: [1, 2]}}]",
        "[{conv2d: {out_channels: 8, kernel_size: 3, init: 0.1, bias_init: zeros}}]",
        "[{my_cell: {anything: 3, act: {leaky_relu: {negative_slope: 0.1}}}}]",
        "[{my_cell: {conv: {conv2d: {kernel_size: 3}}}}]",
        "[{my_cell: , repeat: 3, share: key, tie: other, name: [a, b], from: [x, [y, z]], if: a > 1}]",
        "[{do: [relu], for: {i: 3, w: [1, 2], f: a + b}, collect: {made: one}}]",
        "[{do: relu, repeat: {choose: [1, 2]}}]",
        "[{branches: [[], relu, [relu, relu]]}, add]",
        "[{choose: {a: [], b: relu, 3: [relu]}}]",
        "[{choose: [relu, gelu], name: act}]",
        "[{add: , from: {choose: [a, b], take: 2}}]",
        "[{add: , from: [a, {choose: '[a, b]'}]}]",
        "[{relu: , if: true}, {relu: , if: {choose: [true, false]}}]",
        "[{linear: {out_features: 3}, from: 'features[-1]'}]",
        "[{gelu: {approximate: tanh}}]",
        "[{reduce_mean: {dims: [1, 2], keepdim: true}}, {reduce_mean: {dims: -1}}]",
    ],
)
def test_valid_graphs(graph: str) -> None:
    assert is_valid(network(graph))


@pytest.mark.parametrize(
    "graph",
    [
        "",
        "3",
        "[3]",
        "[[relu]]",
        "[do]",
        "[half]",
        "['a b']",
        "[conv2d]",
        "[{}]",
        "[{name: a}]",
        "[{name: a, from: b}]",
        "[{relu: , gelu: }]",
        "[{relu: , my_cell: }]",
        "[{my_cell: , your_cell: }]",
        "[{relu: , nmae: a}]",
        "[{relu: , my_cell: , name: a, if: b}]",
        "[{do: [], branches: []}]",
        "[{relu: {inplace: true}}]",
        "[{conv2d: {kernel_size: 3}}]",
        "[{conv2d: }]",
        "[{conv2d: {out_channels: 8, kernel_size: 3, strid: 2}}]",
        "[{conv2d: {out_channels: 0, kernel_size: 3}}]",
        "[{conv2d: {out_channels: 1.5, kernel_size: 3}}]",
        "[{conv2d: {out_channels: true, kernel_size: 3}}]",
        "[{conv2d: {out_channels: [8], kernel_size: 3}}]",
        "[{conv2d: {out_channels: 8, kernel_size: [1, 2, 3]}}]",
        "[{conv2d: {out_channels: 8, kernel_size: 3, bias: 1}}]",
        "[{conv2d: {out_channels: {relu: }, kernel_size: 3}}]",
        "[{conv2d: {out_channels: , kernel_size: 3}}]",
        "[{conv2d: {out_channels: {choose: []}, kernel_size: 3}}]",
        "[{conv2d: {out_channels: {take: 2}, kernel_size: 3}}]",
        "[{conv2d: {out_channels: {choose: [1, 2], takes: 1}, kernel_size: 3}}]",
        "[{dropout: {p: 1.5}}]",
        "[{my_cell: {conv: {conv2d: {kernels: 3}}}}]",
        "[{my_cell: {act: {relu: , gelu: }}}]",
        "[{my_cell: {if: 3}}]",
        "[{my_cell: 3}]",
        "[{relu: , name: half}]",
        "[{relu: , name: 3}]",
        "[{relu: , name: a b}]",
        "[{relu: , from: 3}]",
        "[{relu: , if: 3}]",
        "[{relu: , repeat: -1}]",
        "[{relu: , repeat: 2, for: {i: 3}}]",
        "[{relu: , for: {}}]",
        "[{relu: , for: 3}]",
        "[{relu: , for: {i: 3}, collect: {made: one}}]",
        "[{do: relu, collect: {made: one}}]",
        "[{do: relu, for: {i: 3}, collect: [one]}]",
        "[{relu: , share: 3}]",
        "[{relu: , tie: [a]}]",
        "[{branches: relu}]",
        "[{choose: []}]",
        "[{choose: [{relu: }]}]",
        "[{choose: relu}]",
        "[{choose: {a b: relu}}]",
    ],
)
def test_invalid_graphs(graph: str) -> None:
    assert not is_valid(network(graph))


@pytest.mark.parametrize("words", range(256))
def test_exactly_one_head_whatever_the_step_words(words: int) -> None:
    chosen = {word for i, word in enumerate(STEP_WORDS) if words >> i & 1}
    values = {"name": "a", "from": "b", "if": "c", "for": {"i": 2}, "repeat": 2, "collect": {"d": "e"}}
    step: dict[str, object] = {word: values.get(word, "key") for word in chosen}
    file = as_json(network("[]"))
    fits = not {"for", "repeat"} <= chosen and ("collect" not in chosen or "for" in chosen)
    for heads in ((), ("do",), ("do", "some_cell")):
        file["graph"] = [{**step, **{head: {} if head == "some_cell" else [] for head in heads}}]
        assert validator().is_valid(file) == (len(heads) == 1 and fits)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        network("[]", archdsl="2"),
        network("[]", archdsl="true"),
        network("[]", archdsl='"1"'),
        "name: net\ninputs: {x: [3]}\ngraph: []",
        "archdsl: 1\ninputs: {x: [3]}\ngraph: []",
        "archdsl: 1\nname: net",
        "archdsl: 1\nname: net\ngraph: []",
        network("[]", output="[x]"),
        network("[]", inputs="{}"),
        network("[]", inputs="{x: 3}"),
        network("[]", inputs="{x: [0]}"),
        network("[]", inputs="{x: {shape: [3], dtype: float16}}"),
        network("[]", inputs="{x: {dtype: int64}}"),
        network("[]", inputs="{same: [3]}"),
        network("[]", params="[a]"),
        network("[]", params="{a: }"),
        network("[]", params="{true: 3}"),
        network("[]", cells="{c: {}}"),
        network("[]", cells="{c: []}"),
        network("[]", cells="{c: {graph: [], output: [x]}}"),
        network("[]", cells="{c: {graph: [], inputs: x}}"),
        network("[]", cells="{conv 1: {graph: []}}"),
        network("[]", variants="{a: {widths: 3}}"),
        network("[]", variants="[a]"),
        network("[]", decisions="{a: {b: c}}"),
        network("[]", allow="[{code: E0201, reason: no}]"),
        network("[]", allow="[{code: W0202}]"),
        network("[]", allow="[W0202]"),
        network("[]", **{"import": "{../a: [b]}"}),
        network("[]", **{"import": "{./../a: [b]}"}),
        network("[]", **{"import": "{/etc/a: [b]}"}),
        network("[]", **{"import": "{'http://a/b': [b]}"}),
        network("[]", **{"import": "{cells/a: b}"}),
        "archdsl: 1\nname: lib\ncells: {c: {graph: []}}\noutputs: [x]",
    ],
)
def test_invalid_files(text: str) -> None:
    assert not is_valid(text)


@pytest.mark.parametrize(
    "text",
    [
        "archdsl: 1\nname: lib\ncells: {c: {graph: []}}",
        network("[]", inputs="{x: {shape: [n, 3], dtype: int64}, y: [n]}", params="{n: 4, act: relu, kind: int}"),
        network("[]", outputs="{logits: 'f[0]'}", require="[n > 3]"),
        network("[]", outputs="[a, 'f[1:]']"),
        network("[]", variants="{small: , large: {params: {n: 4}, decisions: {a/b: [1, x]}}}"),
        network("[]", decisions="{stage/op: sep_conv, stage/size: 3, flags: [true, false]}"),
        network("[]", allow="[{code: G0301, reason: measured}]"),
        network("[]", **{"import": "{cells/conv: [conv_bn], ./mine: [block]}"}),
        network("[]", params="{a: {choose: [1, 2]}, b: {basic: {width: 3}}}"),
        network("[]", cells="{c: {inputs: [a, b], params: {n: int}, require: [n > 1], graph: relu, outputs: [a]}}"),
    ],
)
def test_valid_files(text: str) -> None:
    errors = [e.message[:300] for e in validator().iter_errors(as_json(text))]
    assert errors == []


def test_every_operator_is_closed_and_documented() -> None:
    definitions = schema()["definitions"]
    for name, operator in operators().items():
        found = definitions[f"operator.{name}"]
        assert found["additionalProperties"] is False
        assert found["description"]
        assert set(found["properties"]) == set(operator.model_fields)
        for attribute in found["properties"].values():
            assert attribute["description"]


def test_samples_of_every_operator_fit_the_schema() -> None:
    file = as_json(network("[]"))
    for name, operator in operators().items():
        for sample in operator.samples():
            file["graph"] = [{name: json.loads(json.dumps(sample.attributes))}]
            errors = [e.message[:200] for e in validator().iter_errors(file)]
            assert errors == [], (name, sample.attributes)


def test_the_schema_stays_small() -> None:
    assert len(json.dumps(schema())) < 200_000
