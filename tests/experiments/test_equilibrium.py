"""What is read off a game on a line, of frames made by hand."""

import numpy as np
import pytest

from experiments.equilibrium import measuring
from experiments.equilibrium.measuring import MIDDLE, TOUCHING, WIDTH, Frame


def test_the_data_is_a_distribution():
    assert measuring.density(TOUCHING).sum() * WIDTH == pytest.approx(1, abs=1e-6)


def test_at_the_optimum():
    """p_g = p_data and D = 1/2: every distance is 0, the loss log 4.  Goodfellow et al. 2014, theorem 1."""
    found = measuring.measure(TOUCHING, Frame(0, measuring.density(TOUCHING)[None], np.full((1, len(MIDDLE)), 0.5)))
    for name in ("total_variation", "from_half", "from_best", "best_from_half"):
        assert found[name] == pytest.approx(0, abs=1e-6)
    assert found["loss"] == pytest.approx(np.log(4), abs=1e-6)


def test_the_best_d_of_a_uniform_g():
    """Its loss is log 4 − 2 JS (theorem 1), and no other D's is lower (proposition 1)."""
    made = np.full((1, len(MIDDLE)), 1 / 3)
    best = measuring.best(TOUCHING, made)
    found = measuring.measure(TOUCHING, Frame(0, made, best))
    p, q = measuring.density(TOUCHING) * WIDTH, made[0] * WIDTH
    m = (p + q) / 2
    js = (p * np.log(np.maximum(p, 1e-300) / m) + q * np.log(q / m)).sum() / 2
    assert found["loss"][0] == pytest.approx(np.log(4) - 2 * js, abs=1e-6)
    assert found["from_best"] == pytest.approx(0)
    assert found["from_half"] == pytest.approx(found["best_from_half"])
    for change in (0.9, 1.05):
        assert measuring.measure(TOUCHING, Frame(0, made, best * change))["loss"][0] > found["loss"][0]


def test_what_lies_outside_counts():
    """A G whose points are all beyond the line shares nothing with the data."""
    found = measuring.measure(TOUCHING, Frame(0, np.zeros((1, len(MIDDLE))), np.full((1, len(MIDDLE)), 0.5)))
    assert found["total_variation"] == pytest.approx(1, abs=1e-6)
