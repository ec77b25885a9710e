"""Counts against their closed forms, and measures against pairs made by hand."""

import numpy as np
import pytest

from experiments.cycle_consistency.__main__ import correlation, measure
from experiments.cycle_consistency.counting import closed_form, cycle_consistent, enumerated
from experiments.cycle_consistency.tables import cycle_loss, judged, marginal_loss
from experiments.cycle_consistency.translators import Pairs, others, retrieved


@pytest.mark.parametrize("n", [1, 2, 3])
def test_what_is_counted_one_by_one_is_the_closed_form(n):
    assert enumerated(n) == closed_form(n)


def test_every_bijection_is_consistent_with_its_inverse_and_nothing_else_is():
    assert cycle_consistent((1, 2, 0), (2, 0, 1))
    assert not cycle_consistent((1, 2, 0), (1, 2, 0))
    assert not any(cycle_consistent((0, 0, 1), g) for g in [(0, 2, 1), (1, 2, 2), (0, 1, 2)])


def test_a_permutation_is_as_good_as_the_truth_but_for_who_is_who():
    """Marginals and cycle cannot tell them apart; the pairs can."""
    truth = np.random.default_rng(0).uniform(-1, 1, (12, 8, 8, 3)).astype(np.float32)
    pairs = Pairs(truth, truth)
    right, wrong = measure(truth, truth, pairs), measure(others(truth), truth, pairs)
    assert right["cycle_error"] == wrong["cycle_error"] == 0
    assert (right["error"], right["retrieved"], right["correlation"]) == (0, 1, pytest.approx(1))
    assert (wrong["error_to_another"], wrong["retrieved"]) == (0, 0)
    assert wrong["correlation"] == pytest.approx(right["correlation_with_another"])


def test_what_all_images_have_in_common_counts_for_nothing():
    x = np.random.default_rng(1).normal(size=(40, 6, 6, 3))
    same = np.random.default_rng(2).normal(size=(6, 6, 3)) * 100
    assert correlation(x + same, x - same) == pytest.approx(1)
    assert retrieved(x + 0.01, x) == 1


def test_no_permutation_is_told_from_another_by_the_losses():
    """Each table that is sure of a bijection, with its inverse, has none of either loss."""
    for order in ([0, 1, 2, 3], [2, 0, 3, 1]):
        table = 50 * np.eye(4)[order]
        assert float(marginal_loss(table)) == pytest.approx(0, abs=1e-6)
        assert float(cycle_loss(table, table.T)) == pytest.approx(0, abs=1e-6)
    assert float(marginal_loss(np.zeros((4, 4)))) == pytest.approx(0, abs=1e-6)  # anywhere at random is as good
    assert float(cycle_loss(np.zeros((4, 4)), np.zeros((4, 4)))) == pytest.approx(np.log(4), rel=1e-5)


def test_tables_are_judged_by_hand():
    found = judged(np.stack([np.eye(3), np.eye(3)[[1, 2, 0]], np.full((3, 3), 1 / 3), np.eye(3)[[0, 0, 1]]]))
    assert found == {"marginal_right": 0.75, "bijection": 0.5, "the_one_wanted": 0.25}
