"""Parzen-window log-likelihood: test samples under Gaussian kernels on generated ones.  Goodfellow et al. 2014, table 1.

An unreliable metric, kept because the first papers report it. In more than a few dimensions its windows are far from the
density that the samples come from, at any number of samples that can be drawn, and the order that it puts models in is
not that of their likelihoods: centres of k-means rank above the true distribution (Theis, van den Oord and Bethge 2016,
"A note on the evaluation of generative models", arXiv:1511.01844). Numbers hold for one scale of the data,
one number of samples and one grid of widths: the papers' are of pixels in [0, 1], 10,000 samples and
``numpy.logspace(-1, 0, 10)``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Shaped

from ganjax.metrics.float64 import in_float64, over_rows

Rows = Shaped[Array | np.ndarray, "_ _"]  # equally many columns everywhere; ``_checked`` says so in one line


class ParzenLikelihood(NamedTuple):
    """Nats for each test sample: the mean, and its standard error over the test samples."""

    mean: float
    standard_error: float


def parzen_log_likelihood(samples: Rows, test: Rows, width: float) -> ParzenLikelihood:
    """Mean of log 1/n Σᵢ N(y; xᵢ, σ² I) over the rows y of test [m, d]; xᵢ the rows of samples [n, d], σ = width.

    The error is that of the test set alone: another draw of samples, or another width, is not in it.

    Raises:
        ValueError: no samples, fewer than two test samples, unlike columns, values or a width that cannot be.
    """
    found = _log_likelihoods(samples, test, [width])[:, 0]
    if len(found) < 2:
        raise ValueError(
            "one test sample has no standard error; two are needed, and some thousands for a number to trust"
        )
    return ParzenLikelihood(float(found.mean()), float(found.std(ddof=1) / math.sqrt(len(found))))


def parzen_width(samples: Rows, validation: Rows, widths: Sequence[float] | Shaped[np.ndarray, " k"]) -> float:
    """The one of ``widths`` under which validation [m, d] is likeliest; at an end of the grid, the grid is too narrow.

    Raises:
        ValueError: no widths, or as ``parzen_log_likelihood``.
    """
    means = _log_likelihoods(samples, validation, widths).mean(axis=0)
    return float(widths[int(means.argmax())])


def _log_likelihoods(
    samples: Rows, test: Rows, widths: Sequence[float] | Shaped[np.ndarray, " k"]
) -> Shaped[np.ndarray, "m k"]:
    _check(samples, test, widths)
    found: np.ndarray = _table(samples, test, np.asarray(widths))
    return found


@in_float64
def _table(samples: Array, test: Array, widths: Array) -> Array:
    """Log-likelihood of each test row under each width."""
    n, d = samples.shape
    centre = samples.mean(axis=0)  # squares of what is left of a common mean would cost digits
    samples, test = samples - centre, test - centre
    lengths = jnp.sum(samples**2, axis=1)

    def of(row: Array) -> Array:
        squares = jnp.clip(row @ row + lengths - 2 * samples @ row, 0)
        sums: Array = jax.lax.map(lambda width: jax.nn.logsumexp(-squares / (2 * width**2)), widths)
        return sums

    table: Array = over_rows(of, test) - jnp.log(n) - d / 2 * jnp.log(2 * jnp.pi * widths**2)
    return table


def _check(samples: Rows, test: Rows, widths: Sequence[float] | Shaped[np.ndarray, " k"]) -> None:
    if not len(samples) or not len(test):
        raise ValueError(f"there is nothing to compare: {len(samples)} samples and {len(test)} others")
    if samples.shape[1] != test.shape[1]:
        raise ValueError(f"samples of {samples.shape[1]} columns say nothing of {test.shape[1]}")
    if not len(widths) or not all(0 < width < math.inf for width in widths):
        raise ValueError(f"widths are positive numbers; there are {[float(width) for width in widths]}")
    if not (np.isfinite(np.asarray(samples)).all() and np.isfinite(np.asarray(test)).all()):
        raise ValueError("samples with NaN or infinite values have no likelihood")
