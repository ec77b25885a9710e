"""Games in the plane: many runs of one program, fed on the device; no loader, no files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ganjax import compilation
from ganjax.core import Gan, Key, Players, State, Step, init
from ganjax.data import open_source
from ganjax.metrics.modes import Coverage, coverage

Points = Float[Array, "kinds n 2"]
Tree = Any


class Mixture(NamedTuple):
    """Points of a data set of the plane, and its modes where it has some."""

    points: np.ndarray  # [n, 2]
    modes: Sequence[Sequence[float]]
    sigma: float

    def covered(self, points: np.ndarray) -> Coverage:
        """Modes that these points cover, and their share within 3σ of one."""
        return coverage(points, self.modes, self.sigma)


def mixture(name: str) -> Mixture:
    """A data set of ``ganjax.data.mixtures``, all of it."""
    source = open_source(name)
    points = source.fetch(np.arange(source.size))["image"]
    return Mixture(points, source.info.get("modes", []), source.info.get("sigma", 0.0))


class Runs(NamedTuple):
    """Runs side by side: each leaf has them along its first axis. ``kind`` is the data set of each, ``setting`` what its
    step is made of (a learning rate), where they differ in that."""

    state: State
    kind: Int[Array, " runs"]
    setting: Tree
    key: Key


def same(gan: Gan, tx: Players) -> Callable[[Tree], tuple[Gan, Players]]:
    """One game, whatever the setting."""
    return lambda setting: (gan, tx)


def begin(
    game: Callable[[Tree], tuple[Gan, Players]],
    kinds: Sequence[int],
    setting: Tree,
    seeds: Sequence[int],
    averaged: Sequence[str] = (),
) -> Runs:
    """Fresh runs; those of one seed begin from the same weights and draw the same noise, whatever their game."""

    def one(setting: Tree, key: Key) -> State:
        gan, tx = game(setting)
        return init(gan, tx, key, {"image": jnp.zeros((1, 2, 2))}, averaged=averaged)

    roots = jax.vmap(jax.random.key)(jnp.asarray(seeds))
    start, key = jax.vmap(jax.random.split, out_axes=1)(roots)
    return Runs(compilation.once(jax.vmap(one))(setting, start), jnp.asarray(kinds), setting, key)


def player(step_of: Callable[[Tree], Step], micro: int, batch: int) -> Callable[[Runs, Points, int, int], Runs]:
    """(runs, points, first, last) -> the runs after the steps first … last − 1, on ``micro`` batches of fresh draws each."""

    def one(state: State, kind: Array, setting: Tree, key: Key, points: Points, i: Array) -> State:
        data, step = jax.random.split(key)
        drawn = jax.random.randint(jax.random.fold_in(data, i), (micro, batch), 0, points.shape[1])
        return step_of(setting)(state, {"image": points[kind, drawn]}, step)[0]

    def played(runs: Runs, points: Points, first: Array, last: Array) -> Runs:
        def all_of(i: Array, state: State) -> State:
            each = jax.vmap(one, (0, 0, 0, 0, None, None))
            return each(state, runs.kind, runs.setting, runs.key, points, i)

        return runs._replace(state=jax.lax.fori_loop(first, last, all_of, runs.state))

    return jax.jit(played)


def sampler(gan: Gan, n: int) -> Callable[[Runs], np.ndarray]:
    """n points of each run's generator, or of its average where there is one; the same latents every time: [runs, n, 2]."""

    @jax.jit
    @jax.vmap
    def drawn(state: State) -> jax.Array:
        params, vars = state.ema.gen or (state.params.gen, state.carry.vars.gen)
        made, _ = gan.generate(params, vars, gan.inputs(jax.random.key(1), n), jax.random.key(2))
        return made["image"]

    return lambda runs: np.asarray(drawn(runs.state))
