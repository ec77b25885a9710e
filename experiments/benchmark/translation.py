"""CycleGAN and a PatchGAN as plain games, until their systems exist: no image pool, no schedule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from experiments.benchmark.cases import Case
from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Step, play, sequence, tick
from ganjax.losses import least_squares_disc, least_squares_gen
from ganjax.nets import cyclegan, patchgan
from ganjax.nets.bind import bind, initialise

ADAM = optax.adam(2e-4, b1=0.5)
Out = tuple[jax.Array, tuple[Carry, Metrics]]


class Game(NamedTuple):
    """A game and its order of moves; ``networks`` are dictionaries of networks."""

    gan: Gan
    networks: Players
    moves: Callable[[Players], Step]


def cyclegan_game(case: Case, cycle: float = 10.0, identity: float = 0.5) -> Game:
    """G first; D then judges the fakes of G's own forward pass, which reach it through the carry."""
    networks = Players(
        {way: cyclegan.generator(case.channels, case.blocks) for way in ("ab", "ba")},
        {side: patchgan.critic(case.channels) for side in "ab"},
    )

    def init(key: Key, batch: Batch) -> tuple[Players, Players, dict[str, Any]]:
        made = _initialise(networks, key, batch["a"])
        return made, jax.tree.map(lambda _: {}, networks), {"a": batch["a"], "b": batch["b"]}

    def gen_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> Out:
        G, D = bind(networks, params, carry, key)
        a, b = batch["a"], batch["b"]
        (fake_b, same_b), (fake_a, same_a) = G["ab"].each(a, b), G["ba"].each(b, a)
        loss = least_squares_gen(D["b"](fake_b)) + least_squares_gen(D["a"](fake_a))
        loss += cycle * (_distance(G["ba"](fake_b), a) + _distance(G["ab"](fake_a), b))
        loss += cycle * identity * (_distance(same_b, b) + _distance(same_a, a))
        return loss, (carry._replace(memory={"a": fake_a, "b": fake_b}), {})

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> Out:
        _, D = bind(networks, params, carry, key)
        return 0.5 * sum(least_squares_disc(*D[x].each(batch[x], carry.memory[x])) for x in "ab"), (carry, {})

    gan = Gan(init, _no_inputs, disc_loss, gen_loss, _no_images)
    return Game(
        gan, networks, lambda tx: tick(sequence(play("gen", gen_loss, tx.gen), play("disc", disc_loss, tx.disc)))
    )


def patchgan_game(case: Case) -> Game:
    """D alone: one move on given real (a) and generated (b) images."""
    networks = Players({}, {"d": patchgan.critic(case.channels)})

    def init(key: Key, batch: Batch) -> tuple[Players, Players, dict[str, Any]]:
        return _initialise(networks, key, batch["a"]), jax.tree.map(lambda _: {}, networks), {}

    def disc_loss(params: Players, carry: Carry, batch: Batch, key: Key) -> Out:
        _, D = bind(networks, params, carry, key)
        return 0.5 * least_squares_disc(*D["d"].each(batch["a"], batch["b"])), (carry, {})

    gan = Gan(init, _no_inputs, disc_loss, disc_loss, _no_images)
    return Game(gan, networks, lambda tx: tick(play("disc", disc_loss, tx.disc)))


def _distance(x: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.abs(x - y).mean()


def _initialise(networks: Players, key: Key, image: jax.Array) -> Players:
    return Players(
        *(
            {name: initialise(net, jax.random.fold_in(key, i), image)[0] for i, (name, net) in enumerate(slot.items())}
            for slot in networks
        )
    )


def _no_inputs(key: Key, n: int) -> Batch:
    return {}


def _no_images(params: Any, vars: Any, inputs: Batch, key: Key, train: bool = False) -> tuple[Batch, Any]:
    raise NotImplementedError("a benchmark's game is never sampled")


GAMES: dict[str, Callable[[Case], Game]] = {"cyclegan": cyclegan_game, "patchgan": patchgan_game}
