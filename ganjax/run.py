"""A run: what a config determines before its first step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from ganjax import checks, compilation, finite, game, parallel, sharding
from ganjax.core import Metrics, State, Step
from ganjax.data import open_source, pipeline
from ganjax.data.source import Source, divide, exchanged, unpaired, with_few_labels
from ganjax.errors import UserError

Tree = Any
FEEDING = ("seed", "flip", "crop", "crop_at")  # keys of config.data that cut batches
NOT_OPENING = (
    "name",
    "dequantise",
    "held_out",
    "labelled",
    "direction",
    "unpaired",
)  # and those that neither open the source nor cut batches


class Run(NamedTuple):
    """Config, data and game; ``keys`` of initialisation and of steps; ``batch``, the shapes that a step sees [m, b, …].

    ``held_out`` are the examples that training does not see, where ``config.data.held_out`` asks for some.
    """

    config: ConfigDict
    source: Source
    game: game.Game
    steps: int
    init_key: jax.Array
    step_key: jax.Array
    batch: Tree
    held_out: Source | None = None


def prepare(config: ConfigDict) -> Run:
    """Opens the data, builds the game, and sees that they fit. Several seeds have a leading axis in both keys.

    Raises:
        UserError: something in the config does not exist or does not fit together.
    """
    checks.check_settings(config)
    source, held_out = open_data(config.data)
    checks.check_attributes(config, source)
    run = assemble(config, source, example(source, config.data))._replace(held_out=held_out)
    checks.check_game(run.game, run.batch, config)
    return run


def open_data(data: ConfigDict) -> tuple[Source, Source | None]:
    """(what is trained on, what is held out) of config.data.

    Raises:
        UserError: the data are not there; nothing would be left to train on.
    """
    source, held_out = open_source(data.name, **opening_options(data)), None
    if data.direction not in (None, "ab", "ba"):
        raise UserError(f"config.data.direction={data.direction!r}: choose 'ab' or 'ba'")
    source = exchanged(source) if data.direction == "ba" else source
    if data.held_out:
        source, held_out = divide(source, data.held_out, data.seed)
    source = unpaired(source, data.seed) if data.unpaired else source
    return (with_few_labels(source, data.labelled, data.seed) if data.labelled else source), held_out


def assemble(config: ConfigDict, source: Source, shapes: Tree) -> Run:
    """The run of a config; ``shapes`` are those of one example, as the networks see it."""
    train = config.train
    played = game.build(config, parallel.AXIS if train.parallel == "pmap" else None)
    lead = (checks.micro_batches(played, config), train.batch_size)
    batch = {name: jax.ShapeDtypeStruct((*lead, *x.shape), x.dtype) for name, x in shapes.items()}
    steps = steps_of(train.epochs, source.size, train.batch_size, played.micro) if train.epochs else train.steps
    seeds = [train.seed + i for i in range(train.num_seeds)]
    keys = [jnp.stack([root(seed, use) for seed in seeds]) for use in ("init", "steps")]
    init_key, step_key = keys if len(seeds) > 1 else [key[0] for key in keys]
    return Run(config, source, played, steps, init_key, step_key, batch)


def root(seed: int, use: str) -> jax.Array:
    """The key that all draws of one use come from: every use of a seed has its own."""
    return jax.random.fold_in(jax.random.key(seed), ("init", "steps", "sheets", "evaluation", "data").index(use))


def steps_of(epochs: float, size: int, batch_size: int, micro: Callable[[int], int]) -> int:
    """Steps that eat so many passes over ``size`` examples."""
    need, eaten, step = math.ceil(epochs * size / batch_size), 0, 0
    while eaten < need:
        eaten, step = eaten + micro(step), step + 1
    return step


def initial_state(run: Run) -> State:
    """The state before the first step; several seeds have a leading axis."""
    return compilation.once(_init(run))(run.init_key)


def initial_shapes(run: Run) -> State:
    """``initial_state`` as shapes, nothing allocated."""
    shapes: State = jax.eval_shape(_init(run), run.init_key)
    return shapes


def _init(run: Run) -> Callable[[jax.Array], State]:
    def init(key: jax.Array) -> State:
        return run.game.init(key, jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), run.batch))

    return init if run.init_key.ndim == 0 else jax.vmap(init)


def compile_step(run: Run) -> parallel.Devices:
    """``whole_step`` compiled for the devices, the state cut over them as ``config.train.sharding`` says."""
    train = run.config.train
    lead, rules = 1 if train.steps_per_call == 1 else 2, checks.sharding_rules(run.config)
    if train.parallel == "pmap":
        return parallel.over_pmap(whole_step(run), lead)
    seeds = int(train.num_seeds > 1)
    layout = sharding.layout(initial_shapes(run), rules, parallel.mesh(), seeds) if rules else None
    return parallel.over_mesh(whole_step(run), lead, layout)


def whole_step(run: Run) -> Step:
    """The game's step from host batches, for all seeds and ``steps_per_call`` steps."""
    train = run.config.train
    step = from_bytes(finite.watched(run.game.step), run.config.data)
    if train.num_seeds > 1:
        step = jax.vmap(step, in_axes=(0, None, 0))
    if train.steps_per_call > 1:
        step = in_one_call(step)
    return step


def from_bytes(step: Step, data: ConfigDict) -> Step:
    """The step fed with bytes: images become [-1, 1] on the device, with the data's own key."""
    data_key, dequantise = root(data.seed, "data"), data.dequantise

    def fed(state: State, batch: Tree, key: jax.Array) -> tuple[State, Metrics]:
        noise_key = jax.random.fold_in(data_key, state.carry.step)
        return step(state, pipeline.to_model_range(batch, noise_key, dequantise), key)

    return fed


def in_one_call(step: Step) -> Step:
    """Several steps in one dispatch: batches and metrics have a leading axis of steps."""

    def scanned(state: State, batches: Tree, key: jax.Array) -> tuple[State, Metrics]:
        return jax.lax.scan(lambda state, batch: step(state, batch, key), state, batches)

    return scanned


def example(source: Source, data: ConfigDict) -> Tree:
    """The shapes of one example as the networks see it: bytes become float32."""
    batch = next(pipeline.batches(source, batch_size=1, micro=lambda _: 1, **feeding_options(data)))

    def seen(x: np.ndarray) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(x.shape[2:], jnp.float32 if x.dtype == np.uint8 else x.dtype)

    return {name: seen(x) for name, x in batch.items()}


def opening_options(data: ConfigDict) -> dict[str, Any]:
    """The keys of config.data that open the source."""
    return {key: value for key, value in data.items() if key not in (*NOT_OPENING, *FEEDING) and value is not None}


def feeding_options(data: ConfigDict) -> dict[str, Any]:
    """The keys of config.data that cut batches out of it."""
    return {key: data[key] for key in FEEDING if data.get(key) is not None}
