"""A critic's loss as a distance: the mechanics on one shift, and the numbers on paper."""

import json
from pathlib import Path

import numpy as np
import pytest

from experiments.critic_estimate import critics, report
from experiments.critic_estimate.distributions import DISTANCES, KINDS, draw, exact
from ganjax.data.mixtures import two_moons
from ganjax.metrics import wasserstein_1

HERE = Path(report.__file__).parent
RESULT = json.loads((HERE / "result.json").read_text())
SHIFT = {"matrix": np.eye(2)[None], "shift": np.array([[1.2, 1.6]])}


def test_points_are_those_of_the_two_moons(key):
    """As near to the data set's points as two draws of one distribution are (0.05 and less at 1,000)."""
    ours, theirs = np.asarray(draw(key, 1000)), two_moons().fetch(np.arange(1000))["image"]
    assert wasserstein_1(ours, theirs) < 0.08


def test_closed_forms_are_what_samples_cost(key):
    """A shift costs its length, for the very same points as for others; a stretch of the same points no more than W₁."""
    x = np.asarray(draw(key, 400), np.float64)
    for kind in ("shift", "stretch"):
        moves, truth = KINDS[kind]()
        y = [x @ a.T + b for a, b in zip(moves["matrix"], moves["shift"], strict=True)]
        assert wasserstein_1(x, y[-1]) == pytest.approx(truth[-1], rel=0.05)
        assert np.linalg.norm(x - y[0], axis=1).mean() == pytest.approx(truth[0], rel=0.05)
    (found,) = exact(SHIFT, key, n=200, draws=2)
    assert found == pytest.approx([2, 2], rel=0.1)


def test_a_penalised_critic_estimates_a_shift(key):
    """|b| = 2; a critic of slope 1 + 2/2λ, λ = 10, says 2.2, and 2 without that bias."""
    (found,) = critics.estimates(critics.METHODS["WGAN-GP, λ = 10"], SHIFT, seeds=2, steps=300, key=key)
    np.testing.assert_allclose(found, 2, rtol=0.2)
    np.testing.assert_allclose(report.without_bias(found), 2, rtol=0.05)


def test_a_clipped_critic_estimates_in_a_unit_of_its_own(key):
    """Two hidden layers of 64 with weights in [−c, c] have a slope of at most 64² √2 c³."""
    (found,) = critics.estimates(critics.METHODS["WGAN, c = 0.01"], SHIFT, seeds=1, steps=200, key=key)
    assert 0 < found[0] < 64**2 * np.sqrt(2) * 0.01**3 * 2


def test_comparison_of_estimates_in_another_unit():
    found = report.compare(3 * DISTANCES, DISTANCES)
    assert found["correlation"] == pytest.approx(1)
    assert found["slope"] == pytest.approx(3)
    assert found["error"] == pytest.approx(2)
    assert found["error_along_the_line"] == pytest.approx(0, abs=1e-12)
    assert report.compare(DISTANCES + DISTANCES**2 / 20, DISTANCES)["error_without_bias"] == pytest.approx(0, abs=1e-12)


def test_the_readme_states_the_result():
    assert report.table(RESULT) in (HERE / "README.md").read_text()
    assert RESULT["seeds"] == 3
    assert all(np.shape(e) == (10, 3) for kinds in RESULT["estimates"].values() for e in kinds.values())


def test_a_penalised_critic_follows_the_distance():
    """The claim: correlation 0.98 or more over ten distances, for each kind of Q and each seed."""
    for name, kinds in report.summary(RESULT).items():
        lowest = min(seed["correlation"] for seeds in kinds.values() for seed in seeds)
        assert lowest >= 0.98 or "GP" not in name
    for truth in (RESULT["distances"][kind]["truth"] for kind in ("shift", "stretch")):
        assert max(truth) >= 10 * min(truth)


def test_what_the_readme_says_beside_its_table():
    summary, text = report.summary(RESULT), (HERE / "README.md").read_text()
    plain, started = (RESULT["estimates"][f"WGAN-GP, λ = {how}"] for how in ("10", "0.1, then 10"))
    below = [sum((np.array(e) < 0).sum() for e in kinds.values()) for kinds in (plain, started)]
    assert below == [6, 0]
    assert "6 of 90 critics ended below zero" in text
    samples = {kind: np.mean(found["samples"], axis=1) for kind, found in RESULT["distances"].items()}
    lowest = [
        min(np.corrcoef(seed, samples[kind])[0, 1] for kind, e in kinds.items() for seed in np.array(e).T)
        for kinds in (plain, started)
    ]
    assert [f"{r:.3f}" for r in lowest] == ["0.987", "0.998"]
    assert "instead of the closed forms, 0.987 and 0.998" in text
    slopes = [
        [np.mean([seed["slope"] for seed in summary[f"WGAN, c = {c}"][kind]]) for kind in KINDS]
        for c in ("0.01", "0.1")
    ]
    assert [f"{shift / turn:.1f}" for shift, _, turn in slopes] == ["2.9", "2.4"]
    assert "2.4 to 2.9 times that for turns" in text
    assert [f"{1 / k:.2g}" for k in (slopes[0][0], slopes[0][2])] == ["4.7e+02", "1.4e+03"]
    assert "470 to 1,400 times too small" in text
