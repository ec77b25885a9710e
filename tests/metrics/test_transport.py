"""Distances between distributions whose truth is known."""

import itertools

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from ganjax import metrics

RANDOM = np.random.default_rng(0)
P, Q = np.array([0.5, 0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.25, 0.75])


def test_disjoint_distributions():
    assert metrics.total_variation(P, Q) == 1
    assert metrics.kullback_leibler(P, Q) == np.inf
    assert metrics.jensen_shannon(P, Q) == pytest.approx(np.log(2))
    assert metrics.jensen_shannon(P, Q, halved=False) == pytest.approx(2 * np.log(2))


def test_two_coins():
    p, q = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    assert metrics.total_variation(p, q) == 0.25
    assert metrics.kullback_leibler(p, q) == pytest.approx(0.5 * np.log(4 / 3))
    assert metrics.kullback_leibler(p, p) == metrics.jensen_shannon(p, p) == 0


@pytest.mark.parametrize("wrong", [[0.5, 0.6], [-0.5, 1.5]])
def test_what_is_no_distribution(wrong):
    with pytest.raises(ValueError, match="not a distribution"):
        metrics.total_variation(np.array(wrong), np.array([0.5, 0.5]))


def test_the_best_plan_between_two_piles():
    """On a line the cost is the area between the cumulated shares; the plan's rows and columns are the piles."""
    p, q = (RANDOM.dirichlet(np.ones(6)) for _ in range(2))
    at = np.arange(6.0)
    cost, plan = metrics.earth_mover(p, q, np.abs(at[:, None] - at))
    assert cost == pytest.approx(np.abs(np.cumsum(p - q)).sum(), abs=1e-9)
    np.testing.assert_allclose(plan.sum(1), p, atol=1e-9)
    np.testing.assert_allclose(plan.sum(0), q, atol=1e-9)
    assert (plan >= -1e-12).all()


def test_a_plan_between_piles_of_unlike_number():
    cost, plan = metrics.earth_mover(np.array([1.0]), np.array([0.2, 0.8]), np.array([[3.0, 1.0]]))
    assert cost == pytest.approx(1.4)
    np.testing.assert_allclose(plan, [[0.2, 0.8]], atol=1e-12)


def test_wasserstein_is_the_best_of_all_assignments():
    x, y = RANDOM.normal(size=(6, 2)), RANDOM.normal(size=(6, 2))
    every = [np.linalg.norm(x - y[list(order)], axis=1).mean() for order in itertools.permutations(range(6))]
    assert metrics.wasserstein_1(x, y) == pytest.approx(min(every), rel=1e-12)


def test_wasserstein_of_a_shift_and_on_a_line():
    x = RANDOM.normal(size=(50, 3))
    assert metrics.wasserstein_1(x, x + np.array([3.0, 0.0, 4.0])) == pytest.approx(5)
    a, b = RANDOM.normal(size=(50, 1)), RANDOM.exponential(size=(50, 1))
    assert metrics.wasserstein_1(a, b) == pytest.approx(wasserstein_distance(a[:, 0], b[:, 0]))
    with pytest.raises(ValueError, match="equally many"):
        metrics.wasserstein_1(x, x[:3])


def test_slices_of_a_shift():
    """A shift by s in d dimensions: |s| E|v₁| along random directions, 2/π in the plane; never more than W₁."""
    x = RANDOM.normal(size=(40, 2))
    sliced = metrics.sliced_wasserstein_1(x, x + np.array([3.0, 4.0]), directions=4000)
    assert sliced == pytest.approx(5 * 2 / np.pi, rel=0.02)
    a, b = RANDOM.normal(size=(20, 1)), RANDOM.normal(size=(20, 1))
    assert metrics.sliced_wasserstein_1(a, b) == pytest.approx(metrics.wasserstein_1(a, b))
