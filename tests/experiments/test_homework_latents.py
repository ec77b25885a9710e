"""Where pictures lie, on hand-made ones; how long the homework's latents are."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")
from experiments.homework_latents import measuring
from experiments.homework_latents.measuring import NAMED, Digits
from ganjax.latents import latents


def test_nearest_of_hand_made_points():
    x = np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 4.5]])
    distance, which = measuring.nearest(x[:1], x[1:])
    assert (distance[0], which[0]) == (pytest.approx(np.sqrt(25 / 2)), 0)
    distance, which = measuring.nearest(x, x, itself=True)
    assert which.tolist() == [1, 2, 1]
    np.testing.assert_allclose(distance[1:], np.sqrt(0.25 / 2))


def test_all_one_is_as_long_as_random_latents_and_the_others_are_not():
    found = {
        name: measuring.length(latents(latent, np.zeros((1, 100), np.float32))[0]) for name, latent in NAMED.items()
    }
    assert found["1"] == found["−1"] == (10, 0)
    assert found["0.5"][0] == 5
    assert found["two at 10"][0] == pytest.approx(np.sqrt(98 + 200))
    typical = {name for name, (_, deviations) in found.items() if abs(deviations) < measuring.FAR}
    assert typical == {"1", "−1"}


def test_a_line_moves_one_coordinate():
    line = measuring.line(np.arange(4.0), 2, (0, 1), n=3)
    np.testing.assert_array_equal(line, [[0, 1, 0, 3], [0, 1, 0.5, 3], [0, 1, 1, 3]])


def test_a_generator_that_scales_the_picture_with_its_latent():
    def draw(z):
        return z.reshape(len(z), 2, 2)

    digits = Digits(np.eye(4), np.arange(4))
    swept = measuring.swept(draw, np.zeros((2, 4)), (0, 1), 0.5, digits)
    assert swept["ends_apart"] == pytest.approx(1)  # one pixel of four by 1: ½ in the root mean square
    at = measuring.place(draw(np.array([[0.1, 0.9, 0.0, 0.0]])), np.zeros((1, 4)), digits)
    assert at.digit.tolist() == [1]


def test_rarity_is_of_both_sides():
    among = np.arange(1.0, 101)
    assert [measuring.rarity(x, among) for x in (50.5, 99, 2, 101, 0)] == pytest.approx([1, 0.04, 0.04, 0, 0])
