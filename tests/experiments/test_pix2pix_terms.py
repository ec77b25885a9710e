"""pix2pix_terms: what sharpness and chroma measure, and the rule."""

import numpy as np
import pytest

from experiments.pix2pix_terms.__main__ import verdict
from experiments.pix2pix_terms.measuring import chroma, gradient


def test_the_gradient_of_a_plane_is_its_slope():
    y, x = np.mgrid[:9, :9] / 8.0
    plane = np.repeat((0.3 * x + 0.4 * y)[None, :, :, None], 3, axis=-1)
    assert gradient(plane) == pytest.approx(0.5 / 8)
    assert gradient(np.ones((2, 5, 5, 3))) == 0


def test_the_mean_of_two_stripes_that_disagree_is_half_as_sharp():
    stripes = np.tile([1.0, 0.0], 4)[None, None, :, None] * np.ones((1, 8, 1, 3))
    blurred = (stripes + 0.5) / 2  # half of the answers have no stripes
    assert gradient(blurred) == pytest.approx(gradient(stripes) / 2)


def test_grey_has_no_chroma():
    grey = np.random.default_rng(0).uniform(-1, 1, (3, 4, 4, 1)).repeat(3, axis=-1)
    assert chroma(grey) == 0
    assert chroma(np.broadcast_to([1.0, 0.0, -1.0], (2, 4, 4, 3))) == 2


@pytest.mark.parametrize(
    ("gan", "both", "answer"),
    [
        ((0.3, 0.9), (0.12, 0.9), "yes"),
        ((0.3, 1.1), (0.2, 0.9), "partly"),  # GAN + close too far
        ((0.3, 0.6), (0.12, 0.6), "partly"),  # neither of them sharp
        ((0.09, 0.4), (0.2, 0.6), "no"),
    ],
)
def test_the_rule(gan, both, answer):
    rows = {"close": (0.1, 0.5), "GAN": gan, "GAN + close": both}
    found = {name: [{"error": error, "sharpness": sharp}] for name, (error, sharp) in rows.items()}
    assert verdict(found)[0] == answer
