"""Curves drawn with Pillow: round numbers at the axes, points where they belong, words beside rows."""

import numpy as np
import pytest

from ganjax.monitor import plots

BLUE = (0x00, 0x72, 0xB2)


def blue(page):
    """(row, column) of the first curve's pixels."""
    return np.argwhere((np.abs(np.asarray(page).astype(int) - BLUE) < 30).all(axis=-1))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-3.1, 17, [0, 5, 10, 15]),
        (1e-5, 9e-5, [2e-5, 4e-5, 6e-5, 8e-5]),
        (954, 1146, [1000, 1050, 1100]),
    ],
)
def test_ticks_are_round(low, high, expected):
    assert plots.ticks(low, high) == pytest.approx(expected)


def test_a_point_is_where_its_numbers_say():
    """Of (0, 0) and (1, 1) the axes reach 6 % further: the dots are at 6/112 and 106/112 of the box."""
    page = plots.lines({"": ([0, 1], [0, 1])}, size=(560, 400))
    assert page.size == (560, 400)
    found = blue(page)
    left, top, right, bottom = plots.LEFT, plots.TOP, 560 - plots.RIGHT, 400 - plots.BOTTOM
    assert found[:, 1].min() == pytest.approx(left + (right - left) * 6 / 112, abs=5)
    assert found[:, 1].max() == pytest.approx(left + (right - left) * 106 / 112, abs=5)
    assert found[:, 0].max() == pytest.approx(bottom - (bottom - top) * 6 / 112, abs=5)


def test_a_curve_breaks_where_a_value_is_none():
    whole = plots.lines({"": ([0, 1, 2, 3], [1, 2, 3, 4])})
    broken = plots.lines({"": ([0, 1, 2, 3], [1, float("nan"), 3, 4])})
    assert 0 < len(blue(broken)) < len(blue(whole))
    nothing = plots.lines({"": ([0, 1], [float("nan"), float("inf")])}, "title", "x", "y")
    assert len(blue(nothing)) == 0
    assert len(blue(plots.lines({"": (np.arange(9), np.arange(9.0) ** 2)}))) > 0
    assert len(blue(plots.lines({"": ([2], [3])}))) > 0


def test_several_curves_have_a_legend():
    one, two = plots.lines({"a": ([0, 1], [0, 1])}), plots.lines({"a": ([0, 1], [0, 1]), "b": ([0, 1], [1, 0])})
    assert len(blue(two)) > len(blue(one)) - 200
    orange = (np.abs(np.asarray(two).astype(int) - (0xD5, 0x5E, 0x00)) < 30).all(axis=-1)
    assert orange.sum() > 100


def test_rows_have_their_names_left_of_them():
    images = np.zeros((3, 16, 16, 1), np.uint8)
    page = plots.rows({"none": images, "a longer name": images})
    assert page.shape[0] == 2 * (48 + 2) + 2
    sheet = 3 * (48 + 2) + 2
    assert page.shape[1] > sheet + 60
    names = page[:, : page.shape[1] - sheet]
    assert (names[:50] < 200).any()
    assert (names[50:] < 200).any()
