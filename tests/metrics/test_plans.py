"""Moving plans as pictures: where they are bright, how long their bars are."""

import numpy as np
import pytest

from ganjax.metrics import earth_mover
from ganjax.monitor.plans import EMPTY, FROM, TO, plan_picture

P, Q = np.array([0.5, 0.25, 0.25]), np.array([0.125, 0.125, 0.25, 0.5])
CELL = 16
PLAN = earth_mover(P, Q, np.abs(np.arange(3.0)[:, None] - np.arange(4.0)))[1]
PICTURE = plan_picture(P, Q, PLAN, CELL)
SIDE = 4 * CELL  # of the bars


def test_a_picture_is_the_plan_and_a_row_of_bars_on_two_sides():
    assert PICTURE.dtype == np.uint8
    assert PICTURE.shape == (SIDE + 3 * CELL, SIDE + 4 * CELL, 3)
    assert (PICTURE[:SIDE, :SIDE] == EMPTY).all()


def test_a_cell_is_as_bright_as_what_moves_is_large():
    cells = PICTURE[SIDE + CELL // 2 :: CELL, SIDE + CELL // 2 :: CELL, 0]
    np.testing.assert_allclose(cells / 255, PLAN / PLAN.max(), atol=0.5 / 255 + 1e-9)
    assert cells.flat[PLAN.argmax()] == 255


def test_bars_are_as_long_as_the_piles_are_high_and_stand_on_the_plan():
    left = (PICTURE[SIDE + CELL // 2 :: CELL, :SIDE] == FROM).all(axis=-1)
    above = (PICTURE[:SIDE, SIDE + CELL // 2 :: CELL] == TO).all(axis=-1)
    assert left.sum(axis=1).tolist() == [SIDE, SIDE / 2, SIDE / 2]
    assert above.sum(axis=0).tolist() == [SIDE / 4, SIDE / 4, SIDE / 2, SIDE]
    assert left[:, -1].all()
    assert above[-1].all()


def test_bars_sum_as_cells_do_for_a_pile_that_splits():
    picture = plan_picture(np.array([1.0]), np.array([0.25, 0.75]), np.array([[0.25, 0.75]]), CELL)
    assert picture[SIDE + CELL // 2, SIDE + CELL // 2 :: CELL, 0].tolist() == [85, 255]


def test_a_plan_of_other_piles_is_refused():
    with pytest.raises(ValueError, match="rows must sum to p and its columns to q"):
        plan_picture(P, Q, np.full((3, 4), 1 / 12))
