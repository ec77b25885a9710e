"""Spectral Normalization for GANs, and cGANs with Projection Discriminator (Miyato et al. 2018, arXiv:1802.05957;
Miyato and Koyama 2018, arXiv:1802.05637).

    every weight of D is W / σ(W)                                                                     (first paper, eq. 8)
    D(x, y) = ψ(φ(x)) + yᵀ V φ(x)                                                                    (second paper, eq. 4)
    D minimises  E max(0, 1 − D(x, y)) + E max(0, 1 + D(G(z, y'), y'))                               (first paper, eq. 16)
    G minimises  −E D(G(z, y'), y')                                                                  (first paper, eq. 17)
    z ~ N(0, 1)¹²⁸, y' uniform; n_critic = 5, Adam 2·10⁻⁴, β = (0, 0.9), falling to 0; G's batch is twice D's

Differs from wgan_gp: D is kept Lipschitz by its weights, not by a penalty; it may be told the class.

Deviations: 1. D moves five times, then G; in the code G moves first. 2. BatchNorm adds 10⁻⁵ to the variance, the code 2·10⁻⁵.
"""

from __future__ import annotations

import flax.linen as nn
import jax

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.losses import accuracy, hinge_disc, wasserstein_gen
from ganjax.nets.bind import bind, noise_to_image, record


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    latent_dim: int = 128,
    classes: int | None = None,
    gen_batch: int = 2,
) -> Gan:
    """The game of Miyato et al. 2018; without ``classes`` nobody is told one; G answers on ``gen_batch`` times D's batch."""
    networks = Players(generator, critic)
    told = ("label",) if classes else ()

    def inputs(key: Key, n: int) -> Batch:
        z_key, label_key = jax.random.split(key)
        label = {"label": jax.random.randint(label_key, (n,), 0, classes)} if classes else {}
        return {"z": jax.random.normal(z_key, (n, latent_dim)), **label}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        drawn = inputs(z_key, len(batch["image"]))
        y, y_fake = ([of[name] for name in told] for of in (batch, drawn))
        real, fake = D(batch["image"], *y), D(G(**drawn), *y_fake)
        scores = {"disc/real_score": real.mean(), "disc/fake_score": fake.mean()}
        return hinge_disc(real, fake), (record(carry, G, D), {**scores, "disc/accuracy": accuracy(real, fake)})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        drawn = inputs(z_key, gen_batch * len(batch["image"]))
        fake = D(G(**drawn), *(drawn[name] for name in told))
        return wasserstein_gen(fake), (record(carry, G, D), {"gen/fake_score": fake.mean()})

    init, generate = noise_to_image(generator, critic, inputs, told)
    return Gan(init, inputs, disc_loss, gen_loss, generate)
