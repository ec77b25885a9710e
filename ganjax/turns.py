"""Whose turn it is: what changes a move into one that is not always taken, and how many moves D has.

A turn is a function from Step to Step; ``systems.crafted.moves`` takes one for each player.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.tree_util import DictKey, tree_map_with_path

from ganjax.core import Batch, Key, Metrics, State, Step, every, when

Turn = Callable[[Step], Step]


def always() -> Turn:
    """The move itself."""
    return lambda step: step


def every_steps(n: int = 2) -> Turn:
    """The move at steps 0, n, 2n, …"""
    return lambda step: every(n, step)


def every_epochs(n: int = 2, *, steps: int) -> Turn:
    """The move in epochs 0, n, 2n, …, all through them; an epoch is so many ``steps``.  (The decks' homework: n = 2.)"""
    return lambda step: every(lambda now: now // steps % n == 0, step)


def resting(metric: str, below: float = -jnp.inf, above: float = jnp.inf) -> Turn:
    """The move, but none while the metric that it would log is below or above a value, or is not a number.

    {metric: "disc/loss", below: 0.3}: D rests while it is that far ahead.
    """

    def awake(step: jax.Array, metrics: Metrics) -> jax.Array:
        del step
        return (metrics[metric] >= below) & (metrics[metric] <= above)

    return lambda step: when(awake, step)


def all_but(part: str, where: Callable[[Metrics], jax.Array]) -> Turn:
    """The move, of which a network of the player (its parameters, moments, statistics) is left out where its metrics say."""

    def turn(step: Step) -> Step:
        def partly(state: State, batch: Batch, key: Key) -> tuple[State, Metrics]:
            moved, metrics = step(state, batch, key)
            rests = where(metrics)

            def keep(path: tuple[object, ...], new: jax.Array, old: jax.Array) -> jax.Array:
                return jnp.where(rests, old, new) if DictKey(part) in path else new

            return tree_map_with_path(keep, moved, state), metrics

        return partly

    return turn


def more_at_first(n: int = 1, *, first: int, until: int) -> Callable[[int], int]:
    """A schedule of ``n_critic``: ``first`` moves of D before step ``until``, then n."""
    return lambda step: first if step < until else n
