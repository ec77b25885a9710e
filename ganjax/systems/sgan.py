"""Improved Techniques for Training GANs: semi-supervised learning (Salimans et al. 2016, arXiv:1606.03498, section 5).

    D gives K class logits l(x); Z(x) = Σ exp lₖ(x), D(x) = Z(x) / (Z(x) + 1)                            (section 5)
    D minimises  −E log softmax(l(x))_y  of labelled (x, y)
                 + w · ½ (−E log D(x) − E log(1 − D(G(z))))  of unlabelled x
    G minimises  mean (E f(x) − E f(G(z)))²,  f a hidden layer of D: feature matching                    (section 3.1)
    z ~ U(0, 1)¹⁰⁰; Adam 0.003, β₁ = ½

Differs from gan: D is a classifier whose logits also say real or not; G answers to a mean of features, not to D's verdict.

Deviations: 1. All scales of D's weights learn, and start from a moment of the digits (``nets.sgan``); the code's are set by a
first pass over 500 images, and the last alone learns. 2. G's features are of the images that D saw; the code shuffles them anew.
3. No average of D's parameters.
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.losses import accuracy, cross_entropy, minimax_disc
from ganjax.nets.bind import bind, noise_to_image, record


def build(generator: nn.Module, critic: nn.Module, *, latent_dim: int = 100, unlabelled_weight: float = 1.0) -> Gan:
    """The game of Salimans et al. 2016; the critic gives (class logits, features); ``unlabelled_weight`` is w.

    Batches hold ``image``, and ``labelled_image`` with ``labelled_label``: config.data.labelled says how many there are.
    """
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        return {"z": jax.random.uniform(key, (n, latent_dim))}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        x, y = batch["image"], batch["labelled_label"]
        (labelled, _), (l_real, _), (l_fake, _) = D(batch["labelled_image"]), D(x), D(G(**inputs(z_key, len(x))))
        real, fake = (nn.logsumexp(logits, axis=-1) for logits in (l_real, l_fake))
        loss = cross_entropy(labelled, y) + unlabelled_weight * minimax_disc(real, fake) / 2
        scores = {"disc/real_score": nn.sigmoid(real).mean(), "disc/fake_score": nn.sigmoid(fake).mean()}
        right = {"disc/class_accuracy": (labelled.argmax(axis=-1) == y).mean()}
        return loss, (record(carry, G, D), {**scores, **right, "disc/accuracy": accuracy(real, fake)})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        x = batch["image"]
        (_, f_real), (l_fake, f_fake) = D(x), D(G(**inputs(z_key, len(x))))
        matching = jnp.square(f_real.mean(axis=0) - f_fake.mean(axis=0)).mean()
        score = nn.sigmoid(nn.logsumexp(l_fake, axis=-1)).mean()
        return matching, (record(carry, G, D), {"gen/fake_score": score})

    init, generate = noise_to_image(generator, critic, inputs)
    return Gan(init, inputs, disc_loss, gen_loss, generate)
