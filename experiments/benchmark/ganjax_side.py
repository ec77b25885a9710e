"""ganjax's side: the step that ``python -m ganjax.main`` compiles, on a batch that is already on the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.benchmark import translation
from experiments.benchmark.cases import LATENT, Case
from ganjax.compilation import once
from ganjax.core import Gan, Players, State, Step, alternate, init
from ganjax.monitor.flops import count
from ganjax.nets import dcgan, resnet
from ganjax.systems import dcgan as dcgan_system
from ganjax.systems import wgan_gp

ADAM = {"dcgan": optax.adam(2e-4, b1=0.5), "wgan_gp": optax.adam(1e-4, b1=0.0, b2=0.9)}


class Side(NamedTuple):
    """All that a run needs; ``networks`` are (generator, discriminator)."""

    gan: Gan
    networks: Players
    step: Step
    init: Callable[[jax.Array], State]
    batch: dict[str, jax.Array]

    def state(self) -> State:
        """The one of key 0."""
        return once(self.init)(jax.random.key(0))

    def traced(self) -> Any:
        """One iteration as a jaxpr; nothing is allocated."""
        key = jax.random.key(0)
        return jax.make_jaxpr(self.step)(jax.eval_shape(self.init, key), self.batch, key)


def networks(case: Case, **options: Any) -> Players:
    """The two networks of a case; ``options`` go to both."""
    if case.network == "resnet":
        return Players(resnet.cifar_generator(case.channels, **options), resnet.cifar_critic(case.channels, **options))
    penalised = case.system == "wgan_gp"
    return Players(
        dcgan.generator(case.size, case.channels, **options),
        dcgan.critic(case.size, case.channels, norm=not penalised, **options),
    )


def build(
    case: Case, wrap: Callable[[Any], Any] = lambda generator: generator, accumulate: int = 1, **options: Any
) -> Side:
    """The game of a case; ``wrap`` may put something around the generator, ``accumulate`` cuts batches in pieces."""
    if case.system in translation.GAMES:
        return _translate(case)
    nets = networks(case, **options)
    system = {"dcgan": dcgan_system, "wgan_gp": wgan_gp}[case.system]
    gan = system.build(wrap(nets.gen), nets.disc, latent_dim=LATENT[case.system])
    tx = Players(ADAM[case.system], ADAM[case.system])
    shape = (case.n_critic * accumulate, case.batch // accumulate, case.size, case.size, 3)
    batch = {"image": _images(shape)}
    return _ready(gan, nets, alternate(gan, tx, case.n_critic, accumulate), tx, batch)


def _translate(case: Case) -> Side:
    game, tx = translation.GAMES[case.system](case), Players(translation.ADAM, translation.ADAM)
    images = _images((2, 1, case.batch, case.size, case.size, 3))
    batch = {"a": images[0], "b": images[1]}
    return _ready(game.gan, game.networks, game.moves(tx), tx, batch)


def _images(shape: tuple[int, ...]) -> jax.Array:
    return jnp.asarray(np.random.default_rng(1).uniform(-1, 1, shape), jnp.float32)


def _ready(gan: Gan, nets: Players, step: Step, tx: Players, batch: dict[str, jax.Array]) -> Side:
    return Side(gan, nets, step, lambda key: init(gan, tx, key, batch, averaged=()), batch)


def start(case: Case) -> tuple[Callable[[], None], Callable[[], float]]:
    """(a call, what counts the FLOPs of an iteration); the call returns when it is done."""
    side = build(case)
    step, state, key = jax.jit(side.step, donate_argnums=0), side.state(), jax.random.key(2)

    def call() -> None:
        nonlocal state
        state, metrics = step(state, side.batch, key)
        jax.block_until_ready(metrics)

    return call, lambda: count(side.traced())
