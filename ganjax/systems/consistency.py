"""Improved Consistency Regularization for GANs: bCR and zCR (Zhao et al. 2021, arXiv:2002.04724), and CR (1910.12027).

    D minimises  −E log D(x) − E log(1 − D(G(z))) + λ_r E (D(x) − D(T(x)))² + λ_f E (D(G(z)) − D(T(G(z))))²      (algorithm 1)
                 + λ_d E (D(G(z)) − D(G(z + δ)))²                                                               (algorithm 2)
    G minimises  −E log D(G(z)) − λ_g E ‖G(z) − G(z + δ)‖²  (a mean over pixels)
    T mirrors and shifts; δ ~ N(0, σ²); CR is λ_r alone, bCR with λ_f, zCR λ_d and λ_g, ICR all four

Differs from dcgan: D says the same of an image and of another view of it, and of what is made from a latent beside it.

Deviations: 1. On the non-saturating game of dcgan; the papers' results are of hinge losses too. 2. Shifts bring in zeros, the
papers' mirror the border. 3. D's BatchNorm records no statistics of the other views.
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.augment import Augment, diffaugment
from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.losses import accuracy, minimax_disc, non_saturating_gen
from ganjax.nets.bind import bind, noise_to_image, record
from ganjax.penalties import consistency

FLIP_AND_SHIFT = diffaugment("flip,translation")


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    latent_dim: int = 100,
    view: Augment = FLIP_AND_SHIFT,
    real_weight: float = 10.0,
    fake_weight: float = 10.0,
    latent_noise: float = 0.05,
    disc_latent_weight: float = 0.0,
    gen_latent_weight: float = 0.0,
) -> Gan:
    """The game of Zhao et al. 2021: T = view, σ = latent_noise; λ_r, λ_f, λ_d, λ_g are the weights, 0 leaves a term out."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        return {"z": jax.random.normal(key, (n, latent_dim))}

    def T(carry: Carry, key: Key, x: jax.Array) -> jax.Array:
        seen: jax.Array = view.apply(view.init(), carry.step, key, x)
        return seen

    def near(key: Key, z: jax.Array) -> jax.Array:
        return z + latent_noise * jax.random.normal(key, z.shape)

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, real_key, fake_key, near_key, key = jax.random.split(key, 5)
        G, D = bind(networks, params, carry, key)
        x, z = batch["image"], inputs(z_key, len(batch["image"]))["z"]
        x_fake = G(z)
        real, fake = D.each(x, x_fake)
        loss = minimax_disc(real, fake)
        if real_weight:
            loss += real_weight * consistency(real, D.frozen(T(carry, real_key, x))).mean()
        if fake_weight:
            loss += fake_weight * consistency(fake, D.frozen(T(carry, fake_key, x_fake))).mean()
        if disc_latent_weight:
            loss += disc_latent_weight * consistency(fake, D.frozen(G.frozen(near(near_key, z)))).mean()
        scores = {"disc/real_score": nn.sigmoid(real).mean(), "disc/fake_score": nn.sigmoid(fake).mean()}
        return loss, (record(carry, G, D), {**scores, "disc/accuracy": accuracy(real, fake)})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, near_key, key = jax.random.split(key, 3)
        G, D = bind(networks, params, carry, key)
        z = inputs(z_key, len(batch["image"]))["z"]
        x_fake = G(z)
        fake = D(x_fake)
        loss = non_saturating_gen(fake)
        if gen_latent_weight:
            loss -= gen_latent_weight * jnp.square(x_fake - G.frozen(near(near_key, z))).mean()
        return loss, (record(carry, G, D), {"gen/fake_score": nn.sigmoid(fake).mean()})

    init, generate = noise_to_image(generator, critic, inputs)
    return Gan(init, inputs, disc_loss, gen_loss, generate)
