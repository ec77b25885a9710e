"""The game of gan.py on a line, all seeds in one program, and what is seen of it: p_g, D and the best D."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ganjax.core import Players, State, Step, alternate, init, play, tick
from ganjax.nets import mlp
from ganjax.nets.layers import identity
from ganjax.systems import gan
from ganjax.transforms import scheduled

EDGES = np.linspace(-1.5, 1.5, 121)
MIDDLE = (EDGES[1:] + EDGES[:-1]) / 2
WIDTH = float(EDGES[1] - EDGES[0])
BATCH = 256
CRITIC = mlp.critic((64, 64), input=lambda x: (x - jnp.linspace(-1.5, 1.5, 32)) * 4)  # kinks all along the line
GAME = gan.build(mlp.generator((64, 64), (1,), output=identity), CRITIC, latent_dim=4)


class Data(NamedTuple):
    """Two equal Gaussians on the line."""

    centres: tuple[float, float]
    sigma: float


TOUCHING, APART = Data((-0.4, 0.5), 0.2), Data((-0.5, 0.6), 0.15)  # halfway between: 2.25 σ and 3.7 σ from both


class Frame(NamedTuple):
    """p_g and D on MIDDLE, of each seed."""

    step: int
    made: np.ndarray  # [seeds, bins]
    scores: np.ndarray  # [seeds, bins]


def density(data: Data) -> np.ndarray:
    """p_data on MIDDLE."""
    each = [np.exp(-(((MIDDLE - c) / data.sigma) ** 2) / 2) / data.sigma / np.sqrt(2 * np.pi) for c in data.centres]
    return np.asarray(np.mean(each, axis=0))


def draw(data: Data, key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Points of the data, [*shape, 1]."""
    which, noise = jax.random.split(key)
    centre = jnp.asarray(data.centres)[jax.random.randint(which, shape, 0, 2)]
    return (centre + data.sigma * jax.random.normal(noise, shape))[..., None]


def optimisers(steps: int) -> Players:
    """Adam; rates fall to 0 for G and to a twentieth for D, which has to keep up with G."""
    gen, disc = optax.cosine_decay_schedule(1e-3, steps), optax.cosine_decay_schedule(4e-3, steps, alpha=0.05)
    return Players(scheduled(optax.adam(1.0, b1=0.5), gen), scheduled(optax.adam(1.0, b1=0.0), disc))


def begin(seeds: int, tx: Players) -> State:
    """Of each seed."""
    start = jax.vmap(lambda key: init(GAME, tx, key, {"image": jnp.zeros((1, BATCH, 1))}, averaged=()))
    state: State = jax.jit(start)(jax.random.split(jax.random.key(0), seeds))
    return state


def through(step: Step, state: State, data: Data, n_critic: int, shown: Sequence[int]) -> list[State]:
    """The states at each step of ``shown``, on fresh points."""
    each_seed = jax.random.split(jax.random.key(1), (len(state.carry.step), 2))  # of the points, of the moves

    @jax.jit
    def until(state: State, last: jax.Array) -> State:
        def move(i: jax.Array, state: State) -> State:
            def one(state: State, keys: jax.Array) -> State:
                return step(state, {"image": draw(data, jax.random.fold_in(keys[0], i), (n_critic, BATCH))}, keys[1])[0]

            return jax.vmap(one)(state, each_seed)

        moved: State = jax.lax.fori_loop(state.carry.step[0], last, move, state)
        return moved

    states = []
    for each in shown:
        state = until(state, jnp.int32(each))
        states.append(state)
    return states


def game(data: Data, seeds: int, steps: int, shown: Sequence[int], n_critic: int = 5) -> list[State]:
    """n_critic moves of D for one of G."""
    tx = optimisers(steps)
    return through(alternate(GAME, tx, n_critic), begin(seeds, tx), data, n_critic, shown)


def settled(data: Data, state: State, steps: int) -> State:
    """D after so many moves of its own, G as it is."""
    tx = optimisers(steps)
    fresh = State(
        state.params,
        Players(state.opt.gen, jax.vmap(tx.disc.init)(state.params.disc)),
        state.carry._replace(step=jnp.zeros_like(state.carry.step)),
        state.ema,
    )
    return through(tick(play("disc", GAME.disc_loss, tx.disc)), fresh, data, 1, [steps])[0]


def seen(state: State, points: int) -> Frame:
    """p_g from so many points, and D."""
    drawn, scores = map(np.asarray, _looked(state, points))
    made = [np.histogram(each, EDGES)[0] / points / WIDTH for each in drawn]
    return Frame(int(state.carry.step[0]), np.stack(made), scores)


@functools.partial(jax.jit, static_argnums=1)
def _looked(state: State, points: int) -> tuple[jax.Array, jax.Array]:
    line, inputs = jnp.asarray(MIDDLE, jnp.float32)[:, None], GAME.inputs(jax.random.key(9), points)

    def one(state: State) -> tuple[jax.Array, jax.Array]:
        made, _ = GAME.generate(state.params.gen, state.carry.vars.gen, inputs, jax.random.key(8))
        logits = jnp.asarray(CRITIC.apply({"params": state.params.disc}, line, train=False))
        return made["image"][:, 0], jax.nn.sigmoid(logits)

    looked: tuple[jax.Array, jax.Array] = jax.lax.map(one, state)  # by seeds: the hidden layers of all points are large
    return looked


def best(data: Data, made: np.ndarray) -> np.ndarray:
    """D* = p_data / (p_data + p_g).  Goodfellow et al. 2014, proposition 1."""
    return np.asarray(density(data) / np.maximum(density(data) + made, 1e-9))


def measure(data: Data, frame: Frame) -> dict[str, np.ndarray]:
    """Of each seed: total variation of p_g and p_data; D's mean distance from ½ and from D*, where either has mass; D's loss."""
    real, made = density(data), frame.made
    both = real + made
    weight = both / both.sum(axis=1, keepdims=True)
    outside = 1 - made.sum(axis=1) * WIDTH
    cost = real * np.log(np.maximum(frame.scores, 1e-12)) + made * np.log(np.maximum(1 - frame.scores, 1e-12))
    return {
        "total_variation": (np.abs(real - made).sum(axis=1) * WIDTH + outside) / 2,
        "from_half": (weight * np.abs(frame.scores - 0.5)).sum(axis=1),
        "from_best": (weight * np.abs(frame.scores - best(data, made))).sum(axis=1),
        "best_from_half": (weight * np.abs(best(data, made) - 0.5)).sum(axis=1),
        "loss": -cost.sum(axis=1) * WIDTH,
    }
