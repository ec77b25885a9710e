"""Data of two domains: which images meet in a batch, what is read from folders, colours, outlines and maps of parts."""

import logging

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from ganjax.data import folder, open_source, pipeline
from ganjax.data.avatars import pack
from ganjax.data.colours import exact_lab, lab_of, rgb_of
from ganjax.data.source import divide, exchanged, fit, fit_map, from_arrays, unpaired
from ganjax.errors import UserError


def numbered(side, n, **info):
    """Images that are their own number."""
    images = np.arange(n, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
    return from_arrays(side, {side: images}, info)


def two_streams(large=10, small=7):
    sides = {"sides": {"a": "large", "b": "small"}}
    return numbered("a", large, **sides)._replace(beside=numbered("b", small))


def pairs(n=20):
    a, b = numbered("a", n).fetch(np.arange(n)), numbered("b", n).fetch(np.arange(n))
    return from_arrays("pairs", a | b, {"sides": {"a": "left", "b": "right"}})


def seen(source, steps, **options):
    """{name: [steps, m, b, …]} of the first batches."""
    iterator = pipeline.batches(source, **{"batch_size": 5, "micro": lambda step: 1, **options})
    taken = [next(iterator) for _ in range(steps)]
    return {name: np.stack([batch[name] for batch in taken]) for name in taken[0]}


def which(images):
    return images[..., 0, 0, 0].ravel()


# -------------------------------------------------------------------------------------------------------- two streams


def test_epochs_of_both_streams_are_permutations_each_of_its_own_length():
    batches = seen(two_streams(), 14)
    for side, size in (("a", 10), ("b", 7)):
        epochs = which(batches[side]).reshape(-1, size)
        assert all(sorted(epoch) == list(range(size)) for epoch in epochs)
        assert len({tuple(epoch) for epoch in epochs}) == len(epochs)


def test_streams_of_one_length_have_different_orders():
    batches = seen(two_streams(20, 20), 4)
    assert (which(batches["a"]) != which(batches["b"])).mean() > 0.7


def test_a_resumed_run_sees_both_streams_as_it_would_have():
    options = {"flip": True, "crop": 3, "crop_at": "random", "micro": lambda step: 2, "seed": 5}
    whole, rest = seen(two_streams(), 6, **options), seen(two_streams(), 3, start=3, **options)
    for side in "ab":
        np.testing.assert_array_equal(whole[side][3:], rest[side])


def test_flips_and_crops_are_each_streams_own():
    ramp = np.arange(36, dtype=np.uint8).reshape(1, 6, 6, 1).repeat(500, 0)
    source = from_arrays("a", {"a": ramp}, {})._replace(beside=from_arrays("b", {"b": ramp}, {}))
    batch = seen(source, 1, batch_size=500, flip=True, crop=4, crop_at="random")
    flipped, rows = ({s: f(batch[s][0, 0].astype(int)) for s in "ab"} for f in (_flipped, _row))
    for drawn in (flipped, rows):
        assert abs(np.corrcoef(drawn["a"], drawn["b"])[0, 1]) < 0.15
    both = from_arrays("pairs", {"a": ramp, "b": ramp}, {})
    alike = seen(both, 1, batch_size=500, flip=True, crop=4, crop_at="random")
    np.testing.assert_array_equal(alike["a"], alike["b"])


def _flipped(x):
    return x[:, 0, 0, 0] > x[:, 0, 1, 0]


def _row(x):
    return x[:, 0, :, 0].min(axis=-1) // 6


def test_maps_are_cut_and_turned_with_their_images_and_keep_their_numbers():
    ids = np.random.default_rng(0).integers(0, 40_000, (30, 6, 6, 1)).astype(np.int32)
    source = from_arrays("maps", {"a": ids, "b": (ids % 251).astype(np.uint8), "instance": ids + 1}, {})
    batch = seen(source, 2, flip=True, crop=4, crop_at="random")
    assert (batch["a"].dtype, batch["a"].shape) == (np.int32, (2, 1, 5, 4, 4, 1))
    np.testing.assert_array_equal(batch["a"] % 251, batch["b"])
    np.testing.assert_array_equal(batch["a"] + 1, batch["instance"])
    cut = pipeline.cut(source.fetch(np.arange(3)), 2)
    np.testing.assert_array_equal(cut["a"], ids[:3, 2:4, 2:4])
    np.testing.assert_array_equal(cut["a"] % 251, cut["b"])


def test_both_streams_are_divided():
    rest, held_out = divide(two_streams(), 3, seed=1)
    assert (rest.size, rest.beside.size, held_out.size, held_out.beside.size) == (7, 4, 3, 3)
    for side, size in (("a", 10), ("b", 7)):
        parts = [part if side == "a" else part.beside for part in (rest, held_out)]
        found = [which(part.fetch(np.arange(part.size))[side]).tolist() for part in parts]
        assert sorted(found[0] + found[1]) == list(range(size))
    with pytest.raises(UserError, match=r"held_out=7: b has 7 examples"):
        divide(two_streams(), 7, seed=1)


# ------------------------------------------------------------------------------------------- sides exchanged, pairs cut


@pytest.mark.parametrize("n", [20, 21, 2])
def test_a_and_b_of_a_pair_are_never_both_seen(n):
    source = unpaired(pairs(n), seed=3)
    batches = seen(source, 20)
    a, b = (set(which(batches[side]).tolist()) for side in "ab")
    assert (source.size, source.beside.size) == ((n + 1) // 2, n // 2)
    assert not a & b
    assert a | b == set(range(n))
    again, other = (seen(unpaired(pairs(n), seed=seed), 20) for seed in (3, 4))
    np.testing.assert_array_equal(batches["a"], again["a"])
    assert n == 2 or set(which(other["a"]).tolist()) != a


def test_pairs_held_out_before_they_are_taken_apart_stay_pairs():
    rest, held_out = divide(pairs(), 6, seed=0)
    shown = held_out.fetch(np.arange(6))
    np.testing.assert_array_equal(shown["a"], shown["b"])
    batches = seen(unpaired(rest, seed=0), 20)
    assert not {*which(batches["a"]), *which(batches["b"])} & {*which(shown["a"])}


def test_what_is_unpaired_stays_so_and_maps_go_with_a():
    assert (unpaired(two_streams(), seed=0).size, unpaired(two_streams(), seed=0).beside.size) == (10, 7)
    whole = pairs(8)
    more = whole._replace(fetch=lambda i: {**whole.fetch(i), "instance": i})
    source = unpaired(more, seed=0)
    assert (set(source.fetch(np.arange(2))), set(source.beside.fetch(np.arange(2)))) == ({"a", "instance"}, {"b"})


@pytest.mark.parametrize("make", [two_streams, pairs])
def test_exchanged_sides(make):
    plain, turned = make(), exchanged(make())
    assert turned.info["sides"] == {"a": plain.info["sides"]["b"], "b": plain.info["sides"]["a"]}
    expected, found = seen(plain, 3, flip=True), seen(turned, 3, flip=True)
    np.testing.assert_array_equal(found["b"], expected["a"])
    np.testing.assert_array_equal(found["a"], expected["b"])
    back = exchanged(turned)
    assert back.info == plain.info
    np.testing.assert_array_equal(seen(back, 2)["a"], expected["a"][:2])


def test_sides_that_are_not_there():
    faces = from_arrays("faces", {"image": np.zeros((4, 2, 2, 1), np.uint8)}, {})
    with pytest.raises(UserError, match=r"config\.data\.direction=ba: faces has no sides a and b"):
        exchanged(faces)
    with pytest.raises(UserError, match=r"config\.data\.unpaired=True: faces has no sides a and b"):
        unpaired(faces, seed=0)
    with pytest.raises(UserError, match=r"config\.data\.unpaired=True: pairs has 1 example"):
        unpaired(pairs(1), seed=0)


# -------------------------------------------------------------------------------------------------------------- avatars


def test_every_source_of_two_domains_says_what_they_are():
    for name in ("avatar_pairs", "avatar_outlines", "avatar_styles", "avatar_parts"):
        assert set(open_source(name).info["sides"]) == {"a", "b"}


def test_outlines_are_where_colours_meet():
    source = open_source("avatar_outlines")
    shown = source.fetch(np.arange(200))
    assert source.size == 10_000
    assert set(np.unique(shown["a"])) == {40, 255}
    np.testing.assert_array_equal(shown["b"], pack()["pixel_art"][:200])
    ink = shown["a"][..., 0] == 40
    assert 0.1 < ink.mean() < 0.3
    inner = np.broadcast_to(shown["b"][:, 1:, 1:], (200, 31, 31, 3)).astype(int)
    left, above = (abs(inner - x).max(axis=-1) for x in (shown["b"][:, 1:, :-1], shown["b"][:, :-1, 1:]))
    np.testing.assert_array_equal(ink[:, 1:, 1:], (left > 24) | (above > 24))


def test_two_styles_meet_without_pairs():
    source = open_source("avatar_styles", style="critters", image_size=16)
    assert (source.size, source.beside.size) == (10_000, 2_000)
    batches = seen(source, 1)
    assert batches["a"].shape == batches["b"].shape == (1, 1, 5, 16, 16, 3)
    with pytest.raises(UserError, match="no style 'critter'; did you mean 'critters'"):
        open_source("avatar_styles", style="critter")


def test_parts_are_those_the_face_was_drawn_with():
    """Against the attributes of the pack: glasses, hats and earrings are seen where there are some, and only there."""
    source, attributes = open_source("avatar_parts"), open_source("avatars")
    everyone = np.arange(source.size)
    found, names = source.fetch(everyone), source.info["parts"]
    codes, tables = attributes.fetch(everyone)["attributes"], attributes.info["attributes"]
    for part, attribute in (("glasses", "glasses"), ("hat", "hat"), ("earrings", "accessories")):
        none = tables[attribute].index("none")
        worn = codes[:, list(tables).index(attribute)] != none
        painted = (found["a"] == names.index(part)).any(axis=(1, 2, 3))
        assert not (painted & ~worn).any()
        assert (painted & worn).sum() > 0.9 * worn.sum()  # hair may hide earrings
    worn = codes[:, list(tables).index("glasses")]
    bare = np.asarray([not name.startswith("dark") for name in tables["glasses"]])[worn]  # eyes are seen
    for part in ("skin", "eyes", "mouth", "clothes"):
        assert (found["a"] == names.index(part)).any(axis=(1, 2, 3))[bare].mean() > 0.98
    corners = found["a"][:, [0, 0], [0, -1]]
    assert (corners == names.index("background")).mean() > 0.95


def test_instances_are_the_connected_pieces_of_a_part():
    shown = open_source("avatar_parts").fetch(np.arange(40))
    for part, instance in zip(shown["a"][..., 0], shown["instance"][..., 0], strict=True):
        pieces = sum(ndimage.label(part == each)[1] for each in np.unique(part))
        assert sorted(np.unique(instance)) == list(range(pieces))
        for number in range(pieces):
            assert len(np.unique(part[instance == number])) == 1
            assert ndimage.label(instance == number)[1] == 1


def test_larger_maps_are_not_interpolated():
    small, large = (open_source("avatar_parts", image_size=size).fetch(np.arange(5)) for size in (32, 64))
    for name in ("a", "instance"):
        assert (large[name].dtype, large[name].shape) == (np.int32, (5, 64, 64, 1))
        np.testing.assert_array_equal(large[name], small[name].repeat(2, axis=1).repeat(2, axis=2))
    with pytest.raises(UserError, match="image_size=48: maps of avatars come in multiples of 32"):
        open_source("avatar_parts", image_size=48)


# -------------------------------------------------------------------------------------------------------------- folders


def picture(path, colour=0, size=(10, 8), mode="L"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


def test_unpaired_folders(tmp_path, caplog):
    """Of other lengths and sizes; the larger one leads; what cannot be read is named with its folder."""
    for i in range(2):
        picture(tmp_path / f"trainA/{i}.png", 10 + i, size=(30 + i, 20))
    for i in range(5):
        picture(tmp_path / f"trainB/{i}.jpg", 100 + 10 * i, size=(6, 9 + i))
    picture(tmp_path / "testA/0.png", 1)
    picture(tmp_path / "testB/0.png", 2)
    (tmp_path / "trainB/cut.png").write_bytes(b"")
    source = open_source("unpaired_folders", path=str(tmp_path), image_size=4)
    assert (source.size, source.beside.size, source.name) == (5, 2, "unpaired_folders")
    assert source.info["sides"] == {"a": "trainA", "b": "trainB"}
    assert [line.partition(":")[0] for line in source.info["skipped"]] == ["trainB/cut.png"]
    assert "1 of 6 files skipped" in caplog.text
    batches = seen(source, 2)
    assert batches["a"].shape == batches["b"].shape == (2, 1, 5, 4, 4, 3)
    assert set(which(batches["a"])) == {10, 11}
    assert len(set(which(batches["b"]))) == 5
    test = open_source("unpaired_folders", path=str(tmp_path), image_size=4, split="test", channels=1)
    assert (which(seen(test, 1)["a"])[0], which(seen(test, 1)["b"])[0]) == (1, 2)


@pytest.mark.parametrize("layout", [("trainA/{}.png", "trainB/{}.jpg"), ("A/train/{}.png", "B/train/{}.jpg")])
def test_twin_folders(tmp_path, caplog, layout):
    for i in (3, 1, 2):
        picture(tmp_path / layout[0].format(i), 10 * i)
    for i in (1, 3, 4):
        picture(tmp_path / layout[1].format(i), 10 * i + 100)
    with caplog.at_level(logging.WARNING):
        source = open_source("paired_folders", path=str(tmp_path), image_size=4)
    shown = source.fetch(np.arange(source.size))
    assert which(shown["a"]).tolist() == [10, 30]
    np.testing.assert_allclose(which(shown["b"]), [110, 130], atol=1)
    alone = [f"{layout[0].format(2)}: has no twin", f"{layout[1].format(4)}: has no twin"]
    assert source.info["skipped"] == alone
    assert "2 of 4 files skipped" in caplog.text
    assert alone[1] in caplog.text


@pytest.mark.parametrize("below", ["train/", ""])
def test_halves_of_one_image(tmp_path, below):
    for i in range(3):
        whole = np.concatenate([np.full((6, 8), 10 * i), np.full((6, 1), 77), np.full((6, 8), 200 + i)], axis=1)
        (tmp_path / below).mkdir(exist_ok=True)
        Image.fromarray(whole.astype(np.uint8)).save(tmp_path / f"{below}{i}.png")
    source = open_source("paired_folders", path=str(tmp_path), image_size=6)
    shown = source.fetch(np.arange(3))
    for i in range(3):
        assert (shown["a"][i] == 10 * i).all()
        assert (shown["b"][i] == 200 + i).all()
    assert source.info["sides"] == {"a": "left half", "b": "right half"}


def test_both_halves_are_fit_in_the_same_way(tmp_path):
    half = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    Image.fromarray(np.concatenate([half, half], axis=1)).save(tmp_path / "0.png")
    shown = open_source("paired_folders", path=str(tmp_path), image_size=16).fetch(np.arange(1))
    np.testing.assert_array_equal(shown["a"], shown["b"])
    np.testing.assert_array_equal(shown["a"][0], fit(Image.fromarray(half), 16, 3))


def test_folders_too_large_for_memory_are_decoded_as_they_come(tmp_path, monkeypatch):
    for i in range(4):
        for side in "AB":
            picture(tmp_path / f"train{side}/{i}.png", 10 * i)
    sources = [open_source(name, path=str(tmp_path), image_size=4) for name in ("paired_folders", "unpaired_folders")]
    kept = [seen(source, 3) for source in sources]
    monkeypatch.setattr(folder, "IN_MEMORY", 0)
    for name, expected in zip(("paired_folders", "unpaired_folders"), kept, strict=True):
        for side, images in seen(open_source(name, path=str(tmp_path), image_size=4), 3).items():
            np.testing.assert_array_equal(images, expected[side])


def awkward(path):
    """16-bit grey, transparent, palette, turned by EXIF: half grey (128), white, grey, and a bright upper edge."""
    path.mkdir(parents=True)
    Image.fromarray(np.full((8, 8), 32896, np.uint16)).save(path / "0.png")
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(path / "1.png")
    Image.new("RGB", (8, 8), (128, 128, 128)).convert("P", palette=Image.Palette.ADAPTIVE).save(path / "2.png")
    turned = np.zeros((8, 8, 3), np.uint8)
    turned[:, :4] = 255  # bright on the left; "6" is to be turned clockwise: bright above
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(turned).save(path / "3.png", exif=exif)


def test_any_kind_of_file_in_folders(tmp_path):
    for side in ("trainA", "trainB"):
        awkward(tmp_path / side)
    pairs = open_source("paired_folders", path=str(tmp_path), image_size=8).fetch(np.arange(4))
    large = open_source("unpaired_folders", path=str(tmp_path), image_size=8)
    alone = {**large.fetch(np.arange(4)), **large.beside.fetch(np.arange(4))}
    lightness = open_source("colours", path=str(tmp_path / "trainA"), image_size=8).fetch(np.arange(4))["a"]
    for images in (pairs["a"], pairs["b"], alone["a"], alone["b"]):
        assert [int(images[i].min()) for i in range(3)] == [128, 255, 128]
        assert (images[3, :4] == 255).all()
        assert (images[3, 4:] == 0).all()
    assert which(lightness).tolist() == [137, 255, 137, 255]  # L = 53.6 of the grey 128


FOLDERS = ("unpaired_folders", "paired_folders", "label_folders", "colours")


@pytest.mark.parametrize("name", FOLDERS)
def test_folders_that_are_not_there(tmp_path, name):
    with pytest.raises(UserError, match=rf"config\.data\.name={name} reads .*--config\.data\.path=DIR"):
        open_source(name)
    with pytest.raises(UserError, match=r"config\.data\.path: no folder"):
        open_source(name, path=str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="should hold") as error:
        open_source(name, path=str(tmp_path))
    assert len(str(error.value).splitlines()) == 1


def test_parts_of_folders_that_are_not_there(tmp_path):
    picture(tmp_path / "trainA/left.png")
    with pytest.raises(UserError, match="has no trainB; it should hold trainA, trainB"):
        open_source("unpaired_folders", path=str(tmp_path))
    with pytest.raises(UserError, match="has no trainB; it should hold trainA and trainB"):
        open_source("paired_folders", path=str(tmp_path))
    with pytest.raises(UserError, match="has no testA"):
        open_source("unpaired_folders", path=str(tmp_path), split="test")
    picture(tmp_path / "trainB/right.png")
    with pytest.raises(UserError, match=r"no two files belong together, such as trainA/left.png and trainB/right.png"):
        open_source("paired_folders", path=str(tmp_path))
    picture(tmp_path / "other/train/thin.png", size=(1, 4))
    with pytest.raises(UserError, match="1×4 pixels have no two halves"):
        open_source("paired_folders", path=str(tmp_path / "other"))


# --------------------------------------------------------------------------------------------------------------- labels


def maps(root, n=3, size=(12, 8), instances=True):
    """Maps of 16-bit instances and 8-bit classes with photographs whose grey is ten times the class."""
    rng = np.random.default_rng(0)
    for kind in ("train_label", "train_img", "train_inst")[: 2 + instances]:
        (root / kind).mkdir(parents=True)
    ids = rng.integers(0, 20, (n, size[1], size[0])).astype(np.uint8)
    for i, each in enumerate(ids):
        stem = f"aachen_{i:06}"
        Image.fromarray(each).save(root / f"train_label/{stem}_gtFine_labelIds.png")
        Image.fromarray(each * 10).save(root / f"train_img/{stem}_leftImg8bit.png")
        if instances:
            Image.fromarray(1000 * each.astype(np.uint16) + 7).save(root / f"train_inst/{stem}_gtFine_instanceIds.png")
    return ids


def test_label_folders(tmp_path):
    """Cityscapes' names; the middle square; numbers as in the file, also when made larger; instances numbered from 0."""
    ids = maps(tmp_path)
    shown = open_source("label_folders", path=str(tmp_path), image_size=8).fetch(np.arange(3))
    assert {name: (x.dtype, x.shape) for name, x in shown.items()} == {
        "a": (np.int32, (3, 8, 8, 1)),
        "b": (np.uint8, (3, 8, 8, 3)),
        "instance": (np.int32, (3, 8, 8, 1)),
    }
    np.testing.assert_array_equal(shown["a"][..., 0], ids[:, :, 2:10])
    np.testing.assert_array_equal(shown["b"][..., :1], 10 * shown["a"])
    for a, instance in zip(shown["a"], shown["instance"], strict=True):
        np.testing.assert_array_equal(instance, np.searchsorted(np.unique(a), a))
    large = open_source("label_folders", path=str(tmp_path), image_size=24).fetch(np.arange(3))
    for name in ("a", "instance"):
        np.testing.assert_array_equal(large[name], shown[name].repeat(3, axis=1).repeat(3, axis=2))


def test_label_folders_without_instances(tmp_path):
    maps(tmp_path, instances=False)
    source = open_source("label_folders", path=str(tmp_path), image_size=8, classes=20)
    assert set(source.fetch(np.arange(1))) == {"a", "b"}
    assert len(source.info["parts"]) == 20


def test_maps_of_palettes_are_their_indices(tmp_path):
    maps(tmp_path, n=1, instances=False)
    indexed = Image.fromarray(np.full((8, 12), 7, np.uint8)).convert("P")
    indexed.putpalette([255, 0, 0] * 256)
    indexed.save(tmp_path / "train_label/aachen_000000_gtFine_labelIds.png")
    assert (open_source("label_folders", path=str(tmp_path), image_size=8).fetch(np.arange(1))["a"] == 7).all()


def test_maps_of_other_classes_and_of_colours(tmp_path):
    maps(tmp_path, instances=False)
    with pytest.raises(UserError, match=r"train_label/aachen.*config\.data\.classes=5 are 0 to 4"):
        open_source("label_folders", path=str(tmp_path), classes=5)
    picture(tmp_path / "train_label/aachen_000001_gtFine_labelIds.png", (1, 2, 3), mode="RGB")
    skipped = open_source("label_folders", path=str(tmp_path), image_size=8).info["skipped"]
    assert [line.rpartition(": ")[2] for line in skipped] == ["its pixels are RGB, and should be one whole number each"]


@pytest.mark.parametrize("shape", [(7, 7), (9, 5), (4, 13)])
def test_maps_are_fit_as_images_are(shape):
    """On blocks of one colour, enlarged: where the nearest pixel lies is where Pillow's square has it."""
    ids = np.random.default_rng(0).integers(0, 2, shape).astype(np.uint8)
    side = min(shape)
    like = np.asarray(
        Image.fromarray(255 * ids).resize((side * 4, side * 4), Image.Resampling.NEAREST, box=_square(shape))
    )
    np.testing.assert_array_equal(255 * fit_map(ids, side * 4)[..., 0], like)


def _square(shape):
    side = min(shape)
    left, top = (shape[1] - side) / 2, (shape[0] - side) / 2
    return (left, top, left + side, top + side)


# -------------------------------------------------------------------------------------------------------------- colours


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((128, 128, 128), (53.59, 0, 0)),
    ],
)
def test_lab_of_known_colours(rgb, lab):
    """Published values of CIE Lab under D65."""
    x = np.asarray([rgb], np.uint8)
    np.testing.assert_allclose(exact_lab(x)[0], lab, atol=0.01)
    lightness, chroma = lab_of(x)
    assert [*lightness[0], *chroma[0]] == [round(lab[0] * 2.55), *(round(v + 128) for v in lab[1:])]


def test_colours_there_and_back():
    """Bytes of Lab keep sRGB to within a grey level in the mean: the step of chroma is what is lost."""
    x = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    lost = abs(rgb_of(*lab_of(x)).astype(int) - x)
    assert lost.mean() < 1
    assert np.quantile(lost, 0.99) <= 6
    grey = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    assert (lab_of(grey)[1] == 128).all()
    assert abs(rgb_of(*lab_of(grey)).astype(int) - grey).max() <= 1


def test_a_folder_of_colours(tmp_path):
    picture(tmp_path / "0.png", (255, 0, 0), mode="RGB")
    picture(tmp_path / "deep/1.png", 128)
    source = open_source("colours", path=str(tmp_path), image_size=4)
    shown = source.fetch(np.arange(2))
    assert shown["a"].shape == (2, 4, 4, 1)
    assert shown["b"].shape == (2, 4, 4, 2)
    assert (shown["a"][0, 0, 0].tolist(), shown["b"][0, 0, 0].tolist()) == ([136], [208, 195])
    assert shown["b"][1, 0, 0].tolist() == [128, 128]
    assert (source.info["colour"], set(source.info["sides"])) == ("lab", {"a", "b"})
    assert rgb_of(shown["a"], shown["b"])[0, 0, 0].tolist() == pytest.approx([255, 0, 0], abs=3)


OFFICIAL = [
    f"{name}:{variant}"
    for name, of in {
        "cyclegan": ("horse2zebra",), "unit": ("official", "munit_repo"), "munit": ("official", "cycle"),
        "ugatit": ("selfie2anime", "full"),
    }.items()
    for variant in of
]  # fmt: skip


@pytest.mark.parametrize("spec", OFFICIAL)
def test_official_variants_open_two_folders(tmp_path, spec):
    """Nothing that the default's data wanted is left over."""
    from PIL import Image

    from ganjax import config as configs
    from ganjax.run import open_data

    for side in "AB":
        (tmp_path / f"train{side}").mkdir()
        Image.new("RGB", (300, 260), "red").save(tmp_path / f"train{side}" / "1.png")
    name, variant = spec.split(":")
    config = configs.load(f"configs/{name}.py:{variant}", [f"--config.data.path={tmp_path}"])
    source, _ = open_data(config.data)
    assert source.size == 1
