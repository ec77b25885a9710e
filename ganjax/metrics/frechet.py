"""The Fréchet distance between two sets of features, as normal distributions.

Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", eq. 6;
Dowson and Landau 1982.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped
from tqdm import tqdm

from ganjax.metrics.float64 import in_float64


class Moments(NamedTuple):
    """Number, mean and covariance (over n − 1) of a set of features, in float64."""

    number: int
    mean: Float[np.ndarray, " d"]
    cov: Float[np.ndarray, "d d"]


def moments(batches: Iterable[Shaped[np.ndarray, "_ d"]]) -> Moments:
    """Moments of all rows of all batches, one batch in memory at a time.

    Batches are joined by their means and scatters (Chan, Golub and LeVeque 1983): nothing large is subtracted.

    Raises:
        ValueError: fewer than two rows, which have no covariance.
    """
    count, mean, scatter = 0, np.zeros(()), np.zeros(())
    for batch in batches:
        x = np.asarray(batch, np.float64)
        if not len(x):
            continue
        own, apart = x - x.mean(axis=0), x.mean(axis=0) - mean
        scatter = scatter + own.T @ own + np.outer(apart, apart) * (count * len(x) / (count + len(x)))
        mean = mean + apart * (len(x) / (count + len(x)))
        count += len(x)
    if count < 2:
        raise ValueError(f"{count} features have no covariance; 2 are needed, and some thousands for a number to trust")
    return Moments(count, mean, scatter / (count - 1))


def frechet_distance(
    mean_1: Shaped[Array | np.ndarray, " d"],
    cov_1: Shaped[Array | np.ndarray, "d d"],
    mean_2: Shaped[Array | np.ndarray, " d"],
    cov_2: Shaped[Array | np.ndarray, "d d"],
) -> float:
    """|μ₁ − μ₂|² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁^½ Σ₂ Σ₁^½)^½.

    The last trace is the sum of the singular values of Σ₁^½ Σ₂^½, each half from symmetric eigenvalues. A square root of
    the product's eigenvalues would turn rounding of 10⁻¹⁶ into 10⁻⁸ for each direction without features.
    """
    return float(_distance(mean_1, cov_1, mean_2, cov_2))


def intra_class_frechet_distance(
    features_1: Shaped[np.ndarray, "_ d"],
    labels_1: Shaped[np.ndarray, " _"],
    features_2: Shaped[np.ndarray, "_ d"],
    labels_2: Shaped[np.ndarray, " _"],
) -> dict[int, float]:
    """{class: the Fréchet distance of its own features}; the mean over classes is the intra-class FID.

    With a bar on a terminal. Miyato and Koyama 2018, "cGANs with Projection Discriminator", section 4.

    Raises:
        ValueError: a class of one side has fewer than two features on the other.
    """
    classes = sorted({*np.unique(labels_1).tolist(), *np.unique(labels_2).tolist()})
    for label in classes:
        counts = int((labels_1 == label).sum()), int((labels_2 == label).sum())
        if min(counts) < 2:
            raise ValueError(f"class {label} has {counts[0]} and {counts[1]} features; 2 on each side are needed")
    bar = tqdm(classes, desc="Fréchet distances", unit="class", disable=None, leave=False)
    return {
        label: frechet_distance_of_rows(features_1[labels_1 == label], features_2[labels_2 == label]) for label in bar
    }


def frechet_distance_of_rows(x_1: Shaped[np.ndarray, "_ d"], x_2: Shaped[np.ndarray, "_ d"]) -> float:
    """``frechet_distance`` of two sets of features, quick where they are few.

    With A and B the centred rows over √(n − 1), Σ₁ = AᵀA and Σ₂ = BᵀB, and the last trace is the sum of the singular values
    of A Bᵀ. Of more rows than features the triangle R of A = QR has the same.
    """
    means = [x.mean(axis=0, dtype=np.float64) for x in (x_1, x_2)]
    a, b = ((x - mean) / np.sqrt(len(x) - 1) for x, mean in zip((x_1, x_2), means, strict=True))
    own = ((means[0] - means[1]) ** 2).sum() + (a**2).sum() + (b**2).sum()
    if not np.isfinite(own):
        return float("nan")
    one, two = map(_triangle, (a, b))
    return float(own - 2 * np.linalg.svd(one @ two.T, compute_uv=False).sum())


def _triangle(x: Float[np.ndarray, "_ d"]) -> Float[np.ndarray, "_ d"]:
    return x if len(x) <= x.shape[1] else np.asarray(np.linalg.qr(x, mode="r"))


@in_float64
def _distance(mean_1: Array, cov_1: Array, mean_2: Array, cov_2: Array) -> Array:
    halves = _half(cov_1), _half(cov_2)
    between = jnp.linalg.svd(halves[0].T @ halves[1], compute_uv=False).sum()
    return jnp.sum((mean_1 - mean_2) ** 2) + jnp.trace(cov_1) + jnp.trace(cov_2) - 2 * between


def _half(cov: Array) -> Array:
    """H with H Hᵀ = cov."""
    values, vectors = jnp.linalg.eigh(cov)
    half: Array = vectors * jnp.sqrt(jnp.clip(values, 0))
    return half
