"""Distances along paths whose truth is on paper."""

import numpy as np
import pytest

from experiments.disjoint_supports import measuring


@pytest.mark.parametrize("theta", [-1.0, 0.1, 0.7])
def test_parallel_lines_are_example_1(theta):
    """JS = log 2, TV = 1, KL = ∞, W₁ = |θ|: Arjovsky et al. 2017; samples lie a little further apart."""
    found = measuring.of_lines(theta, 200, seed=1)
    assert found["js"] == pytest.approx(np.log(2))
    assert found["js_printed"] == pytest.approx(2 * np.log(2))
    assert (found["tv"], found["kl"]) == (pytest.approx(1), np.inf)
    assert abs(theta) <= found["w1"] < abs(theta) + 0.1


def test_gaussians_near_and_far():
    """JS of N(0, σ²) and N(θ, σ²) is θ²/8σ² to fourth order (its Fisher information is 1/σ²), and log 2 far away."""
    found = measuring.along(np.array([0.001, 2.0]), np.asarray(0.1))
    assert found["js"].value == pytest.approx([0.001**2 / 8 / 0.01, np.log(2)], rel=1e-4)
    assert found["js"].slope[0] == pytest.approx(0.001 / 4 / 0.01, rel=1e-4)
    assert found["w1"].value == pytest.approx([0.001, 2], rel=1e-6)
    assert found["w1"].slope == pytest.approx([1, 1], rel=1e-6)


def test_the_slope_is_a_difference():
    at = 0.3 + np.array([-1e-4, 0, 1e-4])
    value, slope = measuring.along(at, np.asarray(0.1))["js"]
    assert slope[1] == pytest.approx((value[2] - value[0]) / 2e-4, rel=1e-5)


def test_descents_from_afar_and_from_within():
    found = measuring.descents(np.array([2.0, 0.2]), np.asarray(0.1), rate=0.02, steps=120)
    assert found["js"][-1] == pytest.approx([2, 0], abs=1e-3)
    assert found["w1"][-1] == pytest.approx([0, 0], abs=0.021)
    assert found["w1"][1] == pytest.approx([1.98, 0.18])
