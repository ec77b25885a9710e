"""Distances between distributions whose truth is known: discrete ones, and samples of equal weight.

The earth mover's distance and the plan that reaches it: Arjovsky et al. 2017, "Wasserstein GAN", section 2 (eq. 1).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Shaped

Distribution = Shaped[np.ndarray, " n"]
Points = Shaped[np.ndarray, "_ d"]


def total_variation(p: Distribution, q: Distribution) -> float:
    """½ Σ |p − q|, from 0 to 1."""
    p, q = _checked(p), _checked(q)
    return float(np.abs(p - q).sum() / 2)


def kullback_leibler(p: Distribution, q: Distribution) -> float:
    """Σ p log (p / q) in nats; infinite where p has what q has not."""
    p, q = _checked(p), _checked(q)
    there = p > 0
    if (q[there] == 0).any():
        return float("inf")
    return float((p[there] * np.log(p[there] / q[there])).sum())


def jensen_shannon(p: Distribution, q: Distribution, halved: bool = True) -> float:
    """½ KL(p ‖ m) + ½ KL(q ‖ m), m = (p + q) / 2: at most log 2; without the halves at most 2 log 2."""
    middle = (_checked(p) + _checked(q)) / 2
    return (kullback_leibler(p, middle) + kullback_leibler(q, middle)) * (0.5 if halved else 1.0)


def earth_mover(
    p: Distribution, q: Shaped[np.ndarray, " m"], cost: Shaped[np.ndarray, "n m"]
) -> tuple[float, Float[np.ndarray, "n m"]]:
    """(min Σ γ·cost, γ) over plans γ ≥ 0 with row sums p and column sums q: γ[i, j] is what moves from i to j."""
    from scipy.optimize import linprog  # not above: every training imports this room
    from scipy.sparse import eye_array, kron, vstack

    p, q = _checked(p), _checked(q)
    n, m = len(p), len(q)
    sums = vstack([kron(eye_array(n), np.ones((1, m))), kron(np.ones((1, n)), eye_array(m))])
    solved = linprog(np.ravel(cost), A_eq=sums, b_eq=np.concatenate([p, q]), method="highs")
    return float(solved.fun), solved.x.reshape(n, m)


def wasserstein_1(x: Points, y: Points) -> float:
    """The mean distance of the best one-to-one assignment of two equally many samples; exact.

    On a line the samples are sorted; elsewhere time grows with the cube of their number (2,048: seconds).

    Raises:
        ValueError: not equally many samples.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(x) != len(y):
        raise ValueError(f"an assignment needs equally many samples; there are {len(x)} and {len(y)}")
    if x.shape[1] == 1:
        return float(np.abs(np.sort(x, axis=0) - np.sort(y, axis=0)).mean())
    distance = cdist(x, y)
    return float(distance[linear_sum_assignment(distance)].mean())


def sliced_wasserstein_1(x: Points, y: Points, directions: int = 128, seed: int = 0) -> float:
    """The mean of W₁ along random directions: at most W₁; on the line it is W₁.  Rabin et al. 2011."""
    along = np.random.default_rng(seed).normal(size=(directions, x.shape[1]))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    return float(np.mean([wasserstein_1(x @ v[:, None], y @ v[:, None]) for v in along]))


def _checked(shares: Distribution) -> Float[np.ndarray, " n"]:
    p: np.ndarray = np.asarray(shares, np.float64)
    if (p < 0).any() or abs(p.sum() - 1) > 1e-6:
        raise ValueError(f"not a distribution: the smallest share is {p.min():g}, the sum {p.sum():g}")
    return p
