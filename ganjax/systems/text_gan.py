"""Generative Adversarial Text to Image Synthesis (Reed et al. 2016, arXiv:1605.05396).

    D minimises  −E log D(x, t) − (1 − w) E log(1 − D(G(z, t), t)) − w E log(1 − D(x, t′))        (algorithm 1, GAN-CLS)
    G minimises  −E log D(G(z, t), t) − ½ λ E log D(G(z, t̄), t̄),   t̄ = ½ t₁ + ½ t₂                       (eq. 5, GAN-INT)
    t the embedded caption of x, t′ that of another image; z ~ N(0, 1)¹⁰⁰; w = ½, λ = 1; Adam 2·10⁻⁴, β₁ = ½

Differs from cdcgan: text, which has no prior, so the data bring it (t as ``text``, t′ as ``text_wrong``) and ``inputs`` has
zeros in its place; the interpolated captions of GAN-INT, which no image belongs to, in G's loss alone.

Deviations: 1. Captions are wrong, as in the paper; the official code gives the caption another image. 2. The code
divides G's loss by its 1½ batches: ours is 1½ times that, which Adam does not see. 3. Where it is asked for, D's loss has
½ γ E ‖∇ₓ D(x, t)‖² besides, x with its own caption: R1 (Mescheder et al. 2018, eq. 9) at matching pairs, as in DF-GAN (Tao
et al. 2022, arXiv:2008.05865, eq. 3, whose penalty is of the text too, and another power).
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players
from ganjax.losses import accuracy, minimax_disc_fake, non_saturating_gen
from ganjax.nets.bind import bind, noise_to_image, record
from ganjax.penalties import r1


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    latent_dim: int = 100,
    text_dim: int = 1024,
    wrong_weight: float = 0.5,
    interpolation_weight: float = 1.0,
    penalty_weight: float = 0.0,
) -> Gan:
    """The game of Reed et al. 2016; ``wrong_weight`` is w (0: no GAN-CLS), ``interpolation_weight`` λ (0: no GAN-INT),
    ``penalty_weight`` γ (0, as in the paper: no penalty)."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        return {"z": jax.random.normal(key, (n, latent_dim)), "text": jnp.zeros((n, text_dim))}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        x, t = batch["image"], batch["text"]
        x_fake = G(inputs(z_key, len(x))["z"], t)
        real, fake = D(x, t), D(x_fake, t)
        scores = {"disc/real_score": nn.sigmoid(real).mean(), "disc/fake_score": nn.sigmoid(fake).mean()}
        loss = non_saturating_gen(real) + (1 - wrong_weight) * minimax_disc_fake(fake)
        if wrong_weight:
            wrong = D(x, batch["text_wrong"])
            loss += wrong_weight * minimax_disc_fake(wrong)
            scores["disc/wrong_score"] = nn.sigmoid(wrong).mean()
        if penalty_weight:
            slope = r1(lambda x: D.frozen(x, t), x).mean()
            loss += penalty_weight / 2 * slope
            scores["disc/slope"] = slope
        return loss, (record(carry, G, D), {**scores, "disc/accuracy": accuracy(real, fake)})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        t, n = batch["text"], len(batch["text"])
        if interpolation_weight:
            t = jnp.concatenate([t, (t[: n // 2] + t[n // 2 : 2 * (n // 2)]) / 2])
        scores = D(G(inputs(z_key, len(t))["z"], t), t)  # one batch, as BatchNorm sees it in the official code
        loss = non_saturating_gen(scores[:n])
        if interpolation_weight:
            loss += 0.5 * interpolation_weight * non_saturating_gen(scores[n:])
        return loss, (record(carry, G, D), {"gen/fake_score": nn.sigmoid(scores[:n]).mean()})

    init, generate = noise_to_image(generator, critic, inputs, told=("text",))
    return Gan(init, inputs, disc_loss, gen_loss, generate)
