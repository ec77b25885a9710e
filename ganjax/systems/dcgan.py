"""Unsupervised Representation Learning with Deep Convolutional GANs (Radford et al. 2016, arXiv:1511.06434).

    D minimises  −E log D(x) − E log(1 − D(G(z)))                                        (Goodfellow et al. 2014, eq. 1)
    G minimises  −E log D(G(z))
    z ~ N(0, 1)ⁿ; Adam 2·10⁻⁴, β₁ = ½; weights N(0, 0.02²)                               (section 4)

Differs from gan: convolutions with BatchNorm, real and fake as separate batches through D (their statistics differ).

Deviations: 1. 4 × 4 kernels and z ~ N(0, 1), as the PyTorch tutorial and the decks have; the paper's own code has 5 × 5
and z uniform. 2. No weight decay (the paper's code has 10⁻⁵). 3. G draws fresh z after D's move;
``shared_latents=True`` is the decks' order (docs/errata.md, 13): G answers on the very z that D has just seen, with
one update of G's running statistics. It needs accumulate = 1. 4. The decks' last layer of G has a bias (3 parameters
more): ``last_bias`` of the network.
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Schedule, State, Step, alternate
from ganjax.losses import accuracy, minimax_disc, non_saturating_gen
from ganjax.nets.bind import bind, noise_to_image, record


def build(generator: nn.Module, critic: nn.Module, *, latent_dim: int = 100, shared_latents: bool = False) -> Gan:
    """The game of Radford et al. 2016."""
    networks = Players(generator, critic)

    def inputs(key: Key, n: int) -> Batch:
        return {"z": jax.random.normal(key, (n, latent_dim))}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        x, z = batch["image"], inputs(z_key, len(batch["image"]))["z"]
        real, fake = D.each(x, G(z))
        carry = record(carry, G, D)._replace(memory={"z": z} if shared_latents else {})
        scores = {"disc/real_score": nn.sigmoid(real).mean(), "disc/fake_score": nn.sigmoid(fake).mean()}
        return minimax_disc(real, fake), (carry, {**scores, "disc/accuracy": accuracy(real, fake)})

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> tuple[jax.Array, tuple[Carry, Metrics]]:
        z_key, key = jax.random.split(key)
        G, D = bind(networks, params, carry, key)
        x_fake = G.frozen(carry.memory["z"]) if shared_latents else G(**inputs(z_key, len(batch["image"])))
        fake = D(x_fake)
        return non_saturating_gen(fake), (record(carry, G, D), {"gen/fake_score": nn.sigmoid(fake).mean()})

    def memory(batch: Batch) -> dict[str, jax.Array]:
        return {"z": jnp.zeros((len(batch["image"]), latent_dim))} if shared_latents else {}

    init, generate = noise_to_image(generator, critic, inputs, memory=memory)
    return Gan(init, inputs, disc_loss, gen_loss, generate)


def moves(gan: Gan, tx: Players, *, n_critic: int | Schedule = 1, accumulate: int = 1) -> Step:
    """``alternate``; raises ValueError where latents are shared and accumulate > 1: only the last are remembered."""
    play = alternate(gan, tx, n_critic, accumulate)

    def step(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        if state.carry.memory and accumulate > 1:
            raise ValueError(f"shared_latents remembers one batch of latents: accumulate={accumulate} must be 1")
        return play(state, batch, key)

    return step
