"""Fidelity and variety apart: which samples lie where the other set has its neighbours.

Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing Generative Models", eq. 1 and 2;
Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models", eq. 3 and 5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

from ganjax.metrics.float64 import Features, in_float64, over_rows


class Neighbourhoods(NamedTuple):
    """Shares of samples in [0, 1]; density may pass 1."""

    precision: float
    recall: float
    density: float
    coverage: float


def neighbourhoods(real: Features, fake: Features, k: int = 5) -> Neighbourhoods:
    """A ball around each feature reaches to its k-th neighbour in its own set.

    precision: fakes in some real ball; recall: reals in some fake ball; density: real balls around a fake, over k;
    coverage: real balls with a fake in them. k is 3 in the first paper and 5 in the second.

    Raises:
        ValueError: k neighbours are not there.
    """
    if min(len(real), len(fake)) <= k:
        raise ValueError(f"{k} neighbours need {k + 1} features on each side; there are {len(real)} and {len(fake)}")
    real_radius, fake_radius = _radius(real, k=k), _radius(fake, k=k)
    balls_around_fake, covering = _balls(fake, real, real_radius)
    balls_around_real, _ = _balls(real, fake, fake_radius)
    return Neighbourhoods(
        precision=float((balls_around_fake > 0).mean()),
        recall=float((balls_around_real > 0).mean()),
        density=float(balls_around_fake.mean() / k),
        coverage=float((covering > 0).mean()),
    )


@in_float64
def _radius(x: Array, *, k: int) -> Array:
    """Squared distance of each row to its k-th neighbour, itself not counted."""
    squares = _squares_to(x)

    def kth(row: Array) -> Array:
        left = squares(row)
        for _ in range(k):  # XLA's top_k sorts whole rows: four times as slow
            left = left.at[left.argmin()].set(jnp.inf)
        return left.min()

    radius: Array = over_rows(kth, x)
    return radius


@in_float64
def _balls(points: Array, centres: Array, radius: Array) -> tuple[Array, Array]:
    """(balls around each point, points in each ball)."""
    to_centres, to_points = _squares_to(centres), _squares_to(points)
    around = over_rows(lambda point: (to_centres(point) < radius).sum(), points)
    inside = over_rows(lambda ball: (to_points(ball[:-1]) < ball[-1]).sum(), jnp.column_stack([centres, radius]))
    return around, inside


def _squares_to(others: Array) -> Callable[[Array], Array]:
    """Squared distances of a row to all ``others``: a matmul for a block of rows."""
    lengths = jnp.sum(others**2, axis=1)
    return lambda row: jnp.clip(row @ row + lengths - 2 * others @ row, 0)
