"""Generative Adversarial Networks (Goodfellow et al. 2014, arXiv:1406.2661).

    D minimises  −E log D(x) − E log(1 − D(G(z)))                                                        (eq. 1, for D)
    G minimises  −E log D(G(z)), the non-saturating form                                                 (section 3)
             or  E log(1 − D(G(z))), ``objective=minimax_gen``                                           (eq. 1, for G)
    k moves of D for one of G: ``n_critic``                                                              (algorithm 1)

z ~ U(−bound, bound)ⁿ: 1 in the decks, √3 (unit variance) in the official code.

Deviations: 1. critics return logits, log D is softplus of them: the decks' code takes log of a probability in places.
2. Networks work in [0, 1] as theirs do, behind a door: images here are in [-1, 1]. 3. The paper-sized generator's output
bias starts at 0, not at the data's marginals. 4. Decks 003 shows eq. 1 and codes section 3 (docs/errata.md, 11): so the
default is section 3.
"""

from __future__ import annotations

from collections.abc import Callable

import flax.linen as nn
import jax

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.losses import accuracy, minimax_disc, non_saturating_gen
from ganjax.nets.bind import bind, noise_to_image, record


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    latent_dim: int = 100,
    bound: float = 1.0,
    objective: Callable[[jax.Array], jax.Array] = non_saturating_gen,
) -> Gan:
    """The game of Goodfellow et al. 2014; ``objective`` is what G minimises, of D(G(z))."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        return {"z": jax.random.uniform(key, (n, latent_dim), minval=-bound, maxval=bound)}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        x = batch["image"]
        x_fake = G(**inputs(z_key, len(x)))
        real, fake = D.each(x, x_fake)
        scores = {"disc/real_score": nn.sigmoid(real).mean(), "disc/fake_score": nn.sigmoid(fake).mean()}
        return minimax_disc(real, fake), (record(carry, G, D), {**scores, "disc/accuracy": accuracy(real, fake)})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        fake = D(G(**inputs(z_key, len(batch["image"]))))
        return objective(fake), (record(carry, G, D), {"gen/fake_score": nn.sigmoid(fake).mean()})

    init, generate = noise_to_image(generator, critic, inputs)
    return Gan(init, inputs, disc_loss, gen_loss, generate)
