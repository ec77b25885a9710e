"""Penalties on a critic's gradient, through ``jax.grad``, and answers: a plain value per image, weights at the call; and on
a network's weights.

``f`` maps a batch of images to one value each (a patch critic averages first). A gradient is taken with respect to the
input, for each image on its own: ∇f(x) has the shape of x, and ‖·‖ is the Euclidean norm over all its entries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

Images = Float[Array, "b ..."]
Values = Float[Array, " b"]
Tree = Any
Critic = Callable[[Images], Float[Array, "b ..."]]


def input_gradient(f: Critic, x: Images) -> Images:
    """∇f at each x; the images of a batch meet only in f's normalisation, so the sum's gradient is each one's."""
    gradient: Images = jax.grad(lambda x: f(x).sum())(x)
    return gradient


def squared_norm(x: Images) -> Values:
    """‖x‖² of each example, in float32 whatever the dtype of the networks."""
    return jnp.square(x.astype(jnp.float32)).reshape(len(x), -1).sum(axis=1)


def gradient_norm(f: Critic, x: Images) -> Values:
    """‖∇f(x)‖₂ of each example; 10⁻¹² under the root keeps the gradient of the norm finite where ∇f is zero."""
    return jnp.sqrt(squared_norm(input_gradient(f, x)) + 1e-12)


def gradient_penalty(f: Critic, x: Images, target: float = 1.0) -> Values:
    """(‖∇f(x)‖₂ − 1)².  Gulrajani et al. 2017, eq. 3, at points of ``interpolate``."""
    return jnp.square(gradient_norm(f, x) - target)


def one_sided_gradient_penalty(f: Critic, x: Images, target: float = 1.0) -> Values:
    """max(0, ‖∇f(x)‖₂ − 1)².  Petzka et al. 2018, eq. 8 (WGAN-LP): slopes below one are free."""
    return jnp.square(jnp.maximum(gradient_norm(f, x) - target, 0))


def r1(f: Critic, x: Images) -> Values:
    """‖∇f(x)‖² at real images.  Mescheder et al. 2018, eq. 9, without its γ/2."""
    return squared_norm(input_gradient(f, x))


def r2(f: Critic, x_fake: Images) -> Values:
    """‖∇f(x)‖² at generated images.  Mescheder et al. 2018, eq. 10, without its γ/2."""
    return squared_norm(input_gradient(f, x_fake))


def consistency(a: Images, b: Images) -> Values:
    """‖a − b‖² of each example, summed over its entries: (D(x) − D(T(x)))² for logits [b].

    a and b are D's answers to an image and to its augmentation (CR: Zhang et al. 2020, arXiv:1910.12027, real images;
    bCR: Zhao et al. 2020, arXiv:2002.04724, both kinds), to G(z) and G(z + δ) (zCR, the same paper), or, with a minus at
    the call, those two images themselves.
    """
    return squared_norm(a.astype(jnp.float32) - b.astype(jnp.float32))


def orthogonal(params: Tree) -> Float[Array, ""]:
    """Σ ‖WᵀW ∘ (1 − I)‖²_F over all arrays of two axes and more, as matrices [rest, outputs].  Brock et al. 2019, eq. 3.

    It pushes outputs apart and leaves their lengths free. A table of rows, "embedding", is a matrix whose outputs are its
    rows.
    """

    def between(path: tuple[Any, ...], x: Array) -> Float[Array, ""]:
        table = jax.tree_util.DictKey("embedding") in path
        matrix = x.T if table else x.reshape(-1, x.shape[-1])
        gram = matrix.astype(jnp.float32).T @ matrix.astype(jnp.float32)
        return jnp.square(gram * (1 - jnp.eye(len(gram)))).sum()

    weights = [(path, x) for path, x in jax.tree_util.tree_leaves_with_path(params) if x.ndim >= 2]
    return sum((between(path, x) for path, x in weights), start=jnp.zeros(()))


def interpolate(key: Array, x: Images, x_fake: Images) -> Images:
    """x + ε (x_fake − x), one ε ~ U(0, 1) for each image.  Gulrajani et al. 2017, algorithm 1."""
    return x + _per_image(key, x) * (x_fake - x)


def perturb(key: Array, x: Images, scale: float = 0.5) -> Images:
    """x + ε · scale · std(x) · u, u ~ U(0, 1) for each entry, ε ~ U(0, 1) for each image, std over the whole batch.

    Where DRAGAN takes its ``gradient_penalty``.  Kodali et al. 2017, official code.
    """
    image_key, noise_key = jax.random.split(key)
    noise = scale * x.std() * jax.random.uniform(noise_key, x.shape, x.dtype)
    return x + _per_image(image_key, x) * noise


def _per_image(key: Array, x: Images) -> Images:
    return jax.random.uniform(key, (len(x),) + (1,) * (x.ndim - 1), x.dtype)
