"""Crafted DCGAN with its tricks as numbers: one program trains every row of the table, a run after the other."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ganjax import memory, turns
from ganjax.augment import instance_noise
from ganjax.compilation import hurry
from ganjax.core import Batch, Gan, Key, Metrics, Players, State, Step, average, every, init, when
from ganjax.data import pipeline
from ganjax.nets import dcgan
from ganjax.systems import crafted
from ganjax.transforms import scheduled

SUBSET = 500  # images


class Tricks(NamedTuple):
    """A row. As it stands: DCGAN's defaults."""

    real_label: float = 1.0
    fake_label: float = 0.0
    flip: float = 0.0  # the probability that a label is the other one
    noise: float = 0.0  # its deviation, gone after half of the steps
    disc_every: int = 1  # D moves in every n-th block of ``block`` steps
    block: int = 1
    below: float = -np.inf  # D rests while its loss is lower
    gen_every: int = 1  # G moves at every n-th step
    gen_rate: float = 5e-4  # DCGAN's is 2e-4: the runs are short
    disc_rate: float = 5e-4
    falls: float = 0.0  # 1: the rates fall to 0
    average: float = 0.0  # of G: min(this, (1 + step) / (10 + step))


class Size(NamedTuple):
    """How large, how long: what a program is compiled for. ``replay``: half of D's fakes are from a history of 512."""

    side: int  # of the images, in pixels
    channels: int
    steps: int
    batch: int
    replay: bool = False


class Played(NamedTuple):
    """A run's last state and its log, a value for each step (NaN where a player rested)."""

    state: State
    log: Metrics


def game(tricks: Tricks, size: Size) -> tuple[Gan, Players, Step]:
    """crafted's game, its optimisers, and the step that is played."""
    networks = dcgan.generator(size.side, size.channels), dcgan.critic(size.side, size.channels)
    labels: dict[str, Any] = {"real_label": tricks.real_label, "fake_label": tricks.fake_label, "flip": tricks.flip}
    noise = instance_noise(tricks.noise, max(size.steps // 2, 1))
    gan = crafted.build(*networks, **labels, augment=noise, replay=memory.replay() if size.replay else memory.FRESH)

    def factor(step: jax.Array) -> jax.Array:
        return 1 - tricks.falls * step / size.steps

    rates = Players(tricks.gen_rate, tricks.disc_rate)
    tx = Players(*(scheduled(optax.adam(rate, b1=0.5), factor) for rate in rates))
    step = crafted.moves(gan, tx, disc_turn=_disc_turn(tricks), gen_turn=_gen_turn(tricks))
    mean = average(lambda now: jnp.minimum(tricks.average, (1 + now) / (10 + now)))

    def averaged(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
        state, metrics = step(state, batch, key)
        return mean(state, batch, key)[0], metrics

    return gan, tx, averaged


def _disc_turn(tricks: Tricks) -> turns.Turn:
    def awake(step: jax.Array, metrics: Metrics) -> jax.Array:
        return metrics["disc/loss"] >= tricks.below

    return lambda move: when(awake, every(lambda now: now // tricks.block % tricks.disc_every == 0, move))


def _gen_turn(tricks: Tricks) -> turns.Turn:
    return lambda move: every(lambda now: now % tricks.gen_every == 0, move)


def order(size: Size) -> np.ndarray:
    """[steps, batch]: the loader's own order of the subset."""
    return np.stack([pipeline.indices(0, SUBSET, size.batch, i) for i in range(size.steps)])


def player(short: bool) -> Callable[..., Played]:
    """``play`` compiled, once for each size; ``short`` as ``on_device.player`` has it."""
    return jax.jit(play, static_argnames="size", compiler_options=hurry() if short else None)


def play(tricks: Tricks, images: jax.Array, order: jax.Array, seed: int, size: Size) -> Played:
    """One run on ``images`` [subset, h, w, c] in [-1, 1]."""
    gan, tx, step = game(tricks, size)
    init_key, step_key = jax.random.split(jax.random.key(seed))
    state = init(gan, tx, init_key, {"image": images[None, : size.batch]}, averaged=("gen",))

    def one(state: State, places: jax.Array) -> tuple[State, Metrics]:
        return step(state, {"image": images[places][None]}, step_key)

    return Played(*jax.lax.scan(one, state, order))


@functools.partial(jax.jit, static_argnames=("size", "n"), compiler_options=hurry())
def draw(state: State, size: Size, n: int) -> jax.Array:
    """n samples of G's average, which is G where nothing is averaged."""
    gan, _, _ = game(Tricks(), size)
    params, vars = state.ema.gen
    made: jax.Array = gan.generate(params, vars, gan.inputs(jax.random.key(7), n), jax.random.key(0))[0]["image"]
    return made


@functools.partial(jax.jit, static_argnames="size", compiler_options=hurry())
def scores(state: State, images: jax.Array, size: Size) -> jax.Array:
    """The mean of D(x), by the batch's statistics."""
    variables = {"params": state.params.disc, **state.carry.vars.disc}
    logits, _ = dcgan.critic(size.side, size.channels).apply(variables, images, train=True, mutable=["batch_stats"])
    mean: jax.Array = jax.nn.sigmoid(logits).mean()
    return mean
