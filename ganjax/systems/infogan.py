"""InfoGAN: Interpretable Representation Learning (Chen et al. 2016, arXiv:1606.03657).

    min over G, Q, max over D of  V(D, G) − λ L_I(G, Q)                                                    (eq. 6)
    L_I = E log Q(c | G(z, c)) + H(c) ≤ I(c; G(z, c))                                                      (eq. 5)
    D minimises  −E log D(x) − E log(1 − D(G(z, c))) − λ L_I      (Q shares D's layers and moves with them)
    G minimises  −E log D(G(z, c)) − λ L_I
    z ~ U(−1, 1)⁶², c = (category ~ Cat(10), code ~ U(−1, 1)²); Q's codes are normal of deviation 1
    Adam, β₁ = ½, D 2·10⁻⁴, G 10⁻³

Differs from gan: part of the noise is a code that Q can read off the image again; no labels.

Deviations: 1. G's own V is the non-saturating one, as in the official code. 2. H(c), a constant, is left out of the losses, and
of the codes' log Q its constant; ``disc/information`` is of the category alone, in nats, H(c) = log 10 included.
"""

from __future__ import annotations

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.losses import accuracy, cross_entropy, minimax_disc, non_saturating_gen
from ganjax.nets.bind import bind, noise_to_image, record


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    latent_dim: int = 62,
    categories: int = 10,
    codes: int = 2,
    category_weight: float = 1.0,
    code_weight: float = 1.0,
) -> Gan:
    """The game of Chen et al. 2016; the critic gives (logit, category logits, code means); both weights are λ."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        z_key, category_key, code_key = jax.random.split(key, 3)
        z = jax.random.uniform(z_key, (n, latent_dim), minval=-1)
        code = jax.random.uniform(code_key, (n, codes), minval=-1)
        return {"z": z, "category": jax.random.randint(category_key, (n,), 0, categories), "code": code}

    def information(c: Batch, category: jax.Array, code: jax.Array) -> tuple[jax.Array, jax.Array]:
        log_q = -cross_entropy(category, c["category"])
        log_q_code = -jnp.square(code - c["code"]).sum(axis=-1).mean() / 2
        return category_weight * log_q + code_weight * log_q_code, math.log(categories) + log_q

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        c_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        x, c = batch["image"], inputs(c_key, len(batch["image"]))
        (real, _, _), (fake, *q) = D(x), D(G(**c))
        weighted, nats = information(c, *q)
        scores = {"disc/real_score": nn.sigmoid(real).mean(), "disc/fake_score": nn.sigmoid(fake).mean()}
        metrics = {**scores, "disc/accuracy": accuracy(real, fake), "disc/information": nats}
        return minimax_disc(real, fake) - weighted, (record(carry, G, D), metrics)

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        c_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        c = inputs(c_key, len(batch["image"]))
        fake, *q = D(G(**c))
        weighted, nats = information(c, *q)
        metrics = {"gen/fake_score": nn.sigmoid(fake).mean(), "gen/information": nats}
        return non_saturating_gen(fake) - weighted, (record(carry, G, D), metrics)

    init, generate = noise_to_image(generator, critic, inputs)
    return Gan(init, inputs, disc_loss, gen_loss, generate)
