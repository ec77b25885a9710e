"""Improved Training of Wasserstein GANs (Gulrajani et al. 2017, arXiv:1704.00028).

    D minimises  E D(G(z)) − E D(x) + λ E (‖∇D(x̂)‖₂ − 1)²,  x̂ = x + ε (G(z) − x),  ε ~ U(0, 1) per image   (eq. 3)
    G minimises  −E D(G(z))                                                                              (algorithm 1)
    λ = 10, n_critic = 5, Adam 10⁻⁴, β = (0, 0.9), z ~ N(0, 1)¹²⁸

Differs from wgan: a penalty in the place of clipping; Adam; no BatchNorm in D, since the penalty is each image's own.

Deviations: 1. 10⁻¹² under the root of the norm: a zero gradient has a finite derivative. 2. The official code skips G's
move at its very first iteration; here every step has one. 3. The CIFAR-10 script trains with labels (AC-GAN) by
default; this is its unconditional game. 4. The MNIST script penalises the gradient with respect to images u in [0, 1];
ours are x = 2u − 1, and λ (‖∇ᵤD‖ − 1)² = 4λ (‖∇ₓD‖ − ½)²: so the variant sets 40 and ½.
"""

from __future__ import annotations

import flax.linen as nn
import jax

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.losses import accuracy, wasserstein_disc, wasserstein_gen
from ganjax.nets.bind import bind, noise_to_image, record
from ganjax.penalties import gradient_penalty, interpolate


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    latent_dim: int = 128,
    penalty_weight: float = 10.0,
    penalty_target: float = 1.0,
) -> Gan:
    """The game of Gulrajani et al. 2017; ``penalty_weight`` is λ, ``penalty_target`` the norm that is asked for."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        return {"z": jax.random.normal(key, (n, latent_dim))}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, eps_key, key = jax.random.split(key, 3)
        G, D = bind(networks, params, carry, key)
        x = batch["image"]
        x_fake = G(**inputs(z_key, len(x)))
        real, fake = D.each(x, x_fake)
        penalty = gradient_penalty(D.frozen, interpolate(eps_key, x, x_fake), penalty_target).mean()
        loss = wasserstein_disc(real, fake) + penalty_weight * penalty
        scores = {"disc/real_score": real.mean(), "disc/fake_score": fake.mean()}
        metrics = {**scores, "disc/wasserstein": real.mean() - fake.mean(), "disc/penalty": penalty}
        metrics["disc/accuracy"] = accuracy(real, fake)
        return loss, (record(carry, G, D), metrics)

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        fake = D(G(**inputs(z_key, len(batch["image"]))))
        return wasserstein_gen(fake), (record(carry, G, D), {"gen/fake_score": fake.mean()})

    init, generate = noise_to_image(generator, critic, inputs)
    return Gan(init, inputs, disc_loss, gen_loss, generate)
