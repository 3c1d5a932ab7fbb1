"""Slices of a batch: their sizes, and that every sample is computed once, in its place."""

from __future__ import annotations

from math import ceil
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.backends.torch.inference.engines import Preparation
from archdsl.backends.torch.inference.recipe import Recipe, Setting, candidates, chosen
from archdsl.backends.torch.inference.slicing import LEAST_USE, best_slice, slice_sizes
from tests.backends.torch.inference.networks import architecture, difference, inputs, outputs, trained

CPU = torch.device("cpu")


@given(st.integers(1, 200), st.integers(1, 64))
def test_slices_are_equal_and_keep_the_threads_busy(samples: int, threads: int) -> None:
    sizes = slice_sizes(samples, threads)
    assert list(sizes) == sorted(set(sizes), reverse=True)
    for size in sizes:
        slices, left = divmod(samples, size)
        assert left == 0
        assert slices >= threads > 1
        assert slices / (threads * ceil(slices / threads)) >= LEAST_USE


def test_which_sizes_there_are() -> None:
    assert slice_sizes(8, 2) == (4, 2, 1)
    assert slice_sizes(6, 2) == (3, 1)  # three slices of 2 would leave one of two threads idle half of the time
    assert slice_sizes(3, 2) == slice_sizes(1, 2) == slice_sizes(8, 1) == slice_sizes(8, 16) == ()


def network(folder: Path, width: int, side: int) -> archdsl.Architecture:
    layers = "".join(f"  - conv2d: {{out_channels: {width}, kernel_size: 3, padding: 1}}\n" for _ in range(4))
    return architecture(folder, f"inputs: {{x: [{width}, {side}, {side}]}}\ngraph:\n{layers}")


@pytest.mark.parametrize(
    ("width", "side", "size"),
    [
        (64, 112, 2),  # 3.2 MB a sample: as few samples as there may be
        (32, 28, 2),  # 100 KB
        (32, 20, 4),  # 51 KB: six would be best
        (128, 7, 0),  # 147,000 weights of each layer, and 6,000 numbers written
    ],
)
def test_small_images_go_in_larger_slices_and_heavy_networks_in_none(
    tmp_path: Path, width: int, side: int, size: int
) -> None:
    graph = network(tmp_path, width, side).graph()
    assert best_slice(graph, slice_sizes(8, 2)) == size
    assert chosen(Setting(CPU, torch.float32, 8, 2), "onnxruntime", graph) == Recipe("onnxruntime", size)


def test_a_recipe_says_it() -> None:
    assert str(Recipe("openvino", 4)) == "openvino slices-of-4 every"


def test_measuring_tries_the_largest_slices_the_smallest_and_none() -> None:
    found = candidates(Setting(CPU, torch.float32, 16, 2), "openvino")
    assert list(dict.fromkeys(recipe.slice_size for recipe in found)) == [8, 4, 1, 0]
    assert {recipe.slice_size for recipe in candidates(Setting(CPU, torch.float32, 16, 2), "torch")} == {0}


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize(("samples", "size"), [(8, 4), (8, 2), (6, 3), (5, 1), (4, 2)])
def test_every_sample_is_in_its_place(tmp_path: Path, runtime: str, samples: int, size: int) -> None:
    net = architecture(tmp_path)
    plain = trained(net)
    engine = Preparation(net.graph(), plain.state_dict()).engine(
        Recipe(runtime, size),  # type: ignore[arg-type]
        Setting(CPU, torch.float32, samples, 2),
    )
    for _ in range(2):
        given_values = [torch.randn_like(x) for x in inputs(net, samples)]
        assert difference(list(engine(given_values)), outputs(plain, given_values)) < 1e-5
