"""A run: what a config determines before its first step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from ganjax import game, parallel
from ganjax.core import Metrics, State, Step
from ganjax.data import open_source, pipeline
from ganjax.data.source import Source
from ganjax.errors import UserError

Tree = Any
FINITE = "train/finite"
FEEDING = ("seed", "flip", "crop", "crop_at")  # keys of config.data that cut batches
NOT_OPENING = ("name", "dequantise")  # and those that neither open the source nor cut batches


class Run(NamedTuple):
    """Config, data and game; ``keys`` of initialisation and of steps; ``batch``, the shapes that a step sees [m, b, …]."""

    config: ConfigDict
    source: Source
    game: game.Game
    steps: int
    init_key: jax.Array
    step_key: jax.Array
    batch: Tree


def prepare(config: ConfigDict) -> Run:
    """Opens the data and builds the game. Several seeds have a leading axis in both keys.

    Raises:
        UserError: something in the config does not exist or does not fit together.
    """
    train = config.train
    _check(train)
    parallel.check_divides(train.batch_size, jax.device_count())
    source = open_source(config.data.name, **opening_options(config.data))
    run = assemble(config, source, example(source, config.data))
    _check_images(run.game, run.batch)
    return run


def assemble(config: ConfigDict, source: Source, shapes: Tree) -> Run:
    """The run of a config; ``shapes`` are those of one example, as the networks see it."""
    train = config.train
    played = game.build(config, parallel.AXIS if train.parallel == "pmap" else None)
    lead = (played.micro(0), train.batch_size)
    batch = jax.tree.map(lambda x: jax.ShapeDtypeStruct((*lead, *x.shape), x.dtype), shapes)
    steps = train.steps
    if train.epochs:
        steps = math.ceil(train.epochs * source.size / (played.micro(0) * train.batch_size))
    keys = [jax.random.split(jax.random.key(train.seed + i)) for i in range(train.num_seeds)]
    init_key, step_key = jnp.stack(keys, axis=1) if train.num_seeds > 1 else keys[0]
    return Run(config, source, played, steps, init_key, step_key, batch)


def initial_state(run: Run) -> State:
    """The state before the first step; several seeds have a leading axis.

    Raises:
        UserError: pmap was asked for, of a game with a memory.
    """
    state: State = jax.jit(_init(run))(run.init_key)
    if run.config.train.parallel == "pmap" and jax.tree.leaves(state.carry.memory):
        raise UserError(
            f"config.train.parallel=pmap: {run.config.system} as configured keeps a memory between steps "
            f"({', '.join(state.carry.memory)}), which devices would not share; use parallel=jit"
        )
    return state


def initial_shapes(run: Run) -> State:
    """``initial_state`` as shapes, nothing allocated."""
    shapes: State = jax.eval_shape(_init(run), run.init_key)
    return shapes


def _init(run: Run) -> Callable[[jax.Array], State]:
    def init(key: jax.Array) -> State:
        return run.game.init(key, jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), run.batch))

    return init if run.init_key.ndim == 0 else jax.vmap(init)


def compile_step(run: Run) -> parallel.Devices:
    """The game's step from host batches, for all seeds and ``steps_per_call`` steps, compiled for the devices."""
    train = run.config.train
    step = watched(from_bytes(run.game.step, run.config.data))
    if train.num_seeds > 1:
        step = jax.vmap(step, in_axes=(0, None, 0))
    if train.steps_per_call > 1:
        step = in_one_call(step)
    over = parallel.over_pmap if train.parallel == "pmap" else parallel.over_mesh
    return over(step, lead=1 if train.steps_per_call == 1 else 2)


def from_bytes(step: Step, data: ConfigDict) -> Step:
    """The step fed with bytes: images become [-1, 1] on the device, with the data's own key."""
    data_key, dequantise = jax.random.key(data.seed), data.dequantise

    def fed(state: State, batch: Tree, key: jax.Array) -> tuple[State, Metrics]:
        noise_key = jax.random.fold_in(data_key, state.carry.step)
        return step(state, pipeline.to_model_range(batch, noise_key, dequantise), key)

    return fed


def watched(step: Step) -> Step:
    """The step with one more metric: 1 where every parameter is finite after it, else 0."""

    def flagged(state: State, batch: Tree, key: jax.Array) -> tuple[State, Metrics]:
        state, metrics = step(state, batch, key)
        finite = jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(state.params)]).all()
        return state, {**metrics, FINITE: finite.astype(jnp.float32)}

    return flagged


def in_one_call(step: Step) -> Step:
    """Several steps in one dispatch: batches and metrics have a leading axis of steps."""

    def scanned(state: State, batches: Tree, key: jax.Array) -> tuple[State, Metrics]:
        return jax.lax.scan(lambda state, batch: step(state, batch, key), state, batches)

    return scanned


# --------------------------------------------------------------------------------------------------------------- checks


def _check(train: ConfigDict) -> None:
    if train.parallel not in ("jit", "pmap"):
        raise UserError(f"config.train.parallel={train.parallel!r}: choose 'jit' or 'pmap'")
    if train.parallel == "pmap" and train.num_seeds > 1:
        raise UserError("config.train.parallel=pmap trains one seed; use parallel=jit for num_seeds > 1")
    if not (train.steps or train.epochs):
        raise UserError("config.train: set steps (generator updates) or epochs")
    for name in ("batch_size", "num_seeds", "steps_per_call", "log_every", "sample_every", "save_every", "keep"):
        if train[name] < 1:
            raise UserError(f"config.train.{name}={train[name]} must be at least 1")
    uneven = [n for n in ("log_every", "sample_every", "save_every") if train[n] % train.steps_per_call]
    if uneven:
        raise UserError(f"config.train.{uneven[0]} must be a multiple of steps_per_call={train.steps_per_call}")


def _check_images(played: game.Game, batch: Tree) -> None:
    def made(key: jax.Array) -> Tree:
        params, vars, _ = played.gan.init(key, jax.tree.map(lambda x: jnp.zeros(x.shape[1:], x.dtype), batch))
        return played.gan.generate(params.gen, vars.gen, played.gan.inputs(key, 1), key)[0]

    try:
        images = jax.eval_shape(made, jax.random.key(0))
    except (TypeError, ValueError) as error:
        raise UserError(
            f"the networks do not fit the data ({_size(batch['image'])}): {str(error).splitlines()[0]}"
        ) from error
    if "image" in images and images["image"].shape[1:] != batch["image"].shape[2:]:
        raise UserError(
            f"the generator makes {_size(images['image'], 1)}, the data are {_size(batch['image'])}: "
            "change config.generator or config.data.image_size"
        )


def _size(x: Any, lead: int = 2) -> str:
    return "×".join(map(str, x.shape[lead:]))


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
