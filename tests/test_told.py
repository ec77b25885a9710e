"""Systems that say or find a class: their losses against formulas in float64, with networks whose answers are known."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.core import Carry, Players
from ganjax.systems import acgan, infogan, sgan


class Answers(nn.Module):
    """A critic that gives fixed answers: for real images (filled with 1) the first, for others the second."""

    real: Any
    fake: Any

    @nn.compact
    def __call__(self, x, train=True):
        is_real = x.reshape(len(x), -1)[:, 0] > 0.5

        def pick(a, b):
            wide = is_real.reshape(-1, *[1] * (jnp.ndim(a)))
            return jnp.where(wide, jnp.asarray(a, jnp.float32), jnp.asarray(b, jnp.float32))

        return jax.tree.map(pick, self.real, self.fake, is_leaf=lambda v: isinstance(v, np.ndarray | float))


class Blank(nn.Module):
    """A generator of zeros."""

    @nn.compact
    def __call__(self, z, train=True, **told):
        return jnp.zeros((len(z), 2, 2, 1))


def losses_of(gan, **extra):
    image = jnp.ones((6, 2, 2, 1))
    batch = {"image": image, "label": jnp.arange(6) % 3, **extra}
    carry = Carry(jnp.zeros((), jnp.int32), Players({}, {}), {})
    key, params = jax.random.key(0), Players({}, {})
    return [float(loss(params, carry, batch, key)[0]) for loss in (gan.disc_loss, gan.gen_loss)]


def log_sigmoid(x):
    return -np.log1p(np.exp(-x))


def log_softmax(x):
    return x - np.log(np.exp(x).sum())


CLASS_REAL, CLASS_FAKE = np.array([0.3, -1.0, 0.7]), np.array([0.5, 0.5, 0.5])


def test_acgan_is_its_equations():
    """Of generated images D says every class alike, so that what is asked for does not matter."""
    gan = acgan.build(
        Blank(),
        Answers((0.4, CLASS_REAL), (-0.2, CLASS_FAKE)),
        latent_dim=2,
        classes=3,
        class_weight=0.7,
        gen_class_weight=0.2,
    )
    disc, gen = losses_of(gan)
    log_c_real, log_c_fake = log_softmax(CLASS_REAL).mean(), -np.log(3)  # every class twice
    assert disc == pytest.approx(-log_sigmoid(0.4) - log_sigmoid(0.2) - 0.7 * (log_c_real + log_c_fake), rel=1e-6)
    assert gen == pytest.approx(-log_sigmoid(-0.2) - 0.2 * log_c_fake, rel=1e-6)


def test_infogan_is_its_equations():
    """Q says every category alike, and 0 for the codes: E ½ c² = 1/6 each, up to the draw."""
    answer = (-0.2, np.zeros(5), np.zeros(3))
    gan = infogan.build(
        Blank(),
        Answers((0.4, *answer[1:]), answer),
        latent_dim=2,
        categories=5,
        codes=3,
        category_weight=0.5,
        code_weight=0.0,
    )
    disc, gen = losses_of(gan)
    assert disc == pytest.approx(-log_sigmoid(0.4) - log_sigmoid(0.2) + 0.5 * np.log(5), rel=1e-6)
    assert gen == pytest.approx(-log_sigmoid(-0.2) + 0.5 * np.log(5), rel=1e-6)
    codes = infogan.build(Blank(), Answers(answer, answer), latent_dim=2, categories=5, codes=3, category_weight=0.0)
    assert 0.1 < losses_of(codes)[1] + log_sigmoid(-0.2) < 1.0  # mean ½ ‖c‖² of six draws, ½ in expectation


def test_sgan_is_the_official_code():
    """loss_lab + ½ (−LSE + softplus LSE) of unlabelled + ½ softplus LSE of generated, K logits; features matched."""
    f_real, f_fake = np.array([1.0, 2.0]), np.array([0.5, 0.0])
    critic = Answers((CLASS_REAL, f_real), (CLASS_FAKE, f_fake))
    known = {"labelled_image": jnp.ones((6, 2, 2, 1)), "labelled_label": jnp.arange(6) % 3}
    disc, gen = losses_of(sgan.build(Blank(), critic, latent_dim=2, unlabelled_weight=2.0), **known)
    lse_real, lse_fake = (np.log(np.exp(x).sum()) for x in (CLASS_REAL, CLASS_FAKE))
    labelled = -(CLASS_REAL - lse_real).mean()
    unlabelled = (-lse_real + np.log1p(np.exp(lse_real)) + np.log1p(np.exp(lse_fake))) / 2
    assert disc == pytest.approx(labelled + 2 * unlabelled, rel=1e-6)
    assert gen == pytest.approx(((f_real - f_fake) ** 2).mean(), rel=1e-6)
