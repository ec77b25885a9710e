"""Critics alone: one for every Q and every seed, all trained in one program by the moves of ``ganjax.core``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from experiments.critic_estimate.distributions import LATENT, Affine, Moved, draw, moons
from ganjax.core import Gan, Players, State, init, play, tick
from ganjax.nets.mlp import point_critic
from ganjax.systems import wgan, wgan_gp
from ganjax.transforms import linear_decay, scheduled

CRITIC = point_critic((64, 64))
BATCH = 256


class Method(NamedTuple):
    """Games that a critic plays one after the other, each for its share of the moves; its optimiser, its clipping."""

    games: Sequence[tuple[Gan, float]]
    optimiser: optax.GradientTransformation
    clip: float | None


def penalised(*weights: tuple[float, float]) -> Method:
    """WGAN-GP, Adam 3·10⁻³, β = (0, 0.9); ``weights`` are pairs of a λ and its share of the moves."""
    games = [
        (wgan_gp.build(Moved(), CRITIC, latent_dim=LATENT, penalty_weight=weight), share) for weight, share in weights
    ]
    return Method(games, optax.adam(3e-3, b1=0.0, b2=0.9), None)


def clipped(c: float) -> Method:
    """WGAN, RMSProp 10⁻³, weights in [−c, c]."""
    rmsprop = optax.rmsprop(1e-3, decay=0.99, eps=1e-8, eps_in_sqrt=False)
    return Method([(wgan.build(Moved(), CRITIC, latent_dim=LATENT), 1.0)], rmsprop, c)


METHODS = {
    "WGAN-GP, λ = 10": penalised((10.0, 1.0)),
    "WGAN-GP, λ = 0.1, then 10": penalised((0.1, 0.3), (10.0, 0.7)),
    "WGAN, c = 0.01": clipped(0.01),
    "WGAN, c = 0.1": clipped(0.1),
}


def estimates(method: Method, moves: Affine, seeds: int, steps: int, key: jax.Array) -> np.ndarray:
    """E D(x) − E D(y) [move, seed] on fresh points, after ``steps`` moves of D whose rate falls to 0."""
    optimiser = scheduled(method.optimiser, linear_decay(steps))
    tx = wgan.optimizers(optax.identity(), optimiser, clip=method.clip)

    def one(move: dict[str, jax.Array], seed: jax.Array) -> jax.Array:
        start_key, train_key, test_key = jax.random.split(jax.random.fold_in(key, seed), 3)
        state = init(method.games[0][0], tx, start_key, {"image": jnp.zeros((1, BATCH, 2))}, averaged=())
        state = state._replace(params=Players(move, state.params.disc))
        for gan, share in method.games:
            state = descend(gan, tx, state, round(share * steps), train_key)
        return estimate(state.params, test_key)

    every = jax.jit(jax.vmap(jax.vmap(one, (None, 0)), (0, None)))
    return np.asarray(every(_spread(moves), jnp.arange(seeds)))


def descend(gan: Gan, tx: Players, state: State, steps: int, key: jax.Array) -> State:
    """Moves of D on fresh points of P; Q stays where it is."""
    step = tick(play("disc", gan.disc_loss, tx.disc))

    def move(state: State, _: None) -> tuple[State, None]:
        points_key, step_key = jax.random.split(jax.random.fold_in(key, state.carry.step))
        return step(state, {"image": draw(points_key, BATCH)[None]}, step_key)[0], None

    return jax.lax.scan(move, state, length=steps)[0]


def estimate(params: Players, key: jax.Array, n: int = 10_000) -> jax.Array:
    """E D(x) − E D(y); x and y are of the same latents, which leaves the means and takes most of their noise."""
    z = jax.random.normal(key, (n, LATENT))
    real = CRITIC.apply({"params": params.disc}, moons(z), train=False)
    fake = CRITIC.apply({"params": params.disc}, Moved().apply({"params": params.gen}, z), train=False)
    return (real - fake).mean()


def _spread(moves: Affine) -> dict[str, jax.Array]:
    """The moves cut over as many of the devices as divide them."""
    n = len(moves["shift"])
    devices = max(d for d in range(1, jax.device_count() + 1) if n % d == 0)
    place = NamedSharding(Mesh(np.array(jax.devices()[:devices]), ("move",)), PartitionSpec("move"))
    return {name: jax.device_put(jnp.asarray(x, jnp.float32), place) for name, x in moves.items()}
