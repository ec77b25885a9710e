"""How an image comes to a network's size: the choice that moves a FID most. Parmar et al. 2022, arXiv:2104.11222.

Every mode is a linear map along each side: out = A x Bᵀ, with rows that sum to 1.

legacy-tf     bilinear, corners on corners' left, as TensorFlow 1 has it: the published protocol, torch-fidelity's too
pytorch-fid   bilinear between pixel centres; where it shrinks, it takes single pixels (aliasing)
clean         bicubic (a = −½), widened where it shrinks: Pillow's in floating point, clean-fid's
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped

from ganjax.errors import UserError, nearest

Matrix = Float[np.ndarray, "to from"]


def resize(images: Shaped[Array, "b h w c"], size: int, mode: str) -> Float[Array, "b s s c"]:
    """Images at size × size, in the scale they have.

    Raises:
        UserError: no such mode.
    """
    rows, columns = (jnp.asarray(matrix(mode, n, size), jnp.float32) for n in images.shape[1:3])
    x = images.astype(jnp.float32)
    exact = jax.lax.Precision.HIGHEST
    out: Array = jnp.einsum("ih,bhwc,jw->bijc", rows, x, columns, precision=exact)
    return out


@functools.lru_cache(maxsize=16)
def matrix(mode: str, from_size: int, to_size: int) -> Matrix:
    """The map along one side, [to, from], in float64.

    Raises:
        UserError: no such mode.
    """
    if mode not in MODES:
        raise UserError(f"no resizing mode {mode!r}{nearest(mode, MODES)}; there are: {', '.join(MODES)}")
    return MODES[mode](from_size, to_size)


def _legacy_tf(n: int, to: int) -> Matrix:
    return _between(np.arange(to, dtype=np.float32) * np.float32(n / to), n)


def _pytorch_fid(n: int, to: int) -> Matrix:
    place = (np.arange(to) + 0.5) * float(np.float32(n / to)) - 0.5  # rounded once, as a fused multiply-add does
    return _between(np.maximum(place, 0).astype(np.float32), n)


def _between(place: Float[np.ndarray, " to"], n: int) -> Matrix:
    """Linear weights of the two pixels around each place, which the references round to float32; so is it here."""
    low = np.minimum(np.floor(place).astype(int), n - 1)
    share = (place - low)[:, None]
    weights: np.ndarray = (1 - share) * np.eye(n)[low] + share * np.eye(n)[np.minimum(low + 1, n - 1)]
    return weights


def _clean(n: int, to: int) -> Matrix:
    scale = n / to
    wide = max(scale, 1)
    centres = (np.arange(to) + 0.5) * scale
    pixels = np.arange(n) + 0.5
    first, end = (np.floor(centres + side * 2 * wide + 0.5)[:, None] for side in (-1, 1))
    inside = (np.arange(n) >= first) & (np.arange(n) < end)
    weights = np.where(inside, _cubic((pixels - centres[:, None]) / wide), 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _cubic(x: Float[np.ndarray, "to from"], a: float = -0.5) -> Matrix:
    """Keys 1981, eq. 15: 1 at 0, 0 at ±1 and from ±2 on."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x**2 + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    weights: np.ndarray = np.where(x < 1, near, np.where(x < 2, far, 0.0))
    return weights


MODES: dict[str, Callable[[int, int], Matrix]] = {
    "clean": _clean,
    "legacy-tf": _legacy_tf,
    "pytorch-fid": _pytorch_fid,
}
