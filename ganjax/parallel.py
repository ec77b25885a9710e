"""Devices: one compiled step over a mesh, or the same step for each device under pmap.

``jit`` sees the global batch, so BatchNorm and losses do too; the devices may be those of several processes. ``pmap`` sees a
device's share: gradients are averaged by the first transform of each optimiser, BatchNorm by the networks' ``axis_name``, and
each device draws its own noise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec, SingleDeviceSharding

from ganjax.core import Players, State, Step
from ganjax.errors import UserError

Tree = Any
AXIS = "data"
Compiled = Callable[[Tree, Tree, jax.Array], tuple[Tree, Tree]]


class Devices(NamedTuple):
    """How a run meets its devices: ``step`` is compiled, ``put`` sends this process's rows of a host batch.

    ``spread`` takes a state that each process has whole; ``gather`` gives what a checkpoint holds of it, ``like`` the shapes and
    shardings of that.
    """

    step: Compiled
    put: Callable[[Tree], Tree]
    spread: Callable[[Tree], Tree]
    gather: Callable[[Tree], Tree]
    like: Callable[[Tree], Tree]


def mesh() -> Mesh:
    """All devices in a row, those of a process side by side."""
    return Mesh(np.asarray(sorted(jax.devices(), key=lambda device: (device.process_index, device.id))), (AXIS,))


def rows(batch_size: int) -> slice:
    """This process's rows of each batch: those of its devices in the mesh."""
    share, own = batch_size // jax.device_count(), jax.process_index()
    places = [i for i, device in enumerate(mesh().devices) if device.process_index == own]
    return slice(places[0] * share, (places[-1] + 1) * share)


def check_divides(batch_size: int, devices: int) -> None:
    """Raises a UserError where a batch cannot be cut into equal shares."""
    if batch_size % devices:
        raise UserError(
            f"config.train.batch_size={batch_size} does not divide over {devices} devices; "
            f"take a multiple of {devices}, such as {-(-batch_size // devices) * devices}"
        )


def over_mesh(step: Step, lead: int = 1, layout: Tree | None = None) -> Devices:
    """One jit over all devices: the batch cut along its axis number ``lead``, the state as ``layout`` says, by default whole on
    each; it is donated. What has to travel between devices is XLA's to find out."""
    everywhere, cut = (NamedSharding(mesh(), spec) for spec in (PartitionSpec(), PartitionSpec(*[None] * lead, AXIS)))
    lies = everywhere if layout is None else layout
    step = along_the_batch(step, lead) if jax.device_count() > 1 else step
    compiled = jax.jit(step, in_shardings=(lies, cut, everywhere), out_shardings=(lies, everywhere), donate_argnums=0)

    def put(batch: Tree) -> Tree:
        return jax.tree.map(lambda x: jax.make_array_from_process_local_data(cut, x), batch)

    def spread(state: Tree) -> Tree:
        return jax.tree.map(_placed, state, jax.tree.broadcast(lies, state))

    def like(state: Tree) -> Tree:
        return jax.tree.map(_shape, state, jax.tree.broadcast(lies, state))

    return Devices(one_at_a_time(compiled), put, spread, lambda state: state, like)


def along_the_batch(step: Step, lead: int = 1) -> Step:
    """The step whose networks are told that what they are given and give lies along the batch. Values stay what they are.

    Latents are drawn on the devices, not sent to them, so nothing else says that G(z) can be shared out: XLA lets each
    device make all of it. With kernels that are cut it also decides that these are gathered, and not activations.
    """
    along = NamedSharding(mesh(), PartitionSpec(AXIS))

    def told(state: Tree, batch: Tree, key: jax.Array) -> tuple[Tree, Tree]:
        size = jax.tree.leaves(batch)[0].shape[lead]

        def pin(x: Any) -> Any:
            batched = isinstance(x, jax.Array) and x.ndim > 0 and x.shape[0] > 0 and x.shape[0] % size == 0
            return jax.lax.with_sharding_constraint(x, along) if batched else x

        def called(layer: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
            del context
            args, kwargs = jax.tree.map(pin, (args, kwargs))
            return jax.tree.map(pin, layer(*args, **kwargs))

        with nn.intercept_methods(called):
            return step(state, batch, key)

    return told


def _placed(x: Any, sharding: NamedSharding) -> Any:
    if sharding.is_fully_addressable:
        return jax.device_put(x, sharding)
    if isinstance(x, jax.Array) and not x.is_fully_addressable:
        return x  # it comes from a checkpoint, and lies where it should
    host = np.asarray(x)
    return jax.make_array_from_callback(host.shape, sharding, lambda index: host[index])


def _shape(x: Any, sharding: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding)


def whole(state: State) -> State:
    """What can be looked at of a state, whole and on the first device of this process: all but the optimisers' part.

    All processes must call it; what is cut over devices is gathered.
    """
    leaves, tree = jax.tree.flatten(state._replace(opt=Players((), ())))
    cut = [x for x in leaves if not x.is_fully_replicated]
    everywhere = NamedSharding(mesh(), PartitionSpec())
    gathered = iter(jax.jit(_same, out_shardings=everywhere)(cut) if cut else ())
    full = [x if x.is_fully_replicated else next(gathered) for x in leaves]
    looked_at: State = jax.tree.unflatten(tree, [x.addressable_data(0) for x in full])
    return looked_at


def _same(tree: Tree) -> Tree:
    return tree


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

    def like(state: Tree) -> Tree:
        return jax.tree.map(lambda x: _shape(x, SingleDeviceSharding(jax.local_devices()[0])), state)

    return Devices(call, put, spread, first, like)


def one_at_a_time(step: Compiled) -> Compiled:
    """``step``, waited for where the CPU passes as several devices; elsewhere ``step`` itself.

    With some hundred steps dispatched ahead XLA's CPU client can stop in a collective that one device never joins; it
    ends the process after 40 seconds.
    """
    if jax.default_backend() != "cpu" or jax.device_count() == 1:
        return step
    return lambda state, batch, key: jax.block_until_ready(step(state, batch, key))
