"""Stacked digits: what meets in an image, and that the same images come for ever."""

import gzip
import struct

import numpy as np
import pytest

from ganjax.data import open_source
from ganjax.data.stacked import stack
from ganjax.errors import UserError

FEW = {
    "image": np.random.default_rng(0).integers(0, 255, (20, 4, 4, 1), np.uint8),
    "label": np.repeat(np.arange(10, dtype=np.int32), 2),
}


@pytest.fixture(scope="module")
def source():
    return open_source("stacked_digits", image_size=32)


def test_every_channel_is_a_digit_of_its_label():
    by_pixels = {image.tobytes(): label for image, label in zip(FEW["image"], FEW["label"], strict=True)}
    batch = stack(FEW, 500, seed=0).fetch(np.arange(500))
    assert batch["image"].shape == (500, 4, 4, 3)
    for image, label in zip(batch["image"], batch["label"], strict=True):
        assert [by_pixels[image[..., c].tobytes()] for c in range(3)] == [int(digit) for digit in f"{label:03}"]


def test_examples_are_a_function_of_seed_and_index():
    one, again, other = (stack(FEW, 100, seed) for seed in (3, 3, 4))
    chosen = np.array([7, 99, 7, 0])
    for name, array in one.fetch(np.arange(100)).items():
        np.testing.assert_array_equal(again.fetch(chosen)[name], array[chosen])
        assert (other.fetch(np.arange(100))[name] != array).any()


def test_the_source_is_the_published_size_and_has_every_mode(source):
    labels = np.concatenate([source.fetch(part)["label"] for part in np.split(np.arange(source.size), 64)])
    assert source.size == 128_000
    assert source.info["classes"][7] == "007"
    counts = np.bincount(labels, minlength=1000)
    assert counts.shape == (1000,)
    assert abs(counts / 128 - 1).max() < 5 / np.sqrt(128)
    batch = source.fetch(np.arange(3))
    assert (batch["image"].shape, batch["image"].dtype, batch["label"].dtype) == ((3, 32, 32, 3), np.uint8, np.int32)


def test_of_idx_files(tmp_path):
    for name, array in (("images-idx3", FEW["image"][..., 0]), ("labels-idx1", FEW["label"].astype(np.uint8))):
        header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
        (tmp_path / f"t10k-{name}-ubyte.gz").write_bytes(gzip.compress(header + array.tobytes()))
    source = open_source("stacked_digits", path=str(tmp_path), split="test", image_size=4)
    expected = stack(FEW, 128_000, 0).fetch(np.arange(5))
    np.testing.assert_array_equal(source.fetch(np.arange(5))["image"], expected["image"])
    with pytest.raises(UserError, match="train-images-idx3-ubyte"):
        open_source("stacked_digits", path=str(tmp_path))
