"""The critics: deep ones in a game on the swiss roll, and small ones trained alone against data with noise."""

from __future__ import annotations

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments import plane
from experiments.weight_clipping.measuring import Layers, layers
from ganjax.core import Gan, Players, alternate, play, tick
from ganjax.nets import mlp
from ganjax.nets.layers import Init, he_normal, identity, uniform_init
from ganjax.nets.mlp import point_critic, point_generator
from ganjax.systems import wgan, wgan_gp
from ganjax.transforms import linear_decay, scheduled

Bound = float | None  # c; None is the penalty
LAYERS, N_CRITIC = 12, 5


def rmsprop(rate: float) -> optax.GradientTransformation:
    """With PyTorch's constants, as in the configs."""
    return optax.rmsprop(rate, decay=0.99, eps=1e-8, eps_in_sqrt=False)


def optimisers(c: Bound, steps: int | None = None) -> Players:
    """WGAN's: RMSProp, D's rate c / 20, so that a weight crosses its range in 40 moves whatever c is; or the penalty's: Adam.

    Where there are ``steps`` D's rate falls to 0 until then.
    """
    adam = optax.adam(1e-3 if steps else 1e-4, b1=0.5, b2=0.9)
    disc = adam if c is None else rmsprop(c / 20)
    if steps:
        disc = scheduled(disc, linear_decay(steps))
    return wgan.optimizers(adam if c is None else rmsprop(5e-4), disc, clip=c)


def build(c: Bound, generator: nn.Module, critic: nn.Module, latent_dim: int) -> Gan:
    """WGAN, or with λ = 10 WGAN-GP."""
    made: Gan = (wgan if c else wgan_gp).build(generator, critic, latent_dim=latent_dim)
    return made


# ------------------------------------------------------------------------------------------------------------- deep ones


def deep(c: Bound, seeds: int, steps: int, width: int, batch: int) -> tuple[list[Layers], list[Layers]]:
    """(critics before, after) ``steps`` of the game on the swiss roll, five critic moves each.

    The first ``seeds`` start from He's weights, which are mostly wider than the bounds and so cut at the first move; with a
    bound as many again start evenly between −c and c.
    """
    inits = [he_normal] if c is None else [he_normal, uniform_init(bound=c)]
    games = [build(c, point_generator((64,) * 3), _deep(width, init), 2) for init in inits]
    tx = optimisers(c)
    step = alternate(games[0], tx, n_critic=N_CRITIC)
    fresh = [plane.begin(plane.same(gan, tx), [0] * seeds, jnp.zeros(seeds), range(seeds)) for gan in games]
    runs = jax.tree.map(lambda *parts: jnp.concatenate(parts), *fresh)
    points = jnp.asarray(plane.mixture("swiss_roll").points)[None]
    before = critics(runs)
    return before, critics(plane.player(lambda _: step, N_CRITIC, batch)(runs, points, 0, steps))


def _deep(width: int, init: Init) -> nn.Module:
    return mlp.critic((width,) * (LAYERS - 1), input=identity, kernel_init=init)


def critics(runs: plane.Runs) -> list[Layers]:
    """Each run's critic."""
    params = jax.tree.map(np.asarray, runs.state.params.disc)
    return [layers(jax.tree.map(lambda x, i=i: x[i], params)) for i in range(len(runs.kind))]


# ------------------------------------------------------------------------------------------------------------ alone ones


class Noisy(nn.Module):
    """A generator that nobody trains: one of its points, and a standard normal; its parameters are the points."""

    points: int

    @nn.compact
    def __call__(self, z: jax.Array, train: bool = True) -> jax.Array:
        points = self.param("points", nn.initializers.zeros, (self.points, 2))
        chosen = (jax.scipy.stats.norm.cdf(z[:, 0]) * self.points).astype(int).clip(0, self.points - 1)
        return points[chosen] + z[:, 1:]


def alone(c: Bound, names: Sequence[str], seeds: int, steps: int, width: int, batch: int) -> dict[str, list[Layers]]:
    """{data: a critic for each seed}, trained for ``steps`` moves to tell the data from the data with noise."""
    points = jnp.asarray(np.stack([plane.mixture(name).points for name in names]))
    gan = build(c, Noisy(points.shape[1]), point_critic((width,) * 3), 3)
    tx = optimisers(c, steps)
    step = tick(play("disc", gan.disc_loss, tx.disc))
    kinds = [kind for kind in range(len(names)) for _ in range(seeds)]
    runs = plane.begin(plane.same(gan, tx), kinds, jnp.zeros(len(kinds)), [*range(seeds)] * len(names))
    held = Players({"points": points[jnp.asarray(kinds)]}, runs.state.params.disc)
    runs = runs._replace(state=runs.state._replace(params=held))
    found = critics(plane.player(lambda _: step, 1, batch)(runs, points, 0, steps))
    return {name: found[i * seeds : (i + 1) * seeds] for i, name in enumerate(names)}
