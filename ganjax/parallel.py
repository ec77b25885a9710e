"""Devices: one compiled step over a mesh, or the same step for each device under pmap.

``jit`` sees the global batch, so BatchNorm and losses do too. ``pmap`` sees a device's share: gradients are averaged by
the first transform of each optimiser, BatchNorm by the networks' ``axis_name``, and each device draws its own noise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from ganjax.core import Step
from ganjax.errors import UserError

Tree = Any
AXIS = "data"
Compiled = Callable[[Tree, Tree, jax.Array], tuple[Tree, Tree]]


class Devices(NamedTuple):
    """How a run meets its devices: ``step`` is compiled, ``put`` sends a host batch, ``spread``/``gather`` a state."""

    step: Compiled
    put: Callable[[Tree], Tree]
    spread: Callable[[Tree], Tree]
    gather: Callable[[Tree], Tree]


def check_divides(batch_size: int, devices: int) -> None:
    """Raises a UserError where a batch cannot be cut into equal shares."""
    if batch_size % devices:
        raise UserError(
            f"config.train.batch_size={batch_size} does not divide over {devices} devices; "
            f"take a multiple of {devices}, such as {-(-batch_size // devices) * devices}"
        )


def over_mesh(step: Step, lead: int = 1) -> Devices:
    """One jit over all devices: the state on each, the batch cut along its axis number ``lead``; state is donated."""
    mesh = jax.make_mesh((jax.device_count(),), (AXIS,), axis_types=(AxisType.Auto,))
    everywhere = NamedSharding(mesh, PartitionSpec())
    cut = NamedSharding(mesh, PartitionSpec(*[None] * lead, AXIS))
    compiled = jax.jit(step, in_shardings=(everywhere, cut, everywhere), out_shardings=everywhere, donate_argnums=0)

    def put(batch: Tree) -> Tree:
        return jax.tree.map(lambda x: jax.make_array_from_process_local_data(cut, x), batch)

    return Devices(one_at_a_time(compiled), put, lambda state: jax.device_put(state, everywhere), lambda state: state)


def over_pmap(step: Step, lead: int = 1) -> Devices:
    """The same step compiled for each device; ``spread`` gives every leaf a leading axis of devices."""
    n = jax.local_device_count()
    each = NamedSharding(Mesh(np.asarray(jax.local_devices()), (AXIS,)), PartitionSpec(AXIS))

    def own(state: Tree, batch: Tree, key: jax.Array) -> tuple[Tree, Tree]:
        state, metrics = step(state, batch, jax.random.fold_in(key, jax.lax.axis_index(AXIS)))
        return state, jax.lax.pmean(metrics, AXIS)

    compiled = one_at_a_time(jax.pmap(own, axis_name=AXIS, in_axes=(0, 0, None), donate_argnums=0))

    def call(state: Tree, batch: Tree, key: jax.Array) -> tuple[Tree, Tree]:
        state, metrics = compiled(state, batch, key)
        return state, first(metrics)

    def put(batch: Tree) -> Tree:
        def cut(x: np.ndarray) -> np.ndarray:
            shares = x.reshape(*x.shape[:lead], n, x.shape[lead] // n, *x.shape[lead + 1 :])
            return np.moveaxis(shares, lead, 0)

        return jax.tree.map(lambda x: jax.device_put(cut(x), each), batch)

    def spread(state: Tree) -> Tree:
        return jax.tree.map(lambda x: jax.device_put(np.broadcast_to(x, (n, *x.shape)), each), state)

    def first(tree: Tree) -> Tree:  # x[0] would be a program over all devices
        return jax.tree.map(lambda x: x.addressable_data(0)[0], tree)

    return Devices(call, put, spread, first)


def one_at_a_time(step: Compiled) -> Compiled:
    """``step``, waited for where the CPU passes as several devices; elsewhere ``step`` itself.

    With some hundred steps dispatched ahead XLA's CPU client can stop in a collective that one device never joins; it
    ends the process after 40 seconds.
    """
    if jax.default_backend() != "cpu" or jax.local_device_count() == 1:
        return step
    return lambda state, batch, key: jax.block_until_ready(step(state, batch, key))
