"""Least Squares Generative Adversarial Networks (Mao et al. 2017, arXiv:1611.04076).

    D minimises  ½ E (D(x) − b)² + ½ E (D(G(z)) − a)²                                                         (eq. 2)
    G minimises  ½ E (D(G(z)) − c)²
    a = 0, b = 1, c = 1 (eq. 9); a = −1, b = 1, c = 0 minimise the Pearson χ² divergence (eq. 8)

Differs from gan: squared distances to labels in the place of log losses; z ~ U(−1, 1)ⁿ, n = 1024.

Deviations: 1. Means over the batch; the official code sums (a factor of half the batch, which Adam forgets).
2. Deck 003 writes these losses inside min_G max_D: signs as here are right (docs/errata.md, 5).
"""

from __future__ import annotations

import flax.linen as nn
import jax

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.losses import accuracy, least_squares_disc, least_squares_gen
from ganjax.nets.bind import bind, noise_to_image, record


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    latent_dim: int = 1024,
    a: float = 0.0,
    b: float = 1.0,
    c: float = 1.0,
) -> Gan:
    """The game of Mao et al. 2017; a, b label D's fake and real, c is what G wants D to say."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        return {"z": jax.random.uniform(key, (n, latent_dim), minval=-1.0, maxval=1.0)}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        x = batch["image"]
        real, fake = D.each(x, G(**inputs(z_key, len(x))))
        loss = 0.5 * least_squares_disc(real, fake, real_label=b, fake_label=a)
        scores = {"disc/real_score": real.mean(), "disc/fake_score": fake.mean()}
        return loss, (record(carry, G, D), {**scores, "disc/accuracy": accuracy(real, fake)})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        fake = D(G(**inputs(z_key, len(batch["image"]))))
        return 0.5 * least_squares_gen(fake, target=c), (record(carry, G, D), {"gen/fake_score": fake.mean()})

    init, generate = noise_to_image(generator, critic, inputs)
    return Gan(init, inputs, disc_loss, gen_loss, generate)
