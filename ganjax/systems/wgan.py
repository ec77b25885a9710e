"""Wasserstein GAN (Arjovsky et al. 2017, arXiv:1701.07875).

    D minimises  E D(G(z)) − E D(x),  every weight of D clipped to [−c, c]                                (algorithm 1)
    G minimises  −E D(G(z))
    n_critic = 5, c = 0.01, RMSProp 5·10⁻⁵

E D(x) − E D(G(z)), logged as ``disc/wasserstein``, estimates K · W₁ for some K that c implies (docs/errata.md, 9).
Differs from gan: no log, an unbounded critic kept Lipschitz by clipping, several critic moves.

Deviations: 1. Clipping follows the update, as in the paper and the decks; the official code clips before it, so that G
meets an unclipped critic: ``optimizers(clip=None)`` with ``moves(clip_before=c)``. 2. The official code plays 100
critic moves in the first 25 steps and at every 500th: ``n_critic=warm_up``. It is off by default. 3. The decks print
other signs in places; D's value is E D(x) − E D(G(z)) (docs/errata.md, 1 and 2). 4. Clipping reaches BatchNorm's γ and
β too, as the official code and the decks have it.
"""

from __future__ import annotations

import flax.linen as nn
import jax
import optax

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Schedule, Step, critics_first, play, project, sequence
from ganjax.losses import accuracy, wasserstein_disc, wasserstein_gen
from ganjax.nets.bind import bind, noise_to_image, record
from ganjax.transforms import clip as clip_to
from ganjax.transforms import clip_weights


def build(generator: nn.Module, critic: nn.Module, *, latent_dim: int = 100) -> Gan:
    """The game of Arjovsky et al. 2017, z ~ N(0, 1)ⁿ."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        return {"z": jax.random.normal(key, (n, latent_dim))}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        x = batch["image"]
        real, fake = D.each(x, G(**inputs(z_key, len(x))))
        scores = {"disc/real_score": real.mean(), "disc/fake_score": fake.mean()}
        metrics = {**scores, "disc/wasserstein": real.mean() - fake.mean(), "disc/accuracy": accuracy(real, fake)}
        return wasserstein_disc(real, fake), (record(carry, G, D), metrics)

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        fake = D(G(**inputs(z_key, len(batch["image"]))))
        return wasserstein_gen(fake), (record(carry, G, D), {"gen/fake_score": fake.mean()})

    init, generate = noise_to_image(generator, critic, inputs)
    return Gan(init, inputs, disc_loss, gen_loss, generate)


def optimizers(
    gen_tx: optax.GradientTransformation, disc_tx: optax.GradientTransformation, *, clip: float | None = 0.01
) -> Players:
    """D's optimiser with clipping to [−clip, clip] after each update (algorithm 1, line 7); None leaves it out."""
    return Players(gen_tx, disc_tx if clip is None else optax.chain(disc_tx, clip_weights(clip)))


def moves(
    gan: Gan,
    tx: Players,
    *,
    n_critic: int | Schedule = 5,
    accumulate: int = 1,
    clip_before: float | None = None,
) -> Step:
    """n_critic critic moves, then G; ``clip_before`` clips before each critic move, as the official code does."""
    disc, gen = play("disc", gan.disc_loss, tx.disc), play("gen", gan.gen_loss, tx.gen)
    if clip_before is not None:
        disc = sequence(project("disc", lambda params: clip_to(params, clip_before)), disc)
    return critics_first(disc, gen, n_critic, accumulate)


def warm_up(step: int, steps: int = 25, period: int = 500, many: int = 100, few: int = 5) -> int:
    """Critic moves of a step in the official code: 100 in the first 25 steps and at every 500th, else 5."""
    return many if step < steps or step % period == 0 else few
