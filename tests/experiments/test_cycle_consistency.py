"""Counts against their closed forms, and measures against pairs made by hand."""

import numpy as np
import pytest

from experiments.cycle_consistency.__main__ import correlation, measure
from experiments.cycle_consistency.counting import closed_form, cycle_consistent, enumerated
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
