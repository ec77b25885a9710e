"""The kernel distance between two sets of features: squared maximum mean discrepancy, unbiased.

Bińkowski et al. 2018, "Demystifying MMD GANs", section 4 (KID: Inception's features, the cubic kernel).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Array

from ganjax.metrics.float64 import Features, in_float64, over_rows


class KernelDistance(NamedTuple):
    """The estimate from all pairs, and the interval that covers the truth 95 times of 100."""

    value: float
    low: float
    high: float


def kernel_distance(features_1: Features, features_2: Features, degree: int = 3) -> KernelDistance:
    """mean k(x, x′) + mean k(y, y′) − 2 mean k(x, y) over all pairs of different rows, k = (x·y / d + 1)^degree.

    The interval is normal, from the spread of each row's own part; where the two sets come from one distribution the
    estimate is not normal, and the interval too narrow.

    Raises:
        ValueError: fewer than two rows on a side.
    """
    if min(len(features_1), len(features_2)) < 2:
        raise ValueError("a kernel distance needs two features on each side")
    x, y = _parts(features_1, features_2, degree=degree)
    value = float(x.mean() + y.mean())
    reach = 1.96 * 2 * float(np.sqrt(x.var() / len(x) + y.var() / len(y)))
    return KernelDistance(value, value - reach, value + reach)


def kernel_distance_of_subsets(
    features_1: Features, features_2: Features, subsets: int = 100, size: int = 1000, degree: int = 3, seed: int = 0
) -> tuple[float, float]:
    """(mean, standard deviation) over random subsets: the published protocol, for comparison with published numbers.

    Raises:
        ValueError: subsets larger than a set.
    """
    if size > min(len(features_1), len(features_2)):
        raise ValueError(f"subsets of {size} do not fit into {min(len(features_1), len(features_2))} features")
    random = np.random.default_rng(seed)
    values = []
    for _ in range(subsets):
        x, y = (np.asarray(f)[random.choice(len(f), size, replace=False)] for f in (features_1, features_2))
        values.append(kernel_distance(x, y, degree).value)
    return float(np.mean(values)), float(np.std(values))


@in_float64
def _parts(x: Array, y: Array, *, degree: int) -> tuple[Array, Array]:
    """Each row's mean kernel with its own set, less that with the other; their two means sum to the estimate."""

    def kernel(row: Array, others: Array) -> Array:
        table: Array = (others @ row / x.shape[1] + 1) ** degree
        return table

    def of(own: Array, others: Array) -> Array:
        def part(row: Array) -> Array:
            alone: Array = kernel(row, own).sum() - (row @ row / x.shape[1] + 1) ** degree
            return alone / (len(own) - 1) - kernel(row, others).mean()

        parts: Array = over_rows(part, own)
        return parts

    return of(x, y), of(y, x)
