"""Every shipped network has exactly the figures of the reference table, and nothing is found in any shipped file."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.spec.library import index, library_root
from tests.specs.implementations import IMPLEMENTATIONS

# params and mult_adds are exact. Their origin: `table`, published figures of the network; `counted`, of the module
# that torchvision or timm build (tests/specs/test_implementations.py counts it again); `derived`, added up layer by
# layer from the tables of the paper (tests/specs/test_derivations.py adds them up again); `definition`, of this
# project's file, where none of these exists: they guard against changes.
TABLE = Path(__file__).with_name("reference.csv")
FILES = sorted(library_root().glob("*/*.yaml"))


def rows() -> list[dict[str, str]]:
    with TABLE.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['id']}-{row['form']}")
def test_figures(row: dict[str, str]) -> None:
    architecture = archdsl.load(row["id"])
    training = row["form"] == "training"
    report = archdsl.cost(architecture, training=training)
    outputs = [list(value.type.shape) for value in architecture.graph(training).outputs.values()]
    found = (report.params, report.mult_adds, outputs)
    assert found == (int(row["params"]), int(row["mult_adds"]), json.loads(row["outputs"]))


@pytest.mark.slow
@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['id']}-{row['form']}")
def test_module_gives_the_shapes_of_the_table(row: dict[str, str]) -> None:
    training = row["form"] == "training"
    architecture = archdsl.load(row["id"])
    with torch.device("meta"):
        module = archdsl.compile(architecture, "train" if training else "inference")
        images = [torch.empty(2, *value.type.shape) for value in architecture.graph().inputs.values()]
        result = module(*images)
    outputs = [result] if torch.is_tensor(result) else list(result.values())
    assert [list(output.shape[1:]) for output in outputs] == json.loads(row["outputs"])
    assert sum(weight.numel() for weight in module.parameters()) == int(row["params"])


def test_every_shipped_network_and_form_is_in_the_table() -> None:
    shipped = {(name, "inference") for name, entry in index().items() if entry["kind"] == "model"}
    shipped |= {(name, "training") for name, entry in index().items() if "training_params" in entry}
    assert shipped == {(row["id"], row["form"]) for row in rows()}


def test_counted_figures_have_an_implementation() -> None:
    assert {row["id"] for row in rows() if row["origin"] == "counted"} <= set(IMPLEMENTATIONS)
    assert {row["origin"] for row in rows()} <= {"table", "counted", "derived", "definition"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(library_root()).as_posix())
def test_nothing_is_found(path: Path) -> None:
    assert archdsl.check(path) == []


@pytest.mark.parametrize("path", sorted((library_root() / "models").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_variant_is_checked(path: Path) -> None:
    names = [name for name, entry in index().items() if entry["file"] == f"models/{path.name}"]
    assert names
    assert all(archdsl.check(name) == [] for name in names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_names_and_sources(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    keys = {line.split(":")[0] for line in lines if line[:1].isalpha()}
    assert {"archdsl", "name"} <= keys
    if path.parent.name != "cells":
        assert {"references", "description"} <= keys
    assert max(map(len, lines)) <= 200
