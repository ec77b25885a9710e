"""Arithmetic that is counted, distances of samples that went astray, and the rule of the verdict."""

import numpy as np
import pytest

from experiments import plane
from experiments.alike_and_sensitive import judging
from experiments.alike_and_sensitive.sweep import SYSTEMS, Sizes, Trial, arithmetic, fresh, trial

SIZES = Sizes(width=8, batch=16, samples=50, steps=1)


def dense(batch, width, inputs, outputs):
    """FLOPs of one pass through three hidden layers."""
    return 2 * batch * (inputs * width + 2 * width * width + width * outputs)


def test_a_step_costs_what_its_passes_cost():
    """gan: D sees both kinds forwards and backwards (its own input needs no gradient), G draws for it; then G moves."""
    b, w = 16, 8
    disc = dense(b, w, 2, 2) + 3 * dense(2 * b, w, 2, 1) - 2 * (2 * b) * 2 * w  # no gradient of D's input
    gen = 3 * dense(b, w, 2, 2) - 2 * b * 2 * w + 2 * dense(b, w, 2, 1)  # nor of z; D's weights are not asked for
    assert arithmetic(SYSTEMS["gan"], 1, SIZES) == pytest.approx(disc + gen, rel=0.02)


def test_the_penalty_and_more_moves_cost_more():
    one, five = (arithmetic(SYSTEMS["wgan"], n, SIZES) for n in (1, 5))
    assert one == arithmetic(SYSTEMS["hinge"], 1, SIZES)
    assert 3 < five / one < 5
    assert 1.2 < arithmetic(SYSTEMS["wgan_gp"], 1, SIZES) / one < 2


def test_samples_that_are_not_finite_are_far_away():
    data = plane.Mixture(np.zeros((0, 2)), [(0.0, 0.0), (1.0, 0.0)], 0.001)
    lost = trial(1e-3, 0.5, 0, np.full((8, 2), np.nan), 1, data)
    assert lost.distance == pytest.approx(100 * 2**0.5, rel=0.01)
    assert lost.modes == 0
    assert trial(1e-3, 0.5, 0, fresh(data, 8), 1, data).distance == 0


def trials(best, worst, extra=9.0):
    """Two named settings and one that is not, two seeds each."""
    return [
        Trial(rate, 0.5, 1, seed, distance + 0.01 * seed, 1, np.zeros((1, 2)))
        for rate, distance in ((1e-3, best), (1e-4, worst), (4e-3, extra))
        for seed in (0, 1)
    ]


@pytest.mark.parametrize(
    ("a", "b", "answer"),
    [
        ((0.10, 0.5), (0.11, 0.5), "yes"),
        ((0.10, 0.5), (0.20, 0.9), "partly"),
        ((0.10, 0.2), (0.11, 0.5), "partly"),
        ((0.10, 0.2), (0.20, 0.9), "no"),
    ],
)
def test_the_verdict_follows_its_rule(a, b, answer):
    numbers = {name: judging.summary(trials(*each), (1e-3, 1e-4)) for name, each in {"a": a, "b": b}.items()}
    assert judging.judge(numbers, 0.1)[0] == answer


def test_the_worst_is_looked_for_among_named_rates_and_the_best_among_all():
    best, worst = judging.ends(trials(0.3, 0.5, 0.2), (1e-3, 1e-4))
    assert (best[0], worst[0]) == (4e-3, 1e-4)
