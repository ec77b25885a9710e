"""DCGAN with the craft of training, every trick a term (Goodfellow 2016, NIPS tutorial, arXiv:1701.00160, and papers below).

    D minimises  −E [t log D(T(x)) + (1 − t) log(1 − D(T(x)))] − E [s log D(T(x̃)) + (1 − s) log(1 − D(T(x̃)))] + w R_LC
    G minimises  −E log D(T(G(z)))

    t, s    labels, smoothed on one side or both, flipped with a probability    (Salimans et al. 2016, 1606.03498, section 3.4)
    T       what D is shown, of both kinds and in both losses: instance noise (Sønderby et al. 2017, 1610.04490), DiffAugment
            (Zhao et al. 2020, 2006.10738, eq. 3 and 4), ADA (Karras et al. 2020, 2006.06676)
    x̃       G(z), some of them exchanged for older ones: experience replay           (Shrivastava et al. 2017, 1612.07828)
    R_LC    how far D's values are from their averages of the other kind                  (Tseng et al. 2021, 2104.03310)

Differs from dcgan: nothing, where nothing is asked for; and a player's turn may pass.

Deviations: 1. In one step real and generated images are shown under draws of T of their own, as in DiffAugment's code.
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.augment import Augment, nothing
from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Schedule, Step, Tree, critics_first, play
from ganjax.losses import accuracy, binary_cross_entropy, non_saturating_gen
from ganjax.memory import Averages, Pool, pool
from ganjax.nets.bind import bind, noise_to_image, record
from ganjax.turns import Turn, always

NOTHING, FRESH, ALWAYS = nothing(), pool(0), always()


def build(
    generator: nn.Module,
    critic: nn.Module,
    *,
    latent_dim: int = 100,
    real_label: float = 1.0,
    fake_label: float = 0.0,
    flip: float = 0.0,
    augment: Augment = NOTHING,
    replay: Pool = FRESH,
    lecam: Averages | None = None,
    lecam_weight: float = 0.3,
) -> Gan:
    """dcgan's game with what is asked for: real_label, fake_label and flip make t and s, augment is T, replay makes x̃."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        return {"z": jax.random.normal(key, (n, latent_dim))}

    def labels(key: Key, n: int) -> list[jax.Array]:
        flipped = jax.random.bernoulli(key, flip, (2, n))
        return [jnp.where(f, 1 - label, label) for f, label in zip(flipped, (real_label, fake_label), strict=True)]

    def T(carry: Carry, key: Key, x: jax.Array) -> jax.Array:
        shown: jax.Array = augment.apply(carry.memory["augment"], carry.step, key, x)
        return shown

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, label_key, old_key, real_key, fake_key, key = jax.random.split(key, 6)
        G, D = bind(networks, params, carry, key)
        x, memory = batch["image"], dict(carry.memory)
        (t, s), z = labels(label_key, len(x)), inputs(z_key, len(x))["z"]
        memory["replay"], x_fake = replay.apply(memory["replay"], old_key, G(z))
        real, fake = D.each(T(carry, real_key, x), T(carry, fake_key, x_fake))
        memory["augment"] = augment.update(memory["augment"], real)
        loss = binary_cross_entropy(real, t) + binary_cross_entropy(fake, s)
        if lecam:
            memory["lecam"], distance = lecam.apply(memory["lecam"], carry.step, real, fake)
            loss += lecam_weight * distance
        scores = {"disc/real_score": nn.sigmoid(real).mean(), "disc/fake_score": nn.sigmoid(fake).mean()}
        carry = record(carry, G, D)._replace(memory=memory)
        return loss, (carry, {**scores, "disc/accuracy": accuracy(real, fake)})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, T_key, key = jax.random.split(key, 3)
        G, D = bind(networks, params, carry, key)
        fake = D(T(carry, T_key, G(**inputs(z_key, len(batch["image"])))))
        return non_saturating_gen(fake), (record(carry, G, D), {"gen/fake_score": nn.sigmoid(fake).mean()})

    def memory(batch: Batch) -> dict[str, Tree]:
        kept = {"augment": augment.init(), "replay": replay.init(batch["image"].shape[1:])}
        return kept | ({"lecam": lecam.init()} if lecam else {})

    init, generate = noise_to_image(generator, critic, inputs, memory=memory)
    return Gan(init, inputs, disc_loss, gen_loss, generate)


def moves(
    gan: Gan,
    tx: Players,
    *,
    n_critic: int | Schedule = 1,
    accumulate: int = 1,
    disc_turn: Turn = ALWAYS,
    gen_turn: Turn = ALWAYS,
) -> Step:
    """``alternate``, in which a turn may pass: ``turns.every_steps``, ``every_epochs``, ``resting``."""
    disc, gen = play("disc", gan.disc_loss, tx.disc), play("gen", gan.gen_loss, tx.gen)
    return critics_first(disc_turn(disc), gen_turn(gen), n_critic, accumulate)
