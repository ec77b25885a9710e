"""Autoencoding beyond Pixels Using a Learned Similarity Metric (Larsen et al. 2016, arXiv:1512.09300).

    L_prior = KL(q(z | x) ‖ N(0, 1))                                                                         (eq. 4)
    L_llike = −E_q log N(D_l(x); D_l(x̃), 1),  x̃ = G(z),  z ~ q(z | x),  D_l a hidden layer of D           (eq. 6, 7)
    L_GAN   = ½ E log D(x) + ½ E log(1 − D(x̃ or x_p)),  x_p = G(z_p),  z_p ~ N(0, 1)                         (eq. 5)
    D minimises −L_GAN,  the encoder L_prior + L_llike,  the decoder G γ L_llike + E log(1 − D(x̃ or x_p))  (algorithm 1)

Encoder and decoder are one player, and ``gen_loss`` is one number with the gradients of both: the decoder gets γ times its
gradient of L_llike (``G.scaled``), and the adversary's term takes z for a constant, so that the encoder gets none of it.

Differs from vae: the likelihood is of D's features. Deviations: 1. The paper sums L_llike over the features, so γ and the
balance with L_prior change with the network: here it is w times the mean over features of ½ (D_l(x) − D_l(x̃))², and w is
the paper's number of them. 2. The signs of L_GAN in algorithm 1 are those of a cost; its ½ are the official code's. 3. Real
and generated images are batches of their own in BatchNorm, but for D_l. 4. ``gate`` decides at each player's own move.
5. Where it is asked for, D minimises R1 besides, ½ E ‖∇D(x)‖² times ``penalty_weight`` (Mescheder et al. 2018, eq. 9).
"""

from __future__ import annotations

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax import core
from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Schedule, Step
from ganjax.losses import accuracy, minimax_disc, minimax_gen
from ganjax.nets.bind import autoencoder, bind, record
from ganjax.penalties import r1
from ganjax.turns import all_but

Gate = tuple[float, float] | None


def build(
    generator: nn.Module,
    encoder: nn.Module,
    critic: nn.Module,
    *,
    latent_dim: int = 128,
    gamma: float = 1e-6,
    reconstruction_weight: float = 16384.0,
    discriminate_reconstructions: bool = True,
    penalty_weight: float = 0.0,
    objective: Callable[[jax.Array], jax.Array] = minimax_gen,
) -> Gan:
    """The game of Larsen et al. 2016; ``reconstruction_weight`` is w, ``objective`` what G minimises, of D(x̃ or x_p);
    ``discriminate_reconstructions`` is whether x̃ is in L_GAN (the official script for CelebA: False); ``penalty_weight`` is
    that of R1 (0, as in the paper: none)."""
    networks = Players({"encoder": encoder, "generator": generator}, critic)

    def inputs(key: Key, n: int) -> Batch:
        return {"z": jax.random.normal(key, (n, latent_dim))}

    def drawn(key: Key, mean: jax.Array, log_variance: jax.Array) -> jax.Array:
        return mean + jnp.exp(log_variance / 2) * jax.random.normal(key, mean.shape)

    def fakes(key: Key, z: jax.Array, G: Callable[[jax.Array], jax.Array]) -> jax.Array:
        """x_p, and x̃ of z as a constant."""
        z_p = inputs(key, len(z))["z"]
        return G(jnp.concatenate([z_p, jax.lax.stop_gradient(z)]) if discriminate_reconstructions else z_p)

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, prior_key, key = jax.random.split(key, 3)
        gen, D = bind(networks, params, carry, key)
        E, G, x = gen["encoder"], gen["generator"], batch["image"]
        (real, _), (fake, _) = D(x), D(fakes(prior_key, drawn(z_key, *E(x)), G))
        costs = {"disc/real_loss": nn.softplus(-real).mean(), "disc/fake_loss": nn.softplus(fake).mean()}
        scores = {"disc/real_score": nn.sigmoid(real).mean(), "disc/fake_score": nn.sigmoid(fake).mean()}
        metrics = {**costs, **scores, "disc/accuracy": accuracy(real, fake)}
        loss = minimax_disc(real, fake) / 2
        if penalty_weight:
            metrics["disc/slope"] = r1(lambda x: D.frozen(x)[0], x).mean()
            loss += penalty_weight / 2 * metrics["disc/slope"]
        return loss, (record(carry, gen, D), metrics)

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, prior_key, key = jax.random.split(key, 3)
        gen, D = bind(networks, params, carry, key)
        E, G, x = gen["encoder"], gen["generator"], batch["image"]
        mean, log_variance = E(x)
        z = drawn(z_key, mean, log_variance)
        prior = (mean**2 + jnp.exp(log_variance) - 1 - log_variance).sum(axis=1).mean() / 2
        logits, features = D(jnp.concatenate([x, G.scaled(gamma, z)]))
        likelihood = reconstruction_weight * ((features[: len(x)] - features[len(x) :]) ** 2).mean() / 2
        fake, _ = D(fakes(prior_key, z, G))
        costs = {"gen/real_loss": nn.softplus(-logits[: len(x)]).mean(), "gen/fake_loss": nn.softplus(fake).mean()}
        metrics = {**costs, "gen/fake_score": nn.sigmoid(fake).mean(), "gen/kl": prior, "gen/likelihood": likelihood}
        return prior + likelihood + objective(fake), (record(carry, gen, D), metrics)

    init, generate = autoencoder(networks, inputs)
    return Gan(init, inputs, disc_loss, gen_loss, generate)


def moves(gan: Gan, tx: Players, *, n_critic: int | Schedule = 1, accumulate: int = 1, gate: Gate = None) -> Step:
    """``alternate``; with ``gate`` (low, high) who is ahead rests: D where its cost of real or of fake images is below
    low, the decoder where one is above high; neither, where both should. (0.33, 1.03) is the code's log 2 ± 0.35."""
    if gate is None:
        return core.alternate(gan, tx, n_critic, accumulate)
    low, high = gate

    def rests(who: str, metrics: Metrics) -> Players:
        costs = jnp.stack([metrics[f"{who}/real_loss"], metrics[f"{who}/fake_loss"]])
        disc, decoder = costs.min() < low, costs.max() > high
        return Players(gen=decoder & ~disc, disc=disc & ~decoder)

    gen = all_but("generator", lambda metrics: rests("gen", metrics).gen)(core.play("gen", gan.gen_loss, tx.gen))
    disc = core.when(lambda step, metrics: ~rests("disc", metrics).disc, core.play("disc", gan.disc_loss, tx.disc))
    return core.critics_first(disc, gen, n_critic, accumulate)
