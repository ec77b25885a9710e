"""Whose turn it is: what changes a move into one that is not always taken, and how many moves D has.

A turn is a function from Step to Step; ``systems.crafted.moves`` takes one for each player.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from ganjax.core import Metrics, Step, every, when

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


def more_at_first(n: int = 1, *, first: int, until: int) -> Callable[[int], int]:
    """A schedule of ``n_critic``: ``first`` moves of D before step ``until``, then n."""
    return lambda step: first if step < until else n
