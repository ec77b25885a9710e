"""What can be said of a config before anything is computed or written: every slip is one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from ganjax import sharding
from ganjax.core import State
from ganjax.data.source import Source
from ganjax.errors import UserError
from ganjax.game import Game
from ganjax.parallel import check_divides
from ganjax.resolve import resolve

Tree = Any
MOST = 2**36  # parameters of one layer: 256 GiB
NOTHING = (
    "a layer has no parameters: a number of latents, channels or units in the config, or an image size, is too small"
)


def check_settings(config: ConfigDict) -> None:
    """Raises a UserError where a setting of training or evaluation is out of its range, or two of them disagree."""
    train = config.train
    if train.parallel not in ("jit", "pmap"):
        raise UserError(f"config.train.parallel={train.parallel!r}: choose 'jit' or 'pmap'")
    if train.parallel == "pmap" and train.num_seeds > 1:
        raise UserError("config.train.parallel=pmap trains one seed; use parallel=jit for num_seeds > 1")
    for name in ("batch_size", "num_seeds", "steps_per_call", "log_every", "save_every", "keep"):
        _at_least(1, f"config.train.{name}", train[name])
    for name in ("sample_every", "eval_every", "rollbacks"):  # 0: never
        _at_least(0, f"config.train.{name}", train[name])
    _at_least(0, "config.train.seed", train.seed)
    _at_least(100, "config.eval.samples", config.eval.samples)
    _at_least(100, "config.eval.real", config.eval.real)
    if train.epochs is None:
        _at_least(1, "config.train.steps", train.steps)
    elif train.epochs <= 0:
        raise UserError(f"config.train.epochs={train.epochs} must be above 0")
    if isinstance(train.ema_decay, float) and not 0 <= train.ema_decay < 1:
        raise UserError(f"config.train.ema_decay={train.ema_decay} must be from 0 (no average) to below 1")
    uneven = [n for n in ("log_every", "sample_every", "save_every") if train[n] % train.steps_per_call]
    if uneven:
        raise UserError(f"config.train.{uneven[0]} must be a multiple of steps_per_call={train.steps_per_call}")
    if config.data.held_out and train.parallel == "pmap":
        raise UserError("config.data.held_out is judged on one device: use train.parallel=jit")
    _at_least(0, "config.data.held_out", config.data.held_out)
    try:
        re.compile(train.watch or "")
    except re.error as error:
        raise UserError(f"config.train.watch={train.watch!r} is no regular expression: {error}") from error
    check_divides(train.batch_size, jax.device_count())
    rules = sharding_rules(config)
    if train.parallel == "pmap" and rules:
        raise UserError("config.train.sharding cuts a state over a mesh, pmap keeps it whole: use train.parallel=jit")
    if train.parallel == "pmap" and jax.process_count() > 1:
        raise UserError("config.train.parallel=pmap trains in one process: use parallel=jit")


def sharding_rules(config: ConfigDict) -> sharding.Rules:
    """``config.train.sharding``, resolved; a UserError where it is none."""
    where = "config.train.sharding"
    try:
        return sharding.rules(resolve(config.train.sharding, where))
    except ValueError as error:
        raise UserError(f"{where}: {error}") from error


def check_attributes(config: ConfigDict, source: Source) -> None:
    """Raises a UserError where the game reads other attributes than the data have."""
    values, known = config.gan.get("values"), source.info.get("attributes")
    if not values or not isinstance(known, dict) or "attribute" not in source.fetch(np.arange(1)):
        return
    sizes = tuple(len(each) for each in known.values())
    if tuple(values) != sizes:
        held = ", ".join(f"{name} of {len(each)}" for name, each in known.items())
        raise UserError(
            f"config.gan.values={tuple(values)}: the data have {held}; set it (and config.critic.outputs) to {sizes}"
        )
    some = source.fetch(np.linspace(0, source.size - 1, 64).astype(int))["attribute"]
    if not config.gan.get("sets") and (some < 0).any(axis=1).all():
        raise UserError(
            "no image has all attributes: say which data set knows each, such as config.gan.sets=(0, 1), or leave some out"
        )
    if len(sets := config.gan.get("sets", ()) or sizes) != len(sizes):
        raise UserError(
            f"config.gan.sets={tuple(sets)} says of {len(sets)} attributes who knows them, the data have {len(sizes)}"
        )


def micro_batches(game: Game, config: ConfigDict) -> int:
    """The first step's micro-batches; raises a UserError where they are none, or change within a call."""
    first = game.micro(0)
    if first < 1:
        raise UserError(f"config.schedule: n_critic and accumulate must be at least 1, they make {first} micro-batches")
    if config.train.steps_per_call > 1 and any(game.micro(step) != first for step in range(2000)):
        raise UserError("config.train.steps_per_call must be 1 where n_critic changes with the step")
    return first


def check_game(game: Game, batch: Tree, config: ConfigDict) -> None:
    """Plays a step on shapes alone; raises a UserError where networks, data and schedule do not fit together."""
    images, state = _played(batch, lambda key: _opening(game, batch, key), jax.random.key(0))
    for name, x in images.items():
        if name in batch and x.shape[1:] != batch[name].shape[2:]:
            raise UserError(
                f"the generator makes {_size(x, 1)}, the data are {_size(batch[name])}: "
                "change config.generator or config.data.image_size"
            )
    if not all(leaf.size > 0 for leaf in jax.tree.leaves(state.params)):
        raise UserError(NOTHING)
    for leaf in jax.tree.leaves(state.params):
        if leaf.size > MOST:
            raise UserError(
                f"a layer has {_size(leaf, 0)} parameters: a number of latents, channels or units in the config is too large"
            )
    kept = [name for name, memory in state.carry.memory.items() if jax.tree.leaves(memory)]
    if config.train.parallel == "pmap" and kept:
        raise UserError(
            f"config.train.parallel=pmap: {config.system} as configured keeps a memory between steps ({', '.join(kept)}), "
            "which devices would not share; use parallel=jit"
        )
    if config.train.parallel == "jit":  # pmap's step needs its devices to be traced
        _played(batch, game.step, state, batch, jax.random.key(0))


def _played(batch: Tree, function: Callable[..., Any], *shapes: Any) -> Any:
    try:
        return jax.eval_shape(function, *shapes)
    except KeyError as error:
        held = ", ".join(batch)
        raise UserError(
            f"the game needs {error} in its batches; the data hold {held}: other data, or another option of them"
        ) from error
    except ZeroDivisionError as error:  # a layer's first values are scaled by one over its size
        raise UserError(NOTHING) from error
    except (ArithmeticError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"the game cannot be played on data of {_sizes(batch)}: {reason}") from error


def _opening(game: Game, batch: Tree, key: jax.Array) -> tuple[dict[str, jax.Array], State]:
    zeros = {name: jnp.zeros(x.shape, x.dtype) for name, x in batch.items()}
    state = game.init(key, zeros)
    inputs = game.gan.inputs(key, 1) or {name: x[0] for name, x in zeros.items()}  # no prior: images are translated
    images, _ = game.gan.generate(state.params.gen, state.carry.vars.gen, inputs, key)
    return images, state


def _at_least(low: int, name: str, value: int) -> None:
    if value < low:
        raise UserError(f"{name}={value} must be at least {low}")


def _sizes(batch: Tree) -> str:
    return _size(batch["image"]) if "image" in batch else " and ".join(_size(x) for x in batch.values() if x.ndim > 2)


def _size(x: Any, lead: int = 2) -> str:
    return "×".join(map(str, x.shape[lead:]))
