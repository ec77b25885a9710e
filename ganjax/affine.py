"""The transformations of ADA as matrices, and what applies them: one warp and one change of colours for each image.

Karras et al. 2020, arXiv:2006.06676, appendix B; the memory and the probability are ``augment.ada``'s.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

Key = Array
Scalar = Float[Array, ""]
Draws = Float[Array, "13 2"]

MIRROR, QUARTERS, PIXELS, SIZE, TURN, STRETCH, TURN_AGAIN, PLACE = range(8)
BRIGHTNESS, CONTRAST, LUMA, HUE, SATURATION = range(8, 13)
EYE, GREY = np.eye(3, dtype=np.float32), np.full((3, 3), 1 / 3, np.float32)  # GREY projects onto (1, 1, 1)
AROUND_GREY = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], np.float32) / np.sqrt(3, dtype=np.float32)


def draws(key: Key, n: int, p: Scalar) -> tuple[Float[Array, "n 13 2"], Float[Array, "n 13 2"]]:
    """U(−1, 1) and N(0, 1) for each transformation of each image; 0, which changes nothing, where it does not happen.

    Each happens with probability p, the two turns with 1 − √(1 − p), so that one or the other does with p.
    """
    even_key, normal_key = jax.random.split(key)
    even = jax.random.uniform(even_key, (n, SATURATION + 1, 3), jnp.float32)
    normal = jax.random.normal(normal_key, (n, SATURATION + 1, 2), jnp.float32)
    either = jnp.array([i in (TURN, TURN_AGAIN) for i in range(SATURATION + 1)])
    happens = even[..., :1] < jnp.where(either, 1 - jnp.sqrt(1 - p), p)[:, None]
    return jnp.where(happens, 2 * even[..., 1:] - 1, 0), jnp.where(happens, normal, 0)


def blit(even: Draws, normal: Draws, shape: tuple[int, ...]) -> Float[Array, "3 3"]:
    """The inverse of: mirrored (half of the draws), turned by 0 to 3 quarters, moved by whole pixels, ⅛ of the sides.

    Karras et al. 2020, appendix B, as are the two below.
    """
    mirror = jnp.where(even[MIRROR, 0] > 0, -1.0, 1.0)
    quarters = jnp.floor(2 * even[QUARTERS, 0]).astype(jnp.int32) % 4  # exact cosines: a turned image is the image
    cos, sin = (jnp.array(table, jnp.float32)[quarters] for table in ((1, 0, -1, 0), (0, 1, 0, -1)))
    right, down = (jnp.round(even[PIXELS, i] / 8 * shape[1 - i]) for i in range(2))
    return product(_affine(mirror, 0, 0, 0, 1, 0), _turn(cos, sin), _affine(1, 0, -right, 0, 1, -down))


def geometry(even: Draws, normal: Draws, shape: tuple[int, ...]) -> Float[Array, "3 3"]:
    """The inverse of: scaled by 2^(n/5), turned, scaled by 2^(±n/5) along the axes, turned, moved by n/8 of the sides.

    n ~ N(0, 1), angles ~ U(−π, π).
    """
    size, stretch = (jnp.exp2(-normal[i, 0] / 5) for i in (SIZE, STRETCH))
    first, second = (_turn(jnp.cos(np.pi * even[i, 0]), jnp.sin(np.pi * even[i, 0])) for i in (TURN, TURN_AGAIN))
    scaled, stretched = _affine(size, 0, 0, 0, size, 0), _affine(stretch, 0, 0, 0, 1 / stretch, 0)
    right, down = (normal[PLACE, i] / 8 * shape[1 - i] for i in range(2))
    return product(scaled, first, stretched, second, _affine(1, 0, -right, 0, 1, -down))


def coloring(even: Draws, normal: Draws, shape: tuple[int, ...]) -> Float[Array, "3 4"]:
    """Brightness + n/5, contrast · 2^(n/2), luma flipped (half of the draws), hue turned, saturation · 2^n, in one.

    n ~ N(0, 1), angles ~ U(−π, π). Luma is the component along (1, 1, 1)/√3, hue the angle about it and saturation the
    distance from it: on grey images the last two do nothing.
    """
    flipped = EYE - 2 * jnp.where(even[LUMA, 0] > 0, 1.0, 0.0) * GREY
    angle, saturation = np.pi * even[HUE, 0], jnp.exp2(normal[SATURATION, 0])
    hue = jnp.cos(angle) * EYE + (1 - jnp.cos(angle)) * GREY + jnp.sin(angle) * AROUND_GREY
    linear = product(saturation * EYE + (1 - saturation) * GREY, hue, flipped) * jnp.exp2(normal[CONTRAST, 0] / 2)
    brightness = jnp.full((3, 1), normal[BRIGHTNESS, 0] / 5)
    return product(linear, jnp.concatenate([EYE, brightness], axis=1))


def warp(x: Float[Array, "h w c"], inverse: Float[Array, "3 3"]) -> Float[Array, "h w c"]:
    """The image whose pixel q shows x at ``inverse`` · q, bilinear, mirrored beyond the border's pixels without end.

    Points are (right, down, 1) in pixels from the image's centre; at least 2×2 pixels.
    """
    h, w, _ = x.shape
    right, down = np.meshgrid(*(np.arange(n, dtype=np.float32) - (n - 1) / 2 for n in (w, h)))
    (j, u), (i, v) = (
        _between(row[0] * right + row[1] * down + row[2] + (n - 1) / 2, n)
        for row, n in zip(inverse[:2], (w, h), strict=True)
    )
    u, v = u.astype(x.dtype)[..., None], v.astype(x.dtype)[..., None]
    above = x[i, j] * (1 - u) + x[i, j + 1] * u
    below = x[i + 1, j] * (1 - u) + x[i + 1, j + 1] * u
    return above * (1 - v) + below * v


def recolor(x: Float[Array, "h w c"], matrix: Float[Array, "3 4"]) -> Float[Array, "h w c"]:
    """Each pixel's (r, g, b, 1) through the matrix; a grey image by the mean of its rows, as r = g = b.

    Raises:
        ValueError: the image has neither 1 nor 3 channels.
    """
    matrix = matrix.astype(x.dtype)
    if x.shape[2] == 1:
        row = matrix.mean(axis=0)
        return x * row[:3].sum() + row[3]
    if x.shape[2] != 3:
        raise ValueError(f"ada: colours have 1 or 3 channels, these images {x.shape[2]}; leave color out of the policy")
    return jnp.einsum("hwc,dc->hwd", x, matrix[:, :3], precision="highest") + matrix[:, 3]


def _between(at: Float[Array, "h w"], n: int) -> tuple[Int[Array, "h w"], Float[Array, "h w"]]:
    """The pixel before each place along an axis of n and how far behind it that is, outside mirrored inside."""
    inside = (n - 1) - jnp.abs(at % (2 * (n - 1)) - (n - 1))
    before = jnp.clip(jnp.floor(inside), 0, n - 2)
    return before.astype(jnp.int32), inside - before


def product(*matrices: Any) -> Array:
    """Matrices multiplied from left to right, in full precision."""
    product: Array = functools.reduce(functools.partial(jnp.matmul, precision="highest"), matrices)
    return product


def _affine(a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> Float[Array, "3 3"]:
    return jnp.array([[a, b, c], [d, e, f], [0, 0, 1]], jnp.float32)


def _turn(cos: Array, sin: Array) -> Float[Array, "3 3"]:
    return _affine(cos, -sin, 0, sin, cos, 0)
