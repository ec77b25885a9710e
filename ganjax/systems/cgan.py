"""Conditional Generative Adversarial Nets (Mirza and Osindero 2014, arXiv:1411.1784).

    D minimises  −E log D(x | y) − E log(1 − D(G(z | y) | y))                       (eq. 2)
    G minimises  −E log D(G(z | y) | y),  y the labels of the same batch
    z ~ U(−1, 1)¹⁰⁰; SGD from 0.1, momentum from ½ to 0.7                           (section 4.1)

Differs from gan: both players are told the label y.

Deviations: 1. G's own loss is the non-saturating one of Goodfellow et al. 2014; eq. 2 for G is its saturating form.
2. z on the unit hypercube is taken to be U(−1, 1). 3. No dropout in G, whose samples it would blur.
"""

from __future__ import annotations

import flax.linen as nn
import jax

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.losses import accuracy, minimax_disc, non_saturating_gen
from ganjax.nets.bind import bind, noise_to_image, record


def build(generator: nn.Module, critic: nn.Module, *, latent_dim: int = 100, classes: int = 10) -> Gan:
    """The game of Mirza and Osindero 2014; networks take (z, label) and (image, label)."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        z_key, label_key = jax.random.split(key)
        z = jax.random.uniform(z_key, (n, latent_dim), minval=-1)
        return {"z": z, "label": jax.random.randint(label_key, (n,), 0, classes)}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        x, y = batch["image"], batch["label"]
        x_fake = G(inputs(z_key, len(x))["z"], y)
        real, fake = D(x, y), D(x_fake, y)
        scores = {"disc/real_score": nn.sigmoid(real).mean(), "disc/fake_score": nn.sigmoid(fake).mean()}
        metrics = {**scores, "disc/accuracy": accuracy(real, fake)}
        return minimax_disc(real, fake), (record(carry, G, D), metrics)

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        y = batch["label"]
        fake = D(G(inputs(z_key, len(y))["z"], y), y)
        return non_saturating_gen(fake), (record(carry, G, D), {"gen/fake_score": nn.sigmoid(fake).mean()})

    init, generate = noise_to_image(generator, critic, inputs, told=("label",))
    return Gan(init, inputs, disc_loss, gen_loss, generate)
