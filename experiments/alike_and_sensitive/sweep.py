"""Every system at every setting, all as much arithmetic: rates, β₁ and seeds in one program, another for each n_critic."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments import plane
from ganjax.core import Gan, Players, Step, alternate, init
from ganjax.metrics import wasserstein_1
from ganjax.monitor import flops
from ganjax.nets.mlp import point_critic, point_generator
from ganjax.systems import gan, lsgan, sngan, wgan, wgan_gp

FAR = 100.0  # where samples that are not finite, or farther, are taken to be


class System(NamedTuple):
    """A game of its two networks, and D's clipping."""

    build: Callable[..., Gan]
    keywords: Mapping[str, Any] = MappingProxyType({})
    clip: float | None = None


# as in configs/*.py:grid25; sngan's game without a class and with D's weights as they are is the hinge loss alone
SYSTEMS = {
    "gan": System(gan.build),
    "lsgan": System(lsgan.build),
    "hinge": System(sngan.build, {"gen_batch": 1}),
    "wgan": System(wgan.build, clip=0.5),
    "wgan_gp": System(wgan_gp.build, {"penalty_weight": 0.1}),
}


class Sizes(NamedTuple):
    """Width of three hidden layers, batch, samples that are measured, steps of the cheapest game."""

    width: int
    batch: int
    samples: int
    steps: int


class Trial(NamedTuple):
    """A run: its setting, W₁ of its samples to fresh data, modes covered, the samples."""

    rate: float
    b1: float
    n_critic: int
    seed: int
    distance: float
    modes: int
    points: np.ndarray


def game(system: System, width: int) -> Callable[[Any], tuple[Gan, Players]]:
    """{"rate", "b1"} -> (game, optimisers): Adam for both players."""
    made = system.build(point_generator((width,) * 3), point_critic((width,) * 3), latent_dim=2, **system.keywords)

    def of(setting: Any) -> tuple[Gan, Players]:
        adam = optax.adam(setting["rate"], b1=setting["b1"], b2=0.9)
        return made, wgan.optimizers(adam, adam, clip=system.clip)

    return of


def arithmetic(system: System, n_critic: int, sizes: Sizes) -> float:
    """FLOPs of one step, the penalty's second derivatives with it: counted in the program, not timed."""
    made, tx = game(system, sizes.width)({"rate": 1e-3, "b1": 0.5})
    batch = {"image": jnp.zeros((n_critic, sizes.batch, 2))}

    state = jax.eval_shape(lambda key: init(made, tx, key, batch, averaged=()), jax.random.key(0))
    return flops.count(jax.make_jaxpr(alternate(made, tx, n_critic=n_critic))(state, batch, jax.random.key(0)))


def sweep(
    name: str, n_critic: int, rates: Sequence[float], b1s: Sequence[float], seeds: int, sizes: Sizes
) -> tuple[int, list[Trial]]:
    """(steps, trials) of one program on grid25: as many steps as cost what ``sizes.steps`` of gan with one D move cost."""
    system, data = SYSTEMS[name], plane.mixture("grid25")
    steps = round(sizes.steps * arithmetic(SYSTEMS["gan"], 1, sizes) / arithmetic(system, n_critic, sizes))
    asked = list(itertools.product(rates, b1s, range(seeds)))
    rate, b1, seed = zip(*asked, strict=True)
    of = game(system, sizes.width)
    runs = plane.begin(of, [0] * len(asked), {"rate": jnp.array(rate), "b1": jnp.array(b1)}, seed)

    def step_of(setting: Any) -> Step:
        return alternate(*of(setting), n_critic=n_critic)

    runs = plane.player(step_of, n_critic, sizes.batch)(runs, jnp.asarray(data.points)[None], 0, steps)
    drawn = plane.sampler(of({"rate": 0.0, "b1": 0.0})[0], sizes.samples)(runs)
    return steps, [trial(*one, points, n_critic, data) for one, points in zip(asked, drawn, strict=True)]


def trial(rate: float, b1: float, seed: int, points: np.ndarray, n_critic: int, data: plane.Mixture) -> Trial:
    """What a run's samples are worth."""
    near = np.nan_to_num(points, nan=FAR, posinf=FAR, neginf=-FAR).clip(-FAR, FAR)
    distance = wasserstein_1(near, fresh(data, len(points)))
    return Trial(rate, b1, n_critic, seed, distance, data.covered(near).covered, near)


def fresh(data: plane.Mixture, n: int) -> np.ndarray:
    """Points of a mixture that no run has seen, as many of each mode as of any other: they add no chance of their own."""
    noise = np.random.default_rng(1).standard_normal((n, 2))
    return np.asarray(np.asarray(data.modes)[np.arange(n) % len(data.modes)] + data.sigma * noise)
