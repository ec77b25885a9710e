"""Networks as tables: what each layer makes and how many parameters it has, without computing or allocating anything."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax

from ganjax.core import Gan

Tree = Any


class Layer(NamedTuple):
    """A layer's path, the shape that it made, and its own parameters by shape."""

    path: str
    output: tuple[int, ...]
    params: dict[str, tuple[int, ...]]


class Network(NamedTuple):
    """A network of the game: its class, the names of its first level of parameters, its layers."""

    kind: str
    keys: frozenset[str]
    layers: list[Layer]


def overview(gan: Gan, batch: Tree) -> list[Network]:
    """The networks that ``gan.init`` makes from a batch [b, …] of shapes, in its order."""
    return traced(gan, batch)[0]


def traced(gan: Gan, batch: Tree) -> tuple[list[Network], Tree]:
    """(networks, shapes of what ``gan.init`` makes first: the parameters) of one trace: of large networks it takes a second."""
    networks: list[Network] = []

    def watch(call: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
        module: nn.Module = context.module
        if context.method_name != "__call__":
            return call(*args, **kwargs)
        if not module.path:
            kind = f"{type(module).__module__.rpartition('.')[2]}.{type(module).__name__}"
            networks.append(Network(kind, frozenset(), []))
        place = len(networks) - 1
        out = call(*args, **kwargs)
        params = module.variables.get("params", {})
        own = {name: tuple(leaf.shape) for name, leaf in params.items() if hasattr(leaf, "shape")}
        path, layers = "/".join(module.path), networks[place].layers
        if own and path not in [layer.path for layer in layers]:  # a layer that is called twice is there once
            layers.append(Layer(path, tuple(jax.tree.leaves(out)[0].shape), own))
        if not module.path:
            networks[place] = networks[place]._replace(keys=frozenset(params))
        return out

    with nn.intercept_methods(watch):
        made = jax.eval_shape(
            lambda *args: gan.init(*args), jax.random.key(0), batch
        )  # a new function: a trace of its own
    return networks, made[0]


def one_micro(x: jax.ShapeDtypeStruct) -> jax.ShapeDtypeStruct:
    """[m, b, …] -> [b, …]: what losses and ``gan.init`` see of a batch's shape."""
    return jax.ShapeDtypeStruct(x.shape[1:], x.dtype)


def parameters(slot: Tree, networks: list[Network]) -> Any:
    """Parameters of a player's slot: a number, or {name: number} where the slot holds several networks."""
    if not slot or frozenset(slot) in [network.keys for network in networks]:
        return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(slot))
    return {name: parameters(tree, networks) for name, tree in slot.items()}


def table(networks: list[Network]) -> str:
    """The networks for people: a line a layer, counts at the right, a sum under each."""
    blocks = []
    for network in networks:
        rows = [
            (layer.path, "×".join(map(str, layer.output[1:])), shapes_of(layer.params), count_of(layer.params))
            for layer in network.layers
        ]
        wide = max([len(row[0]) for row in rows] + [20])
        lines = [f"  {path:<{wide}}  {out:>12}  {shapes:<34} {size:>12,}" for path, out, shapes, size in rows]
        total = sum(row[3] for row in rows)
        title, end = network.kind, f"  {'':<{wide}}  {'':>12}  {'':<34} {total:>12,}"
        blocks.append("\n".join([title, *lines, end]))
    return "\n\n".join(blocks)


def shapes_of(params: dict[str, tuple[int, ...]]) -> str:
    """A layer's parameters by name and shape, in words."""
    return ", ".join(f"{name} {'×'.join(map(str, shape))}" for name, shape in params.items())


def count_of(params: dict[str, tuple[int, ...]]) -> int:
    """How many parameters a layer has."""
    return sum(math.prod(shape) for shape in params.values())
