"""The binder: networks with their parameters, statistics and keys, called like the functions of the paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import Batch, Carry, Generate, Key, Players

Tree = Any


class Bound:
    """D(x) instead of apply({...}, x, train=…, rngs=…, mutable=…): a network bound for the length of one loss.

    Each call draws from a key of its own (dropout, noise) and replaces ``vars``, the BatchNorm and spectral statistics,
    so calls see each other's in order, as they do in modules that hold them. ``record`` reads them when all is called.
    """

    def __init__(self, module: nn.Module, params: Tree, vars: Tree, key: Key, train: bool = True) -> None:
        self.module, self.params, self.vars, self.key, self.train = module, params, vars, key, train
        self.calls = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        out, new = self._apply(self.params, *args, **kwargs)
        self.vars = {**self.vars, **new}
        return out

    def each(self, *batches: Any) -> tuple[Any, ...]:
        """D(x), D(x_fake), …: in one pass where the network keeps no statistics and so sees every image alone.

        BatchNorm and power iterations, which see who comes together and how often, get a call for each.
        """
        if self.vars:
            return tuple(self(x) for x in batches)
        if len({len(x) for x in batches}) == 1:
            return self.together(*((x,) for x in batches))
        ends = np.cumsum([len(x) for x in batches])
        out, parts = self(jnp.concatenate(batches)), [slice(a, b) for a, b in pairwise([0, *map(int, ends)])]
        return tuple(jax.tree.map(lambda y, part=part: y[part], out) for part in parts)

    def together(self, *calls: tuple[Any, ...]) -> tuple[Any, ...]:
        """D(x, y), D(x_fake, y_fake), … in one pass, and so one power iteration, of networks in which images do not meet.

        An image of each in turn: of a batch that is cut over devices each keeps its own.
        """
        n = len(calls)
        args = [jnp.stack(own, axis=1).reshape(-1, *own[0].shape[1:]) for own in zip(*calls, strict=True)]
        out = self(*args)
        return tuple(jax.tree.map(lambda y, i=i: y[i::n], out) for i in range(n))

    def frozen(self, *args: Any, **kwargs: Any) -> Any:
        """The same call with its new statistics dropped, for penalties: recorded under a second gradient they leak."""
        out, _ = self._apply(self.params, *args, **kwargs)
        return out

    def scaled(self, factor: float, *args: Any, **kwargs: Any) -> Any:
        """The same call, the gradient of its parameters times ``factor`` (0: they are constants), that of its arguments
        whole."""
        fixed = jax.lax.stop_gradient(self.params)
        params = jax.tree.map(lambda c, p: c + factor * (p - c), fixed, self.params)  # c + 0: the value is exactly p
        out, new = self._apply(params, *args, **kwargs)
        self.vars = {**self.vars, **new}
        return out

    def _apply(self, params: Tree, *args: Any, **kwargs: Any) -> tuple[Any, Tree]:
        self.calls += 1
        variables = {"params": params, **self.vars}
        noise = {"noise": jax.random.fold_in(self.key, self.calls)}
        mutable = list(self.vars) if self.train else []
        out, new = self.module.apply(variables, *args, train=self.train, rngs=noise, mutable=mutable, **kwargs)
        return out, new


def bind(networks: Players, params: Players, carry: Carry, key: Key) -> Players:
    """G, D = bind(…): each slot's network, or dictionary of networks, in training mode."""
    keys = jax.random.split(key)
    return Players(*(bound(*slot) for slot in zip(networks, params, carry.vars, keys, strict=True)))


def bound(networks: Tree, params: Tree, vars: Tree, key: Key, train: bool = True) -> Tree:
    """One slot's network, or dictionary of networks, in training mode or not."""
    if not isinstance(networks, dict):
        return Bound(networks, params, vars, key, train)
    keys = zip(networks, jax.random.split(key, len(networks)), strict=True)
    return {name: bound(networks[name], params[name], vars[name], k, train) for name, k in keys}


def record(carry: Carry, gen: Tree, disc: Tree) -> Carry:
    """The carry with the statistics that the bound networks recorded."""
    return carry._replace(vars=jax.tree.map(lambda bound: bound.vars, Players(gen, disc)))


def initialise(module: nn.Module, key: Key, *args: Any, **kwargs: Any) -> tuple[Tree, Tree]:
    """(params, vars) of a fresh network that will be called with these arguments."""
    return _initialised(module, key, *args, **kwargs)[1:]


def _initialised(module: nn.Module, key: Key, *args: Any, **kwargs: Any) -> tuple[Any, Tree, Tree]:
    params_key, noise_key = jax.random.split(key)
    keys = {"params": params_key, "noise": noise_key}
    out, variables = module.init_with_output(keys, *args, train=True, **kwargs)
    return out, variables["params"], {name: tree for name, tree in variables.items() if name != "params"}


class Fresh(Bound):
    """A network that is made when it is called for the first time, to fit what it is called with."""

    def __init__(self, module: nn.Module, key: Key) -> None:
        super().__init__(module, None, {}, jax.random.fold_in(key, 1))
        self.first = jax.random.fold_in(key, 0)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.params is not None:
            return self.frozen(*args, **kwargs)
        out, self.params, self.vars = _initialised(self.module, self.first, *args, **kwargs)
        return out


def first_called(networks: Players, key: Key, play: Callable[[Tree, Tree], Any]) -> tuple[Players, Players]:
    """(params, vars) of networks that read each other's answers: play(gen, disc) calls each once, as the losses do."""
    modules, structure = jax.tree.flatten(networks)
    fresh = [Fresh(module, jax.random.fold_in(key, i)) for i, module in enumerate(modules)]
    play(*jax.tree.unflatten(structure, fresh))
    params, vars = (jax.tree.unflatten(structure, [getattr(f, name) for f in fresh]) for name in ("params", "vars"))
    return params, vars


def noise_to_image(
    generator: nn.Module,
    critic: nn.Module,
    inputs: Callable[[Key, int], Batch],
    told: Sequence[str] = (),
    memory: Callable[[Batch], dict[str, Tree]] = lambda batch: {},
) -> tuple[Callable[[Key, Batch], tuple[Players, Players, dict[str, Tree]]], Generate]:
    """``init`` and ``generate`` of a game between one generator of ``inputs`` and one critic of images.

    ``told`` names what the critic is told beside the image, of a batch; ``memory`` makes the first one from a batch.
    """

    def init(key: Key, batch: Batch) -> tuple[Players, Players, dict[str, Tree]]:
        gen_key, disc_key, input_key = jax.random.split(key, 3)
        gen_params, gen_vars = initialise(generator, gen_key, **inputs(input_key, len(batch["image"])))
        disc_params, disc_vars = initialise(critic, disc_key, batch["image"], *(batch[name] for name in told))
        return Players(gen_params, disc_params), Players(gen_vars, disc_vars), memory(batch)

    def generate(
        params: Tree, vars: Tree, inputs: Batch, key: Key, train: bool = False
    ) -> tuple[dict[str, jax.Array], Tree]:
        G = Bound(generator, params, vars, key, train)
        return {"image": G(**inputs)}, G.vars

    return init, generate


def autoencoder(
    networks: Players, inputs: Callable[[Key, int], Batch]
) -> tuple[Callable[[Key, Batch], tuple[Players, Players, dict[str, Tree]]], Generate]:
    """``init`` and ``generate`` of a game whose gen slot is {"encoder": x -> (mean, …), "generator": inputs -> image}.

    The disc slot is a critic of images, or empty. ``generate`` draws from inputs, or an "image" again, from the mean of
    its code.
    """

    def init(key: Key, batch: Batch) -> tuple[Players, Players, dict[str, Tree]]:
        enc_key, gen_key, disc_key, input_key = jax.random.split(key, 4)
        x = batch["image"]
        encoder = initialise(networks.gen["encoder"], enc_key, x)
        generator = initialise(networks.gen["generator"], gen_key, **inputs(input_key, len(x)))
        critic = initialise(networks.disc, disc_key, x) if networks.disc else ({}, {})
        gen = [{"encoder": e, "generator": g} for e, g in zip(encoder, generator, strict=True)]
        return Players(gen[0], critic[0]), Players(gen[1], critic[1]), {}

    def generate(
        params: Tree, vars: Tree, inputs: Batch, key: Key, train: bool = False
    ) -> tuple[dict[str, jax.Array], Tree]:
        E, G = (
            Bound(networks.gen[name], params[name], vars[name], k, train)
            for name, k in zip(("encoder", "generator"), jax.random.split(key), strict=True)
        )
        x_fake = G(E(inputs["image"])[0]) if "image" in inputs else G(**inputs)
        return {"image": x_fake}, {"encoder": E.vars, "generator": G.vars}

    return init, generate


def translators(
    networks: Players,
    judged: Callable[[Batch], Tree],
    memory: Callable[[Batch], dict[str, Tree]] = lambda batch: {},
) -> tuple[Callable[[Key, Batch], tuple[Players, Players, dict[str, Tree]]], Generate]:
    """``init`` and ``generate`` of a game whose gen slot is {"ab": a -> b} or {"ab", "ba"}.

    ``judged`` is what the critics see of a batch, in the structure of their slot. ``generate`` translates whichever of
    "a" and "b" it is given; there is no prior.
    """

    def init(key: Key, batch: Batch) -> tuple[Players, Players, dict[str, Tree]]:
        examples = Players({way: batch[way[0]] for way in networks.gen}, judged(batch))
        numbers = iter(range(len(jax.tree.leaves(networks))))
        both = jax.tree.map(
            lambda net, x: initialise(net, jax.random.fold_in(key, next(numbers)), x), networks, examples
        )
        params, vars = (jax.tree.map(lambda _, each, i=i: each[i], networks, both) for i in range(2))
        return params, vars, memory(batch)

    def generate(
        params: Tree, vars: Tree, inputs: Batch, key: Key, train: bool = False
    ) -> tuple[dict[str, jax.Array], Tree]:
        made, new = {}, dict(vars)
        for i, (way, network) in enumerate(networks.gen.items()):
            if way[0] in inputs:
                G = Bound(network, params[way], vars[way], jax.random.fold_in(key, i), train)
                made[way[1]], new[way] = G(inputs[way[0]]), G.vars
        return made, new

    return init, generate
