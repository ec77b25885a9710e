"""Conditional Image Synthesis With Auxiliary Classifier GANs (Odena et al. 2017, arXiv:1610.09585).

    L_S = E log D(x) + E log(1 − D(G(z, y)))                                                              (eq. 2)
    L_C = E log P(y | x) + E log P(y | G(z, y))                                                           (eq. 3)
    D minimises  −L_S − w_D L_C
    G minimises  −E log D(G(z, y)) − w_G E log P(y | G(z, y))
    z ~ N(0, 1)¹⁰⁰, y uniform; Adam 2·10⁻⁴, β₁ = ½

Differs from cdcgan: D is not told the class, it has to say it, of real and generated images alike.

Deviations: 1. G's L_S is the non-saturating one, as the ports have it; the paper's G maximises L_C − L_S.
2. z is normal where the paper is silent. 3. w_D = w_G = 1 as in the paper; with many classes a G that is told to please P
makes few, easy images of each, and later work takes w_G = 0.1 (Gulrajani et al. 2017).
"""

from __future__ import annotations

import flax.linen as nn
import jax

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.losses import accuracy, cross_entropy, minimax_disc, non_saturating_gen
from ganjax.nets.bind import bind, noise_to_image, record


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    latent_dim: int = 100,
    classes: int = 10,
    class_weight: float = 1.0,
    gen_class_weight: float = 1.0,
) -> Gan:
    """The game of Odena et al. 2017; the critic gives (logit, class logits); w_D = class_weight, w_G = gen_class_weight."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        z_key, label_key = jax.random.split(key)
        z = jax.random.normal(z_key, (n, latent_dim))
        return {"z": z, "label": jax.random.randint(label_key, (n,), 0, classes)}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        x, y, drawn = batch["image"], batch["label"], inputs(z_key, len(batch["image"]))
        (real, class_real), (fake, class_fake) = D(x), D(G(**drawn))
        log_p = -cross_entropy(class_real, y) - cross_entropy(class_fake, drawn["label"])
        scores = {"disc/real_score": nn.sigmoid(real).mean(), "disc/fake_score": nn.sigmoid(fake).mean()}
        right = {"disc/class_accuracy": (class_real.argmax(axis=-1) == y).mean()}
        metrics = {**scores, **right, "disc/accuracy": accuracy(real, fake)}
        return minimax_disc(real, fake) - class_weight * log_p, (record(carry, G, D), metrics)

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        drawn = inputs(z_key, len(batch["image"]))
        fake, class_fake = D(G(**drawn))
        loss = non_saturating_gen(fake) + gen_class_weight * cross_entropy(class_fake, drawn["label"])
        right = {"gen/class_accuracy": (class_fake.argmax(axis=-1) == drawn["label"]).mean()}
        return loss, (record(carry, G, D), {"gen/fake_score": nn.sigmoid(fake).mean(), **right})

    init, generate = noise_to_image(generator, critic, inputs)
    return Gan(init, inputs, disc_loss, gen_loss, generate)
