"""Adversarial objectives: functions of critic outputs, equations and nothing else.

``real`` = D(x) and ``fake`` = D(G(z)) are logits or unbounded critic values of any shape (a patch map counts as more
samples); every function returns a plain mean, and weights or factors such as the ½ of LSGAN stand at the call.
D(·) in the formulas of the log losses is sigmoid of the logit; softplus forms keep them finite at any logit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.nn import log_softmax, relu, softplus
from jaxtyping import Float, Int

Logits = Float[Array, " ..."]
Scalar = Float[Array, ""]
Tree = Any


def accuracy(real: Logits, fake: Logits) -> Scalar:
    """How often D puts a real above a fake, over all pairs: ½ where it cannot tell them, 1 where it always can.

    The area under the ROC curve: it needs no threshold, which critics of Wasserstein kind do not have.
    """
    a, b = real.ravel(), jnp.sort(fake.ravel())  # sorted: the pairs of two maps of pixels would not fit into memory
    ranks = jnp.searchsorted(b, a, side="left") + jnp.searchsorted(b, a, side="right")
    return (ranks / (2 * len(b))).mean()


def minimax_disc(real: Logits, fake: Logits) -> Scalar:
    """−E log D(x) − E log(1 − D(G(z))).  Goodfellow et al. 2014, eq. 1, for D."""
    return softplus(-real).mean() + minimax_disc_fake(fake)


def minimax_disc_fake(fake: Logits) -> Scalar:
    """−E log(1 − D(·)): what D pays for one more kind of fakes, such as real images with a wrong label."""
    return softplus(fake).mean()


def binary_cross_entropy(logits: Logits, label: Logits | float) -> Scalar:
    """−E [t log D + (1 − t) log(1 − D)], t = label in [0, 1]: 1 and 0 are ``minimax_disc``'s two terms."""
    return (label * softplus(-logits) + (1 - label) * softplus(logits)).mean()


def minimax_gen(fake: Logits) -> Scalar:
    """E log(1 − D(G(z))), the saturating objective.  Goodfellow et al. 2014, eq. 1, for G."""
    return -softplus(fake).mean()


def non_saturating_gen(fake: Logits) -> Scalar:
    """−E log D(G(z)).  Goodfellow et al. 2014, section 3; the D that belongs to it is ``minimax_disc``."""
    return softplus(-fake).mean()


def least_squares_disc(real: Logits, fake: Logits, real_label: float = 1.0, fake_label: float = 0.0) -> Scalar:
    """E (D(x) − b)² + E (D(G(z)) − a)², b = real_label, a = fake_label.  Mao et al. 2017, eq. 2, without the ½."""
    return ((real - real_label) ** 2).mean() + ((fake - fake_label) ** 2).mean()


def least_squares_gen(fake: Logits, target: float = 1.0) -> Scalar:
    """E (D(G(z)) − c)², c = target.  Mao et al. 2017, eq. 2, without the ½."""
    return ((fake - target) ** 2).mean()


def wasserstein_disc(real: Logits, fake: Logits) -> Scalar:
    """E D(G(z)) − E D(x).  Arjovsky et al. 2017, algorithm 1, as a descent."""
    return fake.mean() - real.mean()


def wasserstein_gen(fake: Logits) -> Scalar:
    """−E D(G(z)).  Arjovsky et al. 2017, algorithm 1."""
    return -fake.mean()


def hinge_disc(real: Logits, fake: Logits) -> Scalar:
    """E max(0, 1 − D(x)) + E max(0, 1 + D(G(z))).  Lim & Ye 2017; Miyato et al. 2018, eq. 16. G: ``wasserstein_gen``."""
    return relu(1 - real).mean() + relu(1 + fake).mean()


def relativistic_disc(real: Logits, fake: Logits) -> Scalar:
    """−E log σ(D(x) − E D(G(z))) − E log(1 − σ(D(G(z)) − E D(x))).  Jolicoeur-Martineau 2018, RaSGAN."""
    return minimax_disc(real - fake.mean(), fake - real.mean())


def relativistic_gen(real: Logits, fake: Logits) -> Scalar:
    """−E log σ(D(G(z)) − E D(x)) − E log(1 − σ(D(x) − E D(G(z)))): the relativistic D with its sides exchanged."""
    return relativistic_disc(fake, real)


def cross_entropy(logits: Float[Array, "b k"], label: Int[Array, " b"]) -> Scalar:
    """−E log softmax(l)_y: what a classifier with logits l pays for the class y."""
    return -jnp.take_along_axis(log_softmax(logits), label[:, None], axis=1).mean()


def attribute_cross_entropy(logits: Float[Array, "b n"], attribute: Int[Array, "b k"], values: Sequence[int]) -> Scalar:
    """What logits pay for attributes of ``values[0]``, ``values[1]``, … values, summed: two values have one logit, of a
    sigmoid, more a softmax of as many. A mean over images; one whose attribute is −1, unknown, adds nothing.

    Raises:
        ValueError: there are more logits or fewer.
    """
    if logits.shape[-1] != (wanted := sum(1 if n == 2 else n for n in values)):
        raise ValueError(
            f"attributes of {', '.join(map(str, values))} values have {wanted} logits, not {logits.shape[-1]}"
        )
    total, start = jnp.zeros(()), 0
    for i, n in enumerate(values):
        size = 1 if n == 2 else n
        total += jax.vmap(_of_attribute)(logits[:, start : start + size], attribute[:, i]).mean()
        start += size
    return total


def _of_attribute(logits: Float[Array, " n"], label: Int[Array, ""]) -> Scalar:
    if len(logits) == 1:
        cost = binary_cross_entropy(logits, label.astype(logits.dtype))
    else:
        cost = cross_entropy(logits[None], jnp.maximum(label, 0)[None])
    return jnp.where(label < 0, 0.0, cost)


def over_maps(objective: Callable[..., Scalar], *answers: Tree) -> Scalar:
    """The sum of an objective over the maps of critics that answer with several, one for each scale."""
    return sum((objective(*maps) for maps in zip(*map(jax.tree.leaves, answers), strict=True)), jnp.zeros(()))


def l1_distance(x: Float[Array, " ..."], y: Float[Array, " ..."]) -> Scalar:
    """Mean |x − y| over everything: the ‖x − y‖₁ of papers that translate images."""
    return jnp.abs(x - y).mean()


def feature_matching(real: list[list[Array]], fake: list[list[Array]]) -> Scalar:
    """Σ over critics k and their hidden layers i of mean |D_k^i(x) − D_k^i(G(z))|, times 4 / layers / critics; the last map
    of each critic, its answer, is left out.  Wang et al. 2018, eq. 4, as the official code weighs it.
    """
    layers = [(f, g) for x, y in zip(real, fake, strict=True) for f, g in zip(x[:-1], y[:-1], strict=True)]
    return sum((l1_distance(f, g) for f, g in layers), jnp.zeros(())) * 4 / (len(real[0]) - 1) / len(real)


def l2_distance(x: Float[Array, " ..."], y: Float[Array, " ..."]) -> Scalar:
    """Mean (x − y)² over everything."""
    return ((x - y) ** 2).mean()
