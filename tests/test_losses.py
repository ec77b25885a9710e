"""Losses against float64 NumPy, also where a probability would have been 0 or 1."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax import losses

REAL = np.array([100.0, -100.0, 3.0, 0.0, -0.5])
FAKE = np.array([-100.0, 100.0, 1.0, 0.2, 0.0])


def log_sigmoid(x):
    """log σ(x) without overflow."""
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def cross(real, fake):
    return -log_sigmoid(real).mean() - log_sigmoid(-fake).mean()


LOGITS, LABEL = np.array([[100.0, -100.0, 3.0], [0.5, -0.5, 0.2]]), np.array([1, 0])
LOG_P = LOGITS - np.log(np.exp(LOGITS - 100).sum(axis=1, keepdims=True)) - 100
SOFT = np.array([0.9, 0.1, 1.0, 0.0, 0.5])
EXPECTED = [
    (losses.minimax_disc, (REAL, FAKE), cross(REAL, FAKE)),
    (losses.minimax_disc_fake, (FAKE,), -log_sigmoid(-FAKE).mean()),
    (losses.binary_cross_entropy, (REAL, SOFT), -(SOFT * log_sigmoid(REAL) + (1 - SOFT) * log_sigmoid(-REAL)).mean()),
    (losses.minimax_gen, (FAKE,), log_sigmoid(-FAKE).mean()),
    (losses.non_saturating_gen, (FAKE,), -log_sigmoid(FAKE).mean()),
    (losses.least_squares_disc, (REAL, FAKE), ((REAL - 1) ** 2).mean() + (FAKE**2).mean()),
    (losses.least_squares_gen, (FAKE,), ((FAKE - 1) ** 2).mean()),
    (losses.wasserstein_disc, (REAL, FAKE), FAKE.mean() - REAL.mean()),
    (losses.wasserstein_gen, (FAKE,), -FAKE.mean()),
    (losses.hinge_disc, (REAL, FAKE), np.maximum(0, 1 - REAL).mean() + np.maximum(0, 1 + FAKE).mean()),
    (losses.relativistic_disc, (REAL, FAKE), cross(REAL - FAKE.mean(), FAKE - REAL.mean())),
    (losses.relativistic_gen, (REAL, FAKE), cross(FAKE - REAL.mean(), REAL - FAKE.mean())),
]


@pytest.mark.parametrize(("loss", "logits", "expected"), EXPECTED, ids=[row[0].__name__ for row in EXPECTED])
def test_against_float64(loss, logits, expected):
    values = [jnp.asarray(x, jnp.float32) for x in logits]
    assert float(loss(*values)) == pytest.approx(expected, rel=1e-6)
    grads = jax.grad(loss, argnums=tuple(range(len(values))))(*values)
    assert all(np.isfinite(g).all() for g in grads)


def test_at_even_odds_the_players_are_where_the_paper_says():
    zero = jnp.zeros(3)
    assert float(losses.minimax_disc(zero, zero)) == pytest.approx(np.log(4))
    assert float(losses.minimax_gen(zero)) == pytest.approx(-np.log(2))
    assert float(losses.relativistic_disc(zero, zero)) == pytest.approx(np.log(4))


def test_saturating_and_non_saturating_pull_alike_but_not_equally():
    """Early on D rejects fakes with certainty: one gradient is then gone, the other is 1."""
    sure = jnp.full((1,), -30.0)
    assert abs(float(jax.grad(losses.minimax_gen)(sure)[0])) < 1e-12
    assert float(jax.grad(losses.non_saturating_gen)(sure)[0]) == pytest.approx(-1)


def test_pearson_labels():
    real, fake = jnp.asarray([2.0]), jnp.asarray([-3.0])
    assert float(losses.least_squares_disc(real, fake, real_label=1.0, fake_label=-1.0)) == pytest.approx(1 + 4)
    assert float(losses.least_squares_gen(fake, target=0.0)) == pytest.approx(9)


def test_a_patch_map_counts_as_more_samples():
    real, fake = jax.random.normal(jax.random.key(0), (2, 4, 6, 6, 1))
    assert float(losses.hinge_disc(real, fake)) == pytest.approx(
        float(losses.hinge_disc(real.ravel(), fake.ravel())), rel=1e-6
    )


def test_cross_entropy_against_float64():
    loss = losses.cross_entropy(jnp.asarray(LOGITS, jnp.float32), jnp.asarray(LABEL))
    assert float(loss) == pytest.approx(-LOG_P[[0, 1], LABEL].mean(), rel=1e-6)


@pytest.mark.parametrize(("label", "loss"), [(1.0, losses.non_saturating_gen), (0.0, losses.minimax_disc_fake)])
def test_hard_labels_are_the_losses_without_labels(label, loss):
    logits = jnp.asarray(REAL, jnp.float32)
    assert float(losses.binary_cross_entropy(logits, label)) == float(loss(logits))
