"""From a config to a game: networks, losses, optimisers and the step they are played with. Config ends here."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import optax
from ml_collections import ConfigDict

from ganjax.core import Gan, Players, State, Step, alternate, average, init
from ganjax.errors import UserError, nearest
from ganjax.resolve import check_keywords, resolve
from ganjax.transforms import pmean_gradients

SECTIONS = ("system", "gan", "schedule", "optimizers", "gen_opt", "disc_opt", "train", "data", "eval")


class Game(NamedTuple):
    """What is trained: ``step`` is the paper's, ``micro(step)`` the micro-batches that it eats."""

    gan: Gan
    tx: Players
    step: Step
    micro: Callable[[int], int]
    averaged: bool

    def init(self, key: jax.Array, batch: Any) -> State:
        """The state before the first step, from a batch [m, b, …]."""
        return init(self.gan, self.tx, key, batch, averaged=("gen",) if self.averaged else ())


def build(config: ConfigDict, axis_name: str | None = None) -> Game:
    """The game that a config describes; ``axis_name`` joins gradients and BatchNorm over a mapped axis (pmap).

    Raises:
        UserError: a name or keyword in the config that does not exist.
    """
    system = _system(config.system)
    networks = {
        role: resolve(config[role], f"config.{role}", **({"axis_name": axis_name} if axis_name else {}))
        for role in config
        if role not in SECTIONS
    }
    keywords = resolve(config.get("gan", {}), "config.gan")
    check_keywords(system.build, {**networks, **keywords}, "config.gan")
    gan = system.build(**networks, **keywords)
    tx = _optimizers(system, config, axis_name)
    schedule = resolve(config.get("schedule", {}), "config.schedule")
    moves = step_of(system)
    check_keywords(moves, schedule, "config.schedule")
    step = moves(gan, tx, **schedule)
    decay = resolve(config.train.ema_decay, "config.train.ema_decay")
    return Game(gan, tx, _averaging(step, decay) if decay else step, _micro(moves, schedule), bool(decay))


def step_of(system: Any) -> Callable[..., Step]:
    """How a system is played: its own ``moves``, or ``alternate``."""
    moves: Callable[..., Step] = getattr(system, "moves", alternate)
    return moves


def _system(name: Any) -> Any:
    names = sorted(file.stem for file in (Path(__file__).parent / "systems").glob("[!_]*.py"))
    if not isinstance(name, str):
        raise UserError(f"config.system is a name, such as {names[0]!r}, not {type(name).__name__}")
    if name not in names:
        raise UserError(f"config.system: no system {name!r}{nearest(name, names)}; there are: {', '.join(names)}")
    return importlib.import_module(f"ganjax.systems.{name}")


def _optimizers(system: Any, config: ConfigDict, axis_name: str | None) -> Players:
    def optimiser(section: str) -> optax.GradientTransformation:
        tx = resolve(config[section], f"config.{section}")
        if not isinstance(tx, optax.GradientTransformation):
            raise UserError(f"config.{section}: {config[section].name} is not an optimiser")
        return optax.chain(pmean_gradients(axis_name), tx) if axis_name else tx

    keywords = resolve(config.get("optimizers", {}), "config.optimizers")
    if not hasattr(system, "optimizers"):
        if keywords:
            raise UserError(f"config.optimizers: {config.system} leaves its optimisers as they are; remove the section")
        return Players(optimiser("gen_opt"), optimiser("disc_opt"))
    check_keywords(system.optimizers, keywords, "config.optimizers")
    players: Players = system.optimizers(optimiser("gen_opt"), optimiser("disc_opt"), **keywords)
    return players


def _micro(moves: Callable[..., Step], schedule: dict[str, Any]) -> Callable[[int], int]:
    defaults = {p: v.default for p, v in inspect.signature(moves).parameters.items()}
    n_critic = schedule.get("n_critic", defaults.get("n_critic", 1))
    accumulate = schedule.get("accumulate", defaults.get("accumulate", 1))
    if callable(n_critic):
        return lambda step: int(n_critic(step)) * accumulate
    return lambda step: n_critic * accumulate


def _averaging(step: Step, decay: Any) -> Step:
    """The average beside the paper's step: its draws stay what they are without it."""
    move = average(decay)

    def averaged(state: State, batch: Any, key: jax.Array) -> Any:
        state, metrics = step(state, batch, key)
        return move(state, batch, key)[0], metrics

    return averaged
