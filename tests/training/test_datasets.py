"""Reading data sets: what is there is read whole, what is not right is named."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from archdsl.training.datasets import CIFAR10_RECORD, Images, load_dataset, split
from archdsl.training.errors import TrainingError


def write_cifar10(folder, records=20):
    random = np.random.default_rng(0)
    written = {}
    for name in [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]:
        data = random.integers(0, 256, (records, CIFAR10_RECORD), dtype=np.uint8)
        data[:, 0] = np.arange(records) % 10
        data.tofile(folder / name)
        written[name] = data
    return written


def write_folder(folder, classes=("cat", "dog"), count=5):
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            Image.new("RGB", (9 + i, 7), (40 * number, 10 * i, 0)).save(folder / name / f"{i}.png")


def test_digits_are_split_with_every_class_alike():
    dataset = load_dataset("digits")
    assert len(dataset.train) + len(dataset.test) == 1797
    assert dataset.train.pixels.shape[1:] == (1, 8, 8)
    assert int(dataset.train.pixels.max()) == dataset.white
    shares = torch.bincount(dataset.test.labels) / torch.bincount(
        torch.cat([dataset.train.labels, dataset.test.labels])
    )
    assert ((shares - 0.2).abs() < 0.01).all()


def test_the_split_is_the_same_each_time_and_has_no_image_twice():
    images = Images(torch.arange(60).view(60, 1, 1, 1), torch.arange(60) % 3)
    first, second = split(images, 0.25, "held out")
    again, _ = split(images, 0.25, "held out")
    assert torch.equal(first.pixels, again.pixels)
    assert sorted([*first.pixels.flatten().tolist(), *second.pixels.flatten().tolist()]) == list(range(60))
    assert torch.bincount(second.labels).tolist() == [5, 5, 5]


def test_cifar10_binary_files_are_read_plane_by_plane(tmp_path):
    written = write_cifar10(tmp_path)
    dataset = load_dataset(f"cifar10:{tmp_path}")
    assert len(dataset.train) == 100
    assert len(dataset.test) == 20
    record = written["data_batch_2.bin"][3]
    assert dataset.train.labels[23] == record[0]
    assert dataset.train.pixels[23, 2, 1, 5] == record[1 + 2 * 1024 + 1 * 32 + 5]


def test_a_cifar10_file_cut_off_is_named(tmp_path):
    write_cifar10(tmp_path)
    path = tmp_path / "data_batch_4.bin"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(TrainingError, match=r"data_batch_4\.bin.*cut off"):
        load_dataset(f"cifar10:{tmp_path}")


def test_the_pickled_version_of_cifar10_is_refused(tmp_path):
    (tmp_path / "test_batch").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(TrainingError, match="pickles"):
        load_dataset(f"cifar10:{tmp_path}")


def test_a_folder_of_images_is_read_in_one_size(tmp_path):
    write_folder(tmp_path)
    dataset = load_dataset(f"folder:{tmp_path}", (12, 10))
    assert dataset.classes == ("cat", "dog")
    assert dataset.train.pixels.shape == (8, 3, 12, 10)
    assert len(dataset.test) == 2


def test_a_folder_with_its_own_split_keeps_it(tmp_path):
    write_folder(tmp_path / "train", count=4)
    write_folder(tmp_path / "val", count=3)
    dataset = load_dataset(f"folder:{tmp_path}", (4, 4))
    assert (len(dataset.train), len(dataset.test)) == (8, 6)


def test_a_damaged_image_is_named(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "dog" / "1.png").write_bytes(b"not an image")
    with pytest.raises(TrainingError, match=r"1\.png: not a readable image"):
        load_dataset(f"folder:{tmp_path}", (4, 4))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("mnist", "there are digits, cifar10:DIR and folder:DIR"),
        ("cifar10:", "there is no data set"),
        ("folder:/nowhere/at/all", "is no folder"),
        ("cifar10:/nowhere/at/all", "data_batch_1"),
    ],
)
def test_what_is_not_there_is_named(source, message):
    with pytest.raises(TrainingError, match=message):
        load_dataset(source)


def test_one_class_is_not_enough(tmp_path):
    write_folder(tmp_path, classes=("cat",))
    with pytest.raises(TrainingError, match="at least two"):
        load_dataset(f"folder:{tmp_path}")
