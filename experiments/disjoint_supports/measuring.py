"""Distances along two paths whose truth is known: parallel lines in the plane, shifted Gaussians on a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm

from ganjax import metrics
from ganjax.metrics.float64 import in_float64

CELL = 0.1  # side of the squares that samples of the lines are counted in


def line(theta: float, n: int, random: np.random.Generator) -> np.ndarray:
    """n points (θ, Z), Z ~ U(0, 1).  Arjovsky et al. 2017, example 1."""
    return np.stack([np.full(n, theta), random.uniform(size=n)], axis=1)


def shares(x: np.ndarray) -> np.ndarray:
    """The shares of points in the cells of the plane, [cells]; lines at multiples of CELL run through the middle of cells."""
    edges = (np.arange(-15.5, 16) * CELL, np.linspace(0, 1, 11))
    return np.asarray(np.histogram2d(x[:, 0], x[:, 1], bins=edges)[0].ravel() / len(x))


def of_lines(theta: float, n: int, seed: int) -> dict[str, float]:
    """Each distance of the lines at 0 and at θ, from n points of both: W₁ of the points, the others of their cells."""
    random = np.random.default_rng(seed)
    x, y = line(0.0, n, random), line(theta, n, random)
    p, q = shares(x), shares(y)
    return {
        "js": metrics.jensen_shannon(p, q),
        "js_printed": metrics.jensen_shannon(p, q, halved=False),
        "tv": metrics.total_variation(p, q),
        "kl": metrics.kullback_leibler(p, q),
        "w1": metrics.wasserstein_1(x, y),
    }


# ------------------------------------------------------------------------------------------------- N(0, σ²) and N(θ, σ²)


class Path(NamedTuple):
    """A distance and its derivative in θ, [θ]."""

    value: np.ndarray
    slope: np.ndarray


GRID = np.linspace(-1.5, 3.5, 5001)  # 30 points in the narrowest σ: the sum is exact to rounding


def js(theta: jax.Array, sigma: jax.Array) -> jax.Array:
    """½ KL(p ‖ m) + ½ KL(q ‖ m), m = (p + q) / 2, as a sum over GRID."""
    p, q = (norm.logpdf(GRID, loc, sigma) for loc in (0.0, theta))
    m = jnp.logaddexp(p, q) - jnp.log(2)
    return jnp.sum((jnp.exp(p) * (p - m) + jnp.exp(q) * (q - m)) / 2) * float(GRID[1] - GRID[0])


def w1(theta: jax.Array, sigma: jax.Array) -> jax.Array:
    """∫ |F_p − F_q|, as a sum over GRID."""
    return jnp.sum(jnp.abs(norm.cdf(GRID, 0.0, sigma) - norm.cdf(GRID, theta, sigma))) * float(GRID[1] - GRID[0])


@in_float64
def along(thetas: jax.Array, sigma: jax.Array) -> dict[str, Path]:
    """JS and W₁ of N(0, σ²) and N(θ, σ²), each with its derivative through ``jax.grad``."""
    return {
        name: Path(*jax.vmap(jax.value_and_grad(distance), (0, None))(thetas, sigma))
        for name, distance in {"js": js, "w1": w1}.items()
    }


@in_float64
def descents(starts: jax.Array, sigma: jax.Array, *, rate: float, steps: int) -> dict[str, jax.Array]:
    """θ ← θ − rate · d/dθ of each distance from each start, [steps + 1, starts]."""

    def descent(distance: Callable[..., jax.Array]) -> jax.Array:
        slope = jax.vmap(jax.grad(distance), (0, None))
        return jax.lax.scan(lambda t, _: ((t - rate * slope(t, sigma)), t), starts, length=steps + 1)[1]

    return {"js": descent(js), "w1": descent(w1)}
