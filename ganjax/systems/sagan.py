"""Self-Attention Generative Adversarial Networks (Zhang et al. 2019, arXiv:1805.08318).

    y = γ o + x,  o of each pixel what it reads of all others, β = softmax(θ(x) φ(x)ᵀ)        (eqs. 1 to 3, nets/attention.py)
    D minimises  E max(0, 1 − D(x, y)) + E max(0, 1 + D(G(z, y'), y'))                                            (eq. 4)
    G minimises  −E D(G(z, y'), y')                                                                               (eq. 4)
    z ~ N(0, 1)¹²⁸, y' uniform; Adam, β = (0, 0.9), two time scales: D 4·10⁻⁴, G 10⁻⁴, one move each

Differs from sngan: attention in both players, spectral norm in G too, a faster D in the place of more moves of it.

Deviations: 1. Real and generated images are judged in one pass, with one power iteration, where the code has one for each.
2. β₂ = 0.9 as in the paper; the code passes none and so trains with TensorFlow's 0.999. 3. Running statistics of BatchNorm
move by a tenth a pass; in the code by a thousandth, and in G's last layer by a ten-thousandth.
"""

from __future__ import annotations

import flax.linen as nn
import jax

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.losses import accuracy, hinge_disc, wasserstein_gen
from ganjax.nets.bind import bind, noise_to_image, record


def build(generator: nn.Module, critic: nn.Module, *, latent_dim: int = 128, classes: int = 1000) -> Gan:
    """The game of Zhang et al. 2019."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        z_key, label_key = jax.random.split(key)
        z = jax.random.normal(z_key, (n, latent_dim))
        return {"z": z, "label": jax.random.randint(label_key, (n,), 0, classes)}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        drawn = inputs(z_key, len(batch["image"]))
        real, fake = D.together((batch["image"], batch["label"]), (G(**drawn), drawn["label"]))
        scores = {"disc/real_score": real.mean(), "disc/fake_score": fake.mean()}
        return hinge_disc(real, fake), (record(carry, G, D), {**scores, "disc/accuracy": accuracy(real, fake)})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        drawn = inputs(z_key, len(batch["image"]))
        fake = D(G(**drawn), drawn["label"])
        return wasserstein_gen(fake), (record(carry, G, D), {"gen/fake_score": fake.mean()})

    init, generate = noise_to_image(generator, critic, inputs, ("label",))
    return Gan(init, inputs, disc_loss, gen_loss, generate)
