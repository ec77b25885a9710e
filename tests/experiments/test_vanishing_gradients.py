"""What a discriminator and a critic would tell a generator, where both are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.vanishing_gradients import __main__ as experiment
from experiments.vanishing_gradients import measuring
from ganjax.core import init


def test_the_curves_do_not_meet(key):
    """Each moon ends 1/2 from the other's middle, and they are nowhere nearer."""
    game = measuring.games()["GAN"]
    state = init(game.played(), game.tx, key, {"image": measuring.data(key, 4)[None]}, averaged=())
    made = np.asarray(measuring.made(game.played(), state, key, 2000))
    real = np.asarray(measuring.data(key, 2000))
    gap = np.linalg.norm(made[:, None] - real, axis=-1).min()
    assert gap == pytest.approx(0.5, abs=0.01)
    assert np.linalg.norm(real + np.array([0.5, 0.25]), axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", ["GAN", "WGAN", "WGAN-GP"])
def test_both_priors_draw_one_curve(key, name):
    game = measuring.games()[name]
    played = game.played()
    state = init(played, game.tx, key, {"image": measuring.data(key, 4)[None]}, averaged=())
    made = np.asarray(measuring.made(played, state, key, 4000))
    assert made.mean(axis=0) == pytest.approx(
        [0.5, 0.25 - 2 / np.pi], abs=0.03
    )  # the mean of a half circle is 2/π high


def test_arrows_are_the_losses_slopes(key):
    """Of log(1 − D), −log D and −f: D, 1 − D and 1 times the slope of the logit."""
    game = measuring.games()["GAN"]
    state = init(game.played(), game.tx, key, {"image": measuring.data(key, 4)[None]}, averaged=())
    x = measuring.data(key, 5)
    logits = measuring.logits(state, x)
    slope = jax.vmap(jax.grad(lambda p: measuring.logits(state, p[None])[0]))(x)
    share = jax.nn.sigmoid(logits)[:, None]
    for name, factor in (("saturating", share), ("non-saturating", 1 - share)):
        ways = measuring.arrows(state, game.asked[name][1], x)
        assert jnp.allclose(ways, factor * slope, atol=1e-6)
    ways = measuring.arrows(state, measuring.games()["WGAN"].asked["WGAN, clipped"][1], x)
    assert jnp.allclose(ways, slope, atol=1e-6)


def test_a_power_law_has_a_factor_per_decade():
    steps = np.array([1, 10, 100, 1000, 10_000])
    values = np.stack([3.0 / steps, np.ones(5)], axis=1)
    assert experiment.per_decade(steps, values) == pytest.approx([0.1, 1])
