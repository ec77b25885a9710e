"""The Inception score: how sure a classifier is of each sample, and how evenly its classes are met.

Salimans et al. 2016, "Improved Techniques for Training GANs", section 4; Barratt and Sharma 2018 on what it does not say.
"""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Shaped

from ganjax.metrics.float64 import in_float64


def classifier_score(logits: Shaped[Array | np.ndarray, "n k"], splits: int = 10) -> tuple[float, float]:
    """(mean, standard deviation) over splits of exp E KL(p(y|x) ‖ p(y)), p(y) the split's mean; from 1 to k.

    Samples are split in their order, each split equally large but for one. With Inception's logits (1008, no bias) it is
    the Inception score.

    Raises:
        ValueError: fewer samples than splits.
    """
    if len(logits) < splits:
        raise ValueError(f"{splits} splits need as many samples; there are {len(logits)}")
    edges = [len(logits) * i // splits for i in range(splits + 1)]
    scores = [float(_score(logits[a:b])) for a, b in itertools.pairwise(edges)]
    return float(np.mean(scores)), float(np.std(scores))


@in_float64
def _score(logits: Array) -> Array:
    log_p = jax.nn.log_softmax(logits)
    log_marginal = jax.nn.logsumexp(log_p, axis=0) - jnp.log(len(logits))
    return jnp.exp(jnp.mean(jnp.sum(jnp.exp(log_p) * (log_p - log_marginal), axis=1)))
