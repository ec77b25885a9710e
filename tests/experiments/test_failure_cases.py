"""failure_cases: silhouettes, how much they overlap, and the scale from the input to the other domain."""

import numpy as np
import pytest

from experiments.failure_cases.__main__ import verdict
from experiments.failure_cases.measuring import Looked, measured, overlaps, pixels, shape, silhouettes


def squares(*sides, size=12):
    """White images with a black square of each side, from the corner (2, 2) on."""
    images = np.full((len(sides), size, size, 3), 255, np.uint8)
    for image, side in zip(images, sides, strict=True):
        image[2 : 2 + side, 2 : 2 + side] = 0
    return images


def looked(images, shift=0.0):
    """Features drawn about ``shift``."""
    features = np.random.default_rng(len(images)).normal(shift, 1, (len(images), 4))
    return Looked(images, features, silhouettes(images))


def test_a_silhouette_has_what_is_enclosed_and_not_the_nearly_white_around():
    images = squares(6)
    images[0, 4:6, 4:6] = 255  # an eye
    images[0, 0, 0] = 250  # not quite the background
    images[0, 10, 10] = (255, 200, 255)  # one channel is enough
    expected = np.zeros((1, 12, 12), bool)
    expected[0, 2:8, 2:8] = expected[0, 10, 10] = True
    np.testing.assert_array_equal(silhouettes(images), expected)


def test_a_ring_in_one_image_encloses_nothing_of_its_neighbours():
    images = np.concatenate([squares(6), squares(0), squares(6)])
    images[[0, 2], 4:6, 4:6] = 255
    assert not silhouettes(images)[1].any()


def test_a_square_of_half_the_side_has_a_quarter_in_common():
    x, y = looked(squares(8, 8)), looked(squares(4, 4))
    assert shape(x, y) == pytest.approx(0.75)
    assert overlaps(x.masks, y.masks) == pytest.approx(0.25)
    assert pixels(x, y) == pytest.approx(255 * (64 - 16) / 144)
    assert shape(x, x) == pixels(x, x) == 0


def test_the_input_has_gone_no_way_and_another_image_of_the_target_all_of_it():
    faces, critters = looked(squares(8, 8, 8, 7), 0), looked(squares(4, 4, 3, 4), 3)
    stays, goes = measured(faces, faces, critters), measured(faces, critters, critters)
    assert stays["pixels"] == stays["features"] == stays["shape"] == stays["way"] == 0
    assert stays["rest"] == 1
    assert goes["way"] == pytest.approx(1)
    assert goes["rest"] < 0.5


@pytest.mark.parametrize(
    ("shape", "way", "rest", "answer"),
    [(0.2, 0.1, 0.9, "yes"), (0.2, 0.1, 0.3, "partly"), (0.8, 0.9, 0.9, "partly"), (0.2, 0.9, 0.4, "no")],
)
def test_the_rule(shape, way, rest, answer):
    other = {"shape": 1.0, "way": 1.0, "rest": 0.0}
    found = {"CycleGAN": [{"shape": shape, "way": way, "rest": rest}], "UNIT": [other], "CycleGAN, glasses": [other]}
    assert verdict(found)[0] == answer
