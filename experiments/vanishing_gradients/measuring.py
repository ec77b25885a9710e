"""Data on one curve, a generator that stays on another, and a D that moves alone: what D would tell G, step by step."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree

from ganjax.core import Gan, Players, State, init, play, tick
from ganjax.losses import minimax_gen, non_saturating_gen, wasserstein_gen
from ganjax.nets.mlp import point_critic
from ganjax.systems import gan, wgan, wgan_gp

CRITIC = point_critic((64, 64))
BATCH, BATCHES = 256, 32  # of each move; of those that a gradient is read from
Objective = Callable[[jax.Array], jax.Array]  # of D's answers to points of G
CENTRE = jnp.array([0.5, 0.25])


def data(key: jax.Array, n: int) -> jax.Array:
    """n points of the upper of two moons, a curve in the plane, [n, 2]."""
    angle = jnp.pi * jax.random.uniform(key, (n,))
    return jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1) - CENTRE


class Moon(nn.Module):
    """G, which stays as it begins: z [n, 1] -> A m(z) + b [n, 2], m the lower moon, A = I and b = 0 its parameters."""

    share: Callable[[jax.Array], jax.Array]  # what makes z uniform on [0, 1]

    @nn.compact
    def __call__(self, z: jax.Array, train: bool = True) -> jax.Array:
        angle = jnp.pi * self.share(z[:, 0])
        points = jnp.stack([1 - jnp.cos(angle), 0.5 - jnp.sin(angle)], axis=1) - CENTRE
        matrix = self.param("matrix", lambda _: jnp.eye(2))
        shift = self.param("shift", nn.initializers.zeros, (2,))
        return points @ matrix.T + shift


class Game(NamedTuple):
    """A D with its optimiser, and the losses of G that it is asked for: {name: (game with that loss, objective)}."""

    asked: Mapping[str, tuple[Gan, Objective]]
    tx: Players

    def played(self) -> Gan:
        """D's part is the same in all."""
        return next(iter(self.asked.values()))[0]


def games() -> dict[str, Game]:
    """The original D, a clipped critic as in its paper, a penalised one."""
    uniform, normal = Moon(lambda z: (z + 1) / 2), Moon(jax.scipy.stats.norm.cdf)
    objectives: dict[str, Objective] = {"saturating": minimax_gen, "non-saturating": non_saturating_gen}
    original = {
        name: (gan.build(uniform, CRITIC, latent_dim=1, objective=objective), objective)
        for name, objective in objectives.items()
    }
    clipped = wgan.build(normal, CRITIC, latent_dim=1)
    penalised = wgan_gp.build(normal, CRITIC, latent_dim=1)
    rmsprop = optax.rmsprop(5e-5, decay=0.99, eps=1e-8, eps_in_sqrt=False)
    still = optax.identity()
    return {
        "GAN": Game(original, Players(still, optax.adam(1e-3, b1=0.5))),
        "WGAN": Game({"WGAN, clipped": (clipped, wasserstein_gen)}, wgan.optimizers(still, rmsprop)),
        "WGAN-GP": Game({"WGAN-GP": (penalised, wasserstein_gen)}, Players(still, optax.adam(1e-3, b1=0.0, b2=0.9))),
    }


def train(game: Game, seeds: int, shown: Sequence[int]) -> list[tuple[int, State]]:
    """(step, State of each seed) at each step of ``shown``: D moves, G does not."""
    played, keys = game.played(), jax.random.split(jax.random.key(0), seeds)
    each_seed = jax.random.split(jax.random.key(1), (seeds, 2))  # of the points, of the moves
    start = jax.jit(jax.vmap(lambda key: init(played, game.tx, key, {"image": data(key, BATCH)[None]}, averaged=())))
    step = tick(play("disc", played.disc_loss, game.tx.disc))

    @jax.jit
    def until(state: State, last: jax.Array) -> State:
        def move(i: jax.Array, state: State) -> State:
            def one(state: State, keys: jax.Array) -> State:
                return step(state, {"image": data(jax.random.fold_in(keys[0], i), BATCH)[None]}, keys[1])[0]

            return jax.vmap(one)(state, each_seed)

        moved: State = jax.lax.fori_loop(state.carry.step[0], last, move, state)
        return moved

    states, state = [], start(keys)
    for each in shown:
        state = until(state, each)
        states.append((each, state))
    return states


def judged(game: Game, state: State, key: jax.Array) -> dict[str, jax.Array]:
    """D's loss, and how many of 8,192 points it puts on the right side of 1/2."""
    played, n = game.played(), BATCH * BATCHES
    loss, _ = played.disc_loss(state.params, state.carry, {"image": data(key, n)}, key)
    right = (logits(state, data(key, n)) > 0).mean() + (logits(state, made(played, state, key, n)) < 0).mean()
    return {"loss": loss, "right": right / 2}


def told(game: tuple[Gan, Objective], state: State, key: jax.Array) -> dict[str, jax.Array]:
    """What G's loss tells G, of BATCHES batches.

    ``parameters`` is ‖E ∇_θ‖ for G's own parameters, ``spread`` the root of Σ var ∇_θ between batches, ``output`` the mean
    ‖∇_x‖ at single points x = G(z).
    """
    played, objective = game

    def of_batch(key: jax.Array) -> jax.Array:
        def loss(own: Any) -> jax.Array:
            return played.gen_loss(Players(own, state.params.disc), state.carry, {"image": jnp.zeros((BATCH, 2))}, key)[
                0
            ]

        gradient: jax.Array = ravel_pytree(jax.grad(loss)(state.params.gen))[0]
        return gradient

    gradients = jax.vmap(of_batch)(jax.random.split(key, BATCHES))
    return {
        "parameters": jnp.linalg.norm(gradients.mean(axis=0)),
        "spread": jnp.sqrt(gradients.var(axis=0).sum()),
        "output": jnp.linalg.norm(arrows(state, objective, made(played, state, key, BATCH)), axis=1).mean(),
    }


@functools.partial(jax.jit, static_argnums=(0, 3))
def made(game: Gan, state: State, key: jax.Array, n: int) -> jax.Array:
    """n points of G, [n, 2]."""
    points, _ = game.generate(state.params.gen, state.carry.vars.gen, game.inputs(key, n), key)
    return points["image"]


@jax.jit
def logits(state: State, points: jax.Array) -> jax.Array:
    """D's answers to points [n, 2], without a sigmoid."""
    return jnp.asarray(CRITIC.apply({"params": state.params.disc}, points, train=False))


@functools.partial(jax.jit, static_argnums=1)
def arrows(state: State, objective: Objective, points: jax.Array) -> jax.Array:
    """Where G's loss sends each point: −∇_x of its own term, [n, 2]."""
    ways: jax.Array = -jax.vmap(jax.grad(lambda x: objective(logits(state, x[None]))))(points)
    return ways


def measure(game: Game, states: Sequence[tuple[int, State]]) -> dict[str, dict[str, np.ndarray]]:
    """{"D": of ``judged``, name of a loss: of ``told``}, each [step, seed]."""
    key = jax.random.key(1)

    @jax.jit
    @jax.vmap
    def every(state: State) -> dict[str, dict[str, jax.Array]]:
        return {"D": judged(game, state, key)} | {name: told(each, state, key) for name, each in game.asked.items()}

    found = [jax.tree.map(np.asarray, every(state)) for _, state in states]
    stacked: dict[str, dict[str, np.ndarray]] = jax.tree.map(lambda *each: np.stack(each), *found)
    return stacked
