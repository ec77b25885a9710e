"""Convolutions of stride 1 as one matmul each, for the CPU: a pixel's r × r neighbours side by side.

Either side of a convolution can be laid out. What is laid out grows r² times, and is multiplied with every channel of the
other; so it is the side on which both together are less:

    x laid out:   y = X w           x̄ = Xᵀ (ȳ wᵀ)        w̄ = Xᵀ y        X: the r × r window of each output
    y laid out:   y = Yᵀ (x w)      x̄ = Y w              w̄ = xᵀ Y        Y: the r × r outputs that each pixel meets

X and Y are slices beside one another; Xᵀ and Yᵀ add them up where they came from. Columns and rows go one after the
other: 2r slices instead of r².
"""

from __future__ import annotations

import functools
import math

import jax.numpy as jnp
from jaxtyping import Array, Float

Images = Float[Array, "b _ _ _"]  # height, width and channels change
Kernel = Float[Array, "r r c f"]
Size = tuple[int, ...]  # rows and columns

WRITING = 64  # measured: an element written to memory costs about as much as so many multiplications


def conv(x: Images, kernel: Kernel) -> Images:
    """Every r × r window of x with the kernel: rows h − r + 1, stride 1, nothing padded."""
    r, _, channels, features = kernel.shape
    size = tuple(n - r + 1 for n in x.shape[1:3])
    if _windows_are_cheaper(x.shape[1:3], size, channels, features):
        return windows(x, r, size) @ kernel.reshape(-1, features)
    products = (x @ kernel.transpose(2, 0, 1, 3).reshape(channels, -1)).reshape(*x.shape[:3], r, r, features)
    rows, columns = size
    lines = functools.reduce(jnp.add, [products[:, i : i + rows, :, i] for i in range(r)])
    return functools.reduce(jnp.add, [lines[:, :, j : j + columns, j] for j in range(r)])


def conv_adjoint(y: Images, kernel: Kernel) -> Images:
    """The adjoint of ``conv`` in x: each y paints its r × r patch; rows h + r − 1."""
    r, _, channels, features = kernel.shape
    size = tuple(n + r - 1 for n in y.shape[1:3])
    if not _windows_are_cheaper(size, y.shape[1:3], channels, features):
        flipped = kernel[::-1, ::-1].transpose(0, 1, 3, 2).reshape(-1, channels)
        return windows(_bordered(y, r - 1), r, size) @ flipped
    products = (y @ kernel.transpose(3, 0, 1, 2).reshape(features, -1)).reshape(*y.shape[:3], r, r, channels)
    spare, still = r - 1, ((0, 0), (0, 0))

    def down(i: int) -> Array:
        return jnp.pad(products[:, :, :, i], ((0, 0), (i, spare - i), (0, 0), *still))

    def right(j: int) -> Array:
        return jnp.pad(lines[:, :, :, j], ((0, 0), (0, 0), (j, spare - j), (0, 0)))

    lines = functools.reduce(jnp.add, map(down, range(r)))
    return functools.reduce(jnp.add, map(right, range(r)))


def conv_kernel(x: Images, y: Images) -> Kernel:
    """The adjoint of ``conv`` in the kernel: Σ over images and pixels of window times y."""
    r, channels, features = x.shape[1] - y.shape[1] + 1, x.shape[-1], y.shape[-1]
    if _windows_are_cheaper(x.shape[1:3], y.shape[1:3], channels, features):
        return correlation(windows(x, r, y.shape[1:3]), y).reshape(r, r, channels, features)
    laid_out = windows(_bordered(y, r - 1), r, x.shape[1:3])
    kernel = correlation(x, laid_out).reshape(channels, r, r, features)
    return kernel.transpose(1, 2, 0, 3)[::-1, ::-1]


def windows(x: Images, r: int, size: Size) -> Images:
    """The r × r window of each of ``size`` outputs, side by side: [b, rows, columns, r² c]."""
    rows, columns = size
    beside = jnp.concatenate([x[:, :, j : j + columns] for j in range(r)], axis=-1)
    return jnp.concatenate([beside[:, i : i + rows] for i in range(r)], axis=-1)


def correlation(x: Float[Array, "... c"], y: Float[Array, "... f"]) -> Float[Array, "c f"]:
    """Σ xᵀ y over all pixels; the narrower of the two is the one to be turned, which is a quarter faster."""
    x, y = (a.reshape(-1, a.shape[-1]) for a in (x, y))
    return x.T @ y if x.shape[1] <= y.shape[1] else (y.T @ x).T


def _windows_are_cheaper(large: Size, small: Size, channels: int, features: int) -> bool:
    x_laid_out = math.prod(small) * channels * (features + WRITING)
    return x_laid_out <= math.prod(large) * features * (channels + WRITING)


def _bordered(y: Images, border: int) -> Images:
    return jnp.pad(y, ((0, 0), (border, border), (border, border), (0, 0)))
