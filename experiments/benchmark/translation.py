"""CycleGAN, and a PatchGAN alone as a plain game."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import optax

from experiments.benchmark.cases import Case
from ganjax.core import Batch, Carry, Gan, Key, Metrics, Players, Step, play, tick
from ganjax.losses import least_squares_disc
from ganjax.nets import cyclegan, patchgan
from ganjax.nets.bind import bind, initialise
from ganjax.systems import cyclegan as cyclegan_system

ADAM = optax.adam(2e-4, b1=0.5)
Out = tuple[jax.Array, tuple[Carry, Metrics]]


class Game(NamedTuple):
    """A game and its order of moves; ``networks`` are dictionaries of networks."""

    gan: Gan
    networks: Players
    moves: Callable[[Players], Step]


def cyclegan_game(case: Case) -> Game:
    """The system as it is, without a history of fakes."""
    generator, critic = cyclegan.generator(case.channels, case.blocks), patchgan.critic(case.channels)
    gan = cyclegan_system.build(generator, critic)
    networks = Players({"ab": generator, "ba": generator}, {"a": critic, "b": critic})
    return Game(gan, networks, lambda tx: cyclegan_system.moves(gan, tx))


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
