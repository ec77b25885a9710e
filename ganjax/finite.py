"""Numbers gone bad: which tensor of a step is the first that is not finite, found in the compiled step itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ganjax.core import Metrics, Players, State, Step

Tree = Any
FLAGS = "train/not_finite"  # the metric: of each tensor in the order of ``names`` 1 where it is not finite, else 0


def watched(step: Step) -> Step:
    """The step with one more metric, ``FLAGS``."""

    def flagged(state: State, batch: Tree, key: jax.Array) -> tuple[State, Metrics]:
        state, metrics = step(state, batch, key)
        return state, {**metrics, FLAGS: flags(state, batch, metrics)}

    return flagged


def flags(state: State, batch: Tree, metrics: Metrics) -> Float[Array, " tensors"]:
    """What ``FLAGS`` says. A loss counts where its player's gradients or parameters are bad too, since that of a move that was
    skipped is NaN; or where it is infinite."""
    first, *rest = ([_bad(leaf) for _, leaf in _leaves(tree)] for _, tree in _parts(state, batch))
    losses = []
    for who in Players._fields:
        own = [_bad(leaf) for slot in (state.opt, state.params) for _, leaf in _leaves(getattr(slot, who))]
        loss = metrics.get(f"{who}/loss", jnp.zeros(()))
        losses.append(jnp.isinf(loss) | (jnp.isnan(loss) & jnp.stack([jnp.zeros((), bool), *own]).any()))
    return jnp.stack([*first, *losses, *(each for part in rest for each in part)]).astype(jnp.float32)


def names(state: State, batch: Tree) -> list[str]:
    """The tensors, in the order in which the blame falls on them: of shapes or arrays."""
    first, *rest = ([f"{kind} {name}" for name, _ in _leaves(tree)] for kind, tree in _parts(state, batch))
    return [*first, *(f"{who}/loss" for who in Players._fields), *(each for part in rest for each in part)]


def first_bad(flags: Float[np.ndarray, "steps seeds tensors"]) -> tuple[int, int] | None:
    """(step, tensor) of the first that is bad, counted from 0; None where all is well."""
    steps = (flags > 0).any(axis=(1, 2))
    if not steps.any():
        return None
    step = int(np.argmax(steps))
    return step, int(np.argmax((flags[step] > 0).any(axis=0)))


def _parts(state: State, batch: Tree) -> Iterator[tuple[str, Tree]]:
    """The average is left out: that of finite numbers is finite."""
    yield "batch", batch
    yield "gradients in the optimiser's", state.opt
    yield "parameter", state.params
    yield "statistic", state.carry.vars
    yield "memory", state.carry.memory


def _leaves(tree: Tree) -> Iterator[tuple[str, Any]]:
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        if jnp.issubdtype(leaf.dtype, jnp.inexact):
            yield jax.tree_util.keystr(path, simple=True, separator="/"), leaf


def _bad(x: jax.Array) -> jax.Array:
    return ~jnp.isfinite(x).all()
