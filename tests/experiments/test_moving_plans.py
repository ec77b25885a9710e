"""Plans between piles, made by hand and found."""

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from experiments.moving_plans import measuring
from experiments.moving_plans.measuring import Piles
from ganjax.metrics import earth_mover

STREET = Piles(np.array([[0.0], [2.0], [3.0], [5.0]]), np.array([0, 0.5, 0, 0.5]), np.array([0.5, 0, 0.5, 0]))


def test_the_nearest_first_is_not_the_best():
    """2 -> 3 and 5 -> 0 cost (1 + 5) / 2; 2 -> 0 and 5 -> 3 cost (2 + 2) / 2."""
    assert measuring.cost(STREET, measuring.greedy(STREET)) == pytest.approx(3)
    assert earth_mover(STREET.p, STREET.q, STREET.way())[0] == pytest.approx(2)


def test_the_critic_proves_it():
    value, f = measuring.critic(STREET)
    assert value == pytest.approx(2)
    assert f == pytest.approx([0, 2, f[2], f[2] + 2])
    assert measuring.slope(STREET, f) == pytest.approx(1)


def test_the_closed_form_is_scipys():
    piles = measuring.drawn(3, 7, 1)
    expected = wasserstein_distance(piles.places[:, 0], piles.places[:, 0], piles.p, piles.q)
    assert measuring.on_a_line(piles) == pytest.approx(expected)
    assert np.isnan(measuring.on_a_line(measuring.drawn(3, 7, 2)))


def test_any_plan_is_a_plan():
    piles, random = measuring.drawn(0, 6, 2), np.random.default_rng(0)
    for _ in range(5):
        plan = measuring.anyhow(piles, random)
        assert plan.min() >= 0
        assert plan.sum(axis=1) == pytest.approx(piles.p)
        assert plan.sum(axis=0) == pytest.approx(piles.q)


def test_everything_agrees_on_one_pair():
    found = measuring.measure(measuring.drawn(1, 5, 1), 50, seed=0)
    assert found.critic == pytest.approx(found.best) == pytest.approx(found.line)
    assert found.others.min() >= found.best - 1e-9
