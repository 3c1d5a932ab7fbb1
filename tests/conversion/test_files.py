"""Files that are wrong, truncated or hostile; and mapping files."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import archdsl
from archdsl.pipeline.conversion import convert_weights, read_tensors, restore_weights, save_name_map
from tests.conversion.networks import CHAIN, network


class Code:
    """Unpickling it runs a command."""

    def __reduce__(self):
        return (print, ("this must not run",))


def state() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = {"a1.weight": (4, 4, 1, 1), "a1.bias": (4,), "a2.weight": (4, 4, 1, 1), "a2.bias": (4,)}
    return {key: torch.randn(shape, generator=generator) for key, shape in shapes.items()}


def pickled(content: object, **more: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **more)
    return buffer.getvalue()


def safetensors(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def zipped(compression: int) -> bytes:
    """A torch archive, packed anew."""
    source = zipfile.ZipFile(io.BytesIO(pickled(state())))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name in source.namelist():
            archive.writestr(name, source.read(name))
    return buffer.getvalue()


def huge_storage() -> bytes:
    """The old format with a storage that claims 2**60 numbers."""
    data = pickled(state(), _use_new_zipfile_serialization=False)
    return data.replace(b"K\x10", b"\x8a\x08" + struct.pack("<q", 2**60))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"not a checkpoint at all, but quite long",
    "code": lambda: pickled({"a1.weight": Code()}),
    "plain pickle with code": lambda: pickle.dumps(Code()),
    "whole module": lambda: pickled(torch.nn.Conv2d(4, 4, 1)),
    "truncated archive": lambda: pickled(state())[:-300],
    "truncated pickle": lambda: pickled(state(), _use_new_zipfile_serialization=False)[:200],
    "damaged archive": lambda: pickled(state()).replace(b"data.pkl", b"date.pkl"),
    "huge storage": huge_storage,
    "compressed archive": lambda: zipped(zipfile.ZIP_DEFLATED),
    "a list": lambda: pickled([torch.zeros(2)]),
    "numbers as names": lambda: pickled({1: torch.zeros(2)}),
    "no tensors": lambda: pickled({"epoch": 3}),
    "two state dicts": lambda: pickled({"state_dict": state(), "model": state()}),
    "sparse tensor": lambda: pickled({"a1.weight": torch.zeros(4, 4).to_sparse()}),
    "long name": lambda: pickled({"a" * 5000: torch.zeros(2)}),
    "safetensors, truncated": lambda: safetensors(
        {"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, b"\0" * 4
    ),
    "safetensors, claims too much": lambda: safetensors(
        {"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}, b"\0" * 4
    ),
    "safetensors, shape and size differ": lambda: safetensors(
        {"a": {"dtype": "F32", "shape": [8], "data_offsets": [0, 16]}}, b"\0" * 16
    ),
    "safetensors, NaN as size": lambda: safetensors(
        b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,16]}}', b"\0" * 16
    ),
    "safetensors, negative size": lambda: safetensors(
        {"a": {"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]}}, b"\0" * 16
    ),
    "safetensors, long header": lambda: struct.pack("<Q", 2**62) + b"{}",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_is_no_checkpoint_is_refused_and_nothing_written(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = network(tmp_path, CHAIN)
    (tmp_path / "theirs.pth").write_bytes(HOSTILE[kind]())
    target = tmp_path / "out" / "ours.safetensors"
    with pytest.raises(archdsl.ArchdslError) as caught:
        convert_weights(net, tmp_path / "theirs.pth", target)
    assert [found.code for found in caught.value.diagnostics] == ["E1003"]
    assert not target.parent.exists()
    assert "must not run" not in capsys.readouterr().out


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    net = network(tmp_path, CHAIN)
    (tmp_path / "ours.safetensors").write_bytes(b"before")
    torch.save({**state(), "a2.bias": torch.zeros(5)}, tmp_path / "theirs.pth")
    with pytest.raises(archdsl.ArchdslError, match="E1004"):
        convert_weights(net, tmp_path / "theirs.pth", tmp_path / "ours.safetensors")
    assert (tmp_path / "ours.safetensors").read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.yaml", "ours.safetensors", "theirs.pth"]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    net = network(tmp_path, CHAIN)
    for path in (tmp_path / "nothing.pth", tmp_path):
        with pytest.raises(archdsl.ArchdslError, match="E1003"):
            convert_weights(net, path, tmp_path / "ours.safetensors")


@pytest.mark.parametrize("form", ["plain", "old format", "under a key", "safetensors", "half precision"])
def test_the_forms_that_checkpoints_have(form: str, tmp_path: Path) -> None:
    net = network(tmp_path, CHAIN)
    given = {key: t.half() for key, t in state().items()} if form == "half precision" else state()
    path = tmp_path / "theirs.bin"
    if form == "safetensors":
        save_file(given, path)
    elif form == "under a key":
        torch.save({"epoch": 7, "state_dict": given, "optimizer": {"state": {}}}, path)
    else:
        torch.save(given, path, _use_new_zipfile_serialization=form != "old format")
    convert_weights(net, path, tmp_path / "ours.safetensors")
    found = load_file(tmp_path / "ours.safetensors")
    assert torch.equal(found["first.weight"], given["a1.weight"])
    assert torch.equal(found["second.bias"], given["a2.bias"])
    archdsl.compile(net, weights=tmp_path / "ours.safetensors")
    restore_weights(net, tmp_path / "ours.safetensors", tmp_path / "back.safetensors")
    back = load_file(tmp_path / "back.safetensors")
    assert back.keys() == given.keys()
    assert all(torch.equal(back[key], given[key]) for key in given)


def test_numbers_of_another_kind(tmp_path: Path) -> None:
    net = network(tmp_path, CHAIN)
    torch.save({key: tensor.int() for key, tensor in state().items()}, tmp_path / "theirs.pth")
    with pytest.raises(archdsl.ArchdslError, match="E1004"):
        convert_weights(net, tmp_path / "theirs.pth", tmp_path / "ours.safetensors")


def test_one_of_several_state_dicts_is_chosen_by_key(tmp_path: Path) -> None:
    torch.save({"ema": state(), "last": {"x": torch.zeros(3)}}, tmp_path / "theirs.pth")
    assert list(read_tensors(tmp_path / "theirs.pth", "ema").tensors) == list(state())
    with pytest.raises(archdsl.ArchdslError, match="E1003"):
        read_tensors(tmp_path / "theirs.pth", "other")


def test_a_mapping_file_does_as_well(tmp_path: Path) -> None:
    net = network(tmp_path, CHAIN)
    torch.save(state(), tmp_path / "theirs.pth")
    found = convert_weights(net, tmp_path / "theirs.pth", tmp_path / "ours.safetensors")
    save_name_map(found.mapping, tmp_path / "map.json")
    again = convert_weights(net, tmp_path / "theirs.pth", tmp_path / "again.safetensors", tmp_path / "map.json")
    assert again.mapping == found.mapping
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "ours.safetensors").read_bytes()
    plain = archdsl.compile(net, weights=tmp_path / "ours.safetensors").state_dict()
    save_file(plain, tmp_path / "plain.safetensors")  # remembers no names
    with pytest.raises(archdsl.ArchdslError, match="E1006"):
        restore_weights(net, tmp_path / "plain.safetensors", tmp_path / "back.pth")
    for more in ({"layout": tmp_path / "map.json"}, {"like": tmp_path / "theirs.pth"}):
        restore_weights(net, tmp_path / "plain.safetensors", tmp_path / "back.pth", **more)
        back = torch.load(tmp_path / "back.pth", weights_only=True)
        assert all(torch.equal(back[key], tensor) for key, tensor in state().items())


def test_shapes_of_theirs_come_back(tmp_path: Path) -> None:
    net = network(tmp_path, "  - conv2d: {out_channels: 6, kernel_size: 1}\n")
    torch.save(torch.nn.Linear(4, 6).state_dict(), tmp_path / "theirs.pth")
    found = convert_weights(net, tmp_path / "theirs.pth", tmp_path / "ours.safetensors")
    save_name_map(found.mapping, tmp_path / "map.json")
    assert json.loads((tmp_path / "map.json").read_text())["weight"] == {"name": "conv2d.weight", "shape": [6, 4]}
    convert_weights(net, tmp_path / "theirs.pth", tmp_path / "again.safetensors", tmp_path / "map.json")
    restore_weights(net, tmp_path / "again.safetensors", tmp_path / "back.pth")
    assert torch.load(tmp_path / "back.pth", weights_only=True)["weight"].shape == (6, 4)


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        "[]",
        "{}",
        '{"a1.weight": 3}',
        '{"a1.weight": "first.weight", "a1.bias": "first.weight"}',
        '{"a1.weight": "first.weight"}',
        '{"a1.weight": "frist.weight", "a1.bias": "first.bias", SECOND}',
        '{"a1.weight": "first.bias", "a1.bias": "first.weight", SECOND}',
        "[" * 100_000,
    ],
)
def test_wrong_mapping_files(content: str, tmp_path: Path) -> None:
    net = network(tmp_path, CHAIN)
    torch.save(state(), tmp_path / "theirs.pth")
    second = '"a2.weight": "second.weight", "a2.bias": "second.bias"'
    (tmp_path / "map.json").write_text(content.replace("SECOND", second))
    with pytest.raises(archdsl.ArchdslError, match="E1006"):
        convert_weights(net, tmp_path / "theirs.pth", tmp_path / "ours.safetensors", tmp_path / "map.json")
    assert not (tmp_path / "ours.safetensors").exists()


def test_weights_of_another_network_are_not_given_names(tmp_path: Path) -> None:
    net = network(tmp_path, CHAIN)
    torch.save(state(), tmp_path / "theirs.pth")
    convert_weights(net, tmp_path / "theirs.pth", tmp_path / "ours.safetensors")
    other = network(tmp_path, CHAIN.replace("name: second", "name: third"))
    with pytest.raises(archdsl.ArchdslError, match="E1004"):
        restore_weights(other, tmp_path / "ours.safetensors", tmp_path / "back.pth")
