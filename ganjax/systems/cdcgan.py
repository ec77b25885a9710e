"""DCGAN that is told the class (Radford et al. 2016, arXiv:1511.06434, the official code's conditional MNIST).

    D minimises  −E log D(x, y) − E log(1 − D(G(z, y), y))
    with wrong pairs  … − w E log(1 − D(x, y′)),  y′ ≠ y                             (the decks' three kinds of pairs)
    G minimises  −E log D(G(z, y), y)
    z ~ U(−1, 1)¹⁰⁰; Adam 2·10⁻⁴, β₁ = ½

Differs from cgan: convolutions, real and fake as batches of their own, and a weight w for real images with a wrong label:
without them D may learn to look at the image alone.

Deviations: 1. No weight decay (the code's is 2.5·10⁻⁵). 2. w = 0 is the code; the decks' pairs are w = 1, and their
networks ``nets.joined.joined_…``, told at the door alone.
"""

from __future__ import annotations

import flax.linen as nn
import jax

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.losses import accuracy, minimax_disc, minimax_disc_fake, non_saturating_gen
from ganjax.nets.bind import bind, noise_to_image, record


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    latent_dim: int = 100,
    classes: int = 10,
    wrong_weight: float = 0.0,
) -> Gan:
    """The game of Radford et al. 2016 with labels; ``wrong_weight`` is w."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        z_key, label_key = jax.random.split(key)
        z = jax.random.uniform(z_key, (n, latent_dim), minval=-1)
        return {"z": z, "label": jax.random.randint(label_key, (n,), 0, classes)}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, wrong_key, key = jax.random.split(key, 3)
        G, D = bind(networks, params, carry, key)
        x, y = batch["image"], batch["label"]
        x_fake = G(inputs(z_key, len(x))["z"], y)
        real, fake = D(x, y), D(x_fake, y)
        loss = minimax_disc(real, fake)
        if wrong_weight:
            y_wrong = (y + jax.random.randint(wrong_key, y.shape, 1, classes)) % classes
            loss += wrong_weight * minimax_disc_fake(D(x, y_wrong))
        scores = {"disc/real_score": nn.sigmoid(real).mean(), "disc/fake_score": nn.sigmoid(fake).mean()}
        return loss, (record(carry, G, D), {**scores, "disc/accuracy": accuracy(real, fake)})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        y = batch["label"]
        fake = D(G(inputs(z_key, len(y))["z"], y), y)
        return non_saturating_gen(fake), (record(carry, G, D), {"gen/fake_score": nn.sigmoid(fake).mean()})

    init, generate = noise_to_image(generator, critic, inputs, told=("label",))
    return Gan(init, inputs, disc_loss, gen_loss, generate)
