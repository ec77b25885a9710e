"""Pictures, latents and mode counts in closed form."""

import numpy as np
import pytest
from PIL import Image

from ganjax.errors import UserError
from ganjax.latents import latents, walk
from ganjax.metrics.modes import coverage
from ganjax.monitor import pictures


def test_bytes_of_the_models_range():
    assert pictures.to_bytes(np.array([-2.0, -1.0, 0.0, 1.0, 3.0])).tolist() == [0, 0, 128, 255, 255]


def test_a_sheet_has_every_image_in_its_place():
    images = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 1), np.uint8)
    page = pictures.sheet(images, columns=3, gap=1)
    assert page.shape == (2 * 3 + 1, 3 * 4 + 1, 1)
    assert page[1::3, 1::4, 0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert page[0].min() == 255


def test_a_scatter_shows_points_and_modes_and_survives_nan():
    page = pictures.scatter(np.array([[0.5, 0.5], [np.nan, 0.0], [1e9, 0.0]]), [[1.0, 1.0]])
    assert (page != 255).any()
    assert page[200:].min() == 255  # both lie in the upper half


def test_files_appear_whole(tmp_path):
    pictures.save_png(tmp_path / "new" / "x.png", np.zeros((4, 4, 1), np.uint8), scale=3)
    with Image.open(tmp_path / "new" / "x.png") as image:
        assert image.size == (12, 12)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["x.png"]


Z = np.random.default_rng(0).standard_normal((5, 8)).astype(np.float32)


def test_named_latents():
    assert latents("random", Z) is Z
    assert (latents("0.3", Z) == np.float32(0.3)).all()
    assert (latents("-1", Z) == -1).all()
    assert latents("onehot:2", Z)[3].tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert latents("set:5=10,6=10,base=1", Z)[0].tolist() == [1, 1, 1, 1, 1, 10, 10, 1]
    swept = latents("sweep:1", Z)
    assert swept[:, 1].tolist() == [-3, -1.5, 0, 1.5, 3]
    assert (np.delete(swept, 1, 1) == np.delete(Z[:1], 1, 1)).all()


@pytest.mark.parametrize("spherical", [False, True])
def test_walks_end_where_they_should(spherical):
    path = walk(Z[0], Z[1], 9, spherical)
    np.testing.assert_allclose(path[[0, -1]], Z[:2], atol=1e-5)


def test_a_spherical_walk_stays_on_the_sphere():
    a, b = np.eye(8, dtype=np.float32)[:2]
    np.testing.assert_allclose(np.linalg.norm(walk(a, b, 7, spherical=True), axis=1), 1, atol=1e-6)
    assert np.linalg.norm(walk(a, b, 7), axis=1).min() < 0.75


@pytest.mark.parametrize("name", ["ones", "onehot:8", "onehot:x", "sweep:-1", "set:9=1", "set:1=a", "lerp:3"])
def test_latents_that_are_none(name):
    with pytest.raises(UserError, match="--latent="):
        latents(name, Z)


def test_modes_are_counted_within_three_sigma():
    modes = [[0.0, 0.0], [1.0, 0.0]]
    points = np.array([[0.0, 0.029]] * 98 + [[1.0, 0.0]] + [[np.nan, 0.0]])
    assert coverage(points, modes, 0.01) == (2, 0.99, [98, 1])
    assert coverage(points, modes, 0.009) == (1, 0.01, [0, 1])
    assert coverage(points, modes, 0.01, at_least=0.02).covered == 1


def test_the_data_cover_themselves():
    """Of a 2-D Gaussian 1 − e^(−9/2) = 98.9 % lie within 3σ."""
    from ganjax.data import open_source

    source = open_source("grid25")
    found = coverage(source.fetch(np.arange(10_000))["image"], source.info["modes"], source.info["sigma"])
    assert found.covered == 25
    assert found.share == pytest.approx(1 - np.exp(-4.5), abs=0.004)
