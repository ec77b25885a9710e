"""P, two moons in the plane, and thirty Q = A P + b: P shifted, stretched and turned, by ten amounts each."""

from __future__ import annotations

from collections.abc import Iterator

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from ganjax.metrics import wasserstein_1

LATENT = 4  # normals that make one point
DISTANCES = np.geomspace(0.1, 2.0, 10)  # of the shifts and stretches
ANGLES = np.geomspace(np.pi / 16, np.pi / 2, 10)  # nearer ones drown in the bias of finite samples
DIRECTION = np.array([0.6, 0.8])

Affine = dict[str, np.ndarray]  # {"matrix": [n, 2, 2], "shift": [n, 2]}


def moons(z: jax.Array) -> jax.Array:
    """Normals [n, 4] -> points [n, 2] of ``ganjax.data.mixtures.two_moons``: no draw is ever met twice."""
    angle = jnp.pi * jax.scipy.stats.norm.cdf(z[:, 0])
    upper = jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)
    lower = jnp.stack([1 - jnp.cos(angle), 0.5 - jnp.sin(angle)], axis=1)
    return jnp.where(z[:, 1:2] < 0, upper, lower) - jnp.array([0.5, 0.25]) + 0.05 * z[:, 2:]


def draw(key: jax.Array, n: int) -> jax.Array:
    """n points of P."""
    return moons(jax.random.normal(key, (n, LATENT)))


class Moved(nn.Module):
    """Q as a generator that nobody trains: z [n, 4] -> A moons(z) + b, its parameters the move."""

    @nn.compact
    def __call__(self, z: jax.Array, train: bool = True) -> jax.Array:
        matrix = self.param("matrix", nn.initializers.zeros, (2, 2))
        shift = self.param("shift", nn.initializers.zeros, (2,))
        return moons(z) @ matrix.T + shift


def shifts() -> tuple[Affine, np.ndarray]:
    """b = W₁ u: nothing is cheaper than to move each point by b, and D(x) = −u·x sees all of it."""
    return {"matrix": np.tile(np.eye(2), (10, 1, 1)), "shift": DISTANCES[:, None] * DIRECTION}, DISTANCES


def stretches() -> tuple[Affine, np.ndarray]:
    """A = a I, a > 1: W₁ = (a − 1) E|x|, since D(x) = −|x| sees all that moving x to a x costs."""
    radius = float(jnp.linalg.norm(draw(jax.random.key(0), 1_000_000), axis=1).mean())  # to 0.05 %
    factors = 1 + DISTANCES / radius
    return {"matrix": factors[:, None, None] * np.eye(2), "shift": np.zeros((10, 2))}, DISTANCES


def turns() -> tuple[Affine, None]:
    """A = rotations about the centre: W₁ is known from samples alone."""
    cos, sin = np.cos(ANGLES), np.sin(ANGLES)
    return {"matrix": np.array([[cos, -sin], [sin, cos]]).transpose(2, 0, 1), "shift": np.zeros((10, 2))}, None


KINDS = {"shift": shifts, "stretch": stretches, "turn": turns}


def exact(moves: Affine, key: jax.Array, n: int = 1024, draws: int = 4) -> Iterator[list[float]]:
    """For each move the exact W₁ of n points of P and n others of Q, ``draws`` times; its mean lies above W₁(P, Q)."""
    for i, (matrix, shift) in enumerate(zip(moves["matrix"], moves["shift"], strict=True)):
        keys = jax.random.split(jax.random.fold_in(key, i), (draws, 2))
        yield [wasserstein_1(np.asarray(draw(p, n)), np.asarray(draw(q, n)) @ matrix.T + shift) for p, q in keys]
