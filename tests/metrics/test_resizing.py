"""Resizing modes by what defines them; tests/parity compares them with the programs they follow."""

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from ganjax.errors import UserError
from ganjax.metrics.resizing import MODES, matrix, resize


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sizes", [(32, 299), (600, 299), (299, 299), (7, 20)])
def test_a_flat_image_stays_flat_and_the_same_size_is_the_same_image(mode, sizes):
    rows = matrix(mode, *sizes)
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-12)
    if sizes[0] == sizes[1]:
        np.testing.assert_allclose(rows, np.eye(sizes[0]), atol=1e-6)


@pytest.mark.parametrize("sizes", [(48, 299), (600, 299), (32, 128), (300, 128), (7, 20)])
def test_clean_is_pillows_bicubic_in_floating_point(sizes):
    n, to = sizes
    image = np.random.default_rng(1).integers(0, 256, (n, n + 3)).astype(np.float32)
    theirs = np.asarray(Image.fromarray(image).resize((to, to), Image.Resampling.BICUBIC))
    ours = resize(jnp.asarray(image)[None, ..., None], to, "clean")[0, ..., 0]
    np.testing.assert_allclose(ours, theirs, atol=7e-5)


def test_bilinear_modes_at_two_pixels():
    """0, 1 to four pixels: TensorFlow 1 puts them at 0, ½, 1, (1); between centres they lie at (0), ¼, ¾, (1)."""
    line = np.array([0.0, 1.0])
    np.testing.assert_allclose(matrix("legacy-tf", 2, 4) @ line, [0, 0.5, 1, 1])
    np.testing.assert_allclose(matrix("pytorch-fid", 2, 4) @ line, [0, 0.25, 0.75, 1])


def test_a_mode_that_is_not_there():
    with pytest.raises(UserError, match="no resizing mode 'cleann'; did you mean 'clean'"):
        matrix("cleann", 2, 4)
