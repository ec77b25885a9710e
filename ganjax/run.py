"""A run: what a config determines before its first step, and the workdir it lives in."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from ganjax import config as configs
from ganjax import game, parallel
from ganjax.checkpoint import Checkpoints
from ganjax.core import Metrics, State, Step
from ganjax.data import open_source, pipeline
from ganjax.data.source import Source
from ganjax.errors import UserError
from ganjax.monitor.pictures import write_whole

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
    run = _assemble(config, source, example(source, config.data))
    _check_images(run.game, run.batch)
    return run


def _assemble(config: ConfigDict, source: Source, shapes: Tree) -> Run:
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


# -------------------------------------------------------------------------------------------------------------- workdir


def claim(workdir: Path, run: Run) -> None:
    """Writes config.json, data.json and environment.json into ``workdir``; an older run there must be the same run.

    Raises:
        UserError: ``workdir`` holds a run with another config, or something else.
    """
    path, new = workdir / "config.json", configs.to_json(run.config)
    if path.exists():
        lines = sorted(configs.differences(_read_json(path), new), key=lambda line: not line.startswith("system:"))
        if lines:
            more = f" and {len(lines) - 4} more" if len(lines) > 4 else ""
            raise UserError(
                f"{workdir} holds a run with another config ({'; '.join(lines[:4])}{more}); "
                "take another --workdir, or give the old values to go on with it"
            )
    elif (workdir / "checkpoints").exists():
        raise UserError(
            f"{workdir} has checkpoints but no config.json: it is not known what run they are; take another --workdir"
        )
    shapes = {name: [list(x.shape[2:]), str(x.dtype)] for name, x in run.batch.items()}
    data = {"name": run.source.name, "size": run.source.size, "shapes": shapes, "info": run.source.info}
    write_whole(path, json.dumps(new, indent=2, sort_keys=True).encode())
    write_whole(workdir / "data.json", json.dumps(data).encode())
    write_whole(workdir / "environment.json", json.dumps(_environment(), indent=2).encode())


def read_config(workdir: Path) -> ConfigDict:
    """The config of a workdir, which is data: lists are tuples again.

    Raises:
        UserError: there is no run, or its config.json cannot be read.
    """
    path = workdir / "config.json"
    if not path.is_file():
        raise UserError(f"no run in {workdir}: {path} does not exist; --workdir is the directory that training wrote")
    return ConfigDict(_tuples(_read_json(path)))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        return content
    except ValueError as error:
        raise UserError(f"{path} is not valid JSON: {error}") from error


def reopen(workdir: Path, step: int | None = None, index: int = 0) -> tuple[Run, int, State]:
    """(run, step, state) of a workdir, which is all that is needed; ``index`` picks one of several seeds.

    Raises:
        UserError: no such workdir, checkpoint or seed.
    """
    config, data = read_config(workdir), _read_json(workdir / "data.json")
    shapes = {name: jax.ShapeDtypeStruct(tuple(shape), dtype) for name, (shape, dtype) in data["shapes"].items()}
    run = _assemble(config, Source(data["name"], data["size"], _absent, data["info"]), shapes)
    seeds = run.config.train.num_seeds
    if not 0 <= index < seeds:
        raise UserError(f"--run={index}: {workdir} trained {seeds} seed{'s'[: seeds > 1]}, numbered from 0")
    with Checkpoints(workdir) as checkpoints:
        restored = checkpoints.restore(initial_state(run), step)
    if restored is None:
        raise UserError(f"{workdir} has no checkpoint yet; train it first, or wait for the first save")
    found, state = restored
    return run, found, jax.tree.map(lambda x: x[index], state) if seeds > 1 else state


def _absent(indices: np.ndarray) -> dict[str, np.ndarray]:
    raise UserError("a reopened run has no data: it was opened to sample, not to train")


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


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(each) for key, each in value.items()}
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value


def _environment() -> dict[str, Any]:
    packages = ("ganjax", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")
    found = {d.metadata["Name"].lower(): d.version for d in metadata.distributions() if d.metadata["Name"]}
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "devices": [str(device) for device in jax.devices()],
        "packages": {name: found.get(name, "not installed") for name in packages},
    }
