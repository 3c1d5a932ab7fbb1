"""Files are written whole or not at all."""

from __future__ import annotations

import os

import pytest

from archdsl.pipeline.files import replacing, write_atomically


def test_writes_into_folders_that_are_missing(tmp_path):
    write_atomically(tmp_path / "a" / "b.txt", "text\n")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"text\n"


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "file.onnx"
    path.write_text("old")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            assert temporary.suffix == ".onnx"
            assert path.read_text() == "old"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.onnx"]
    assert path.read_text() == "old"


def test_permissions_stay_and_links_are_followed(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o600)
    link = tmp_path / "link"
    link.symlink_to(path)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    mask = os.umask(0o022)
    try:
        write_atomically(tmp_path / "file", "")
    finally:
        os.umask(mask)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644
