"""What a translation goes through before its way back: noise, rounding, JPEG, and the two values that an outline has."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from ganjax.data.pairs import INK
from ganjax.monitor import pictures

Channel = Callable[[np.ndarray], np.ndarray]  # images in [-1, 1] -> images in [-1, 1]


def clear(x: np.ndarray) -> np.ndarray:
    """As it is."""
    return x


def rounded(x: np.ndarray) -> np.ndarray:
    """8 bits a channel, as in any PNG."""
    out: np.ndarray = pictures.to_bytes(x).astype(np.float32) / 127.5 - 1
    return out


def drawn(x: np.ndarray) -> np.ndarray:
    """Ink or paper, whichever is nearer: all that an outline of the data says, and nothing else."""
    paper, ink = 1.0, INK / 127.5 - 1
    out: np.ndarray = np.where(x.mean(axis=-1, keepdims=True) > (paper + ink) / 2, paper, ink).astype(np.float32)
    return np.broadcast_to(out, x.shape)


def noise(std: float) -> Channel:
    """x + σ ε, ε ~ N(0, I), the same draw each time."""

    def sent(x: np.ndarray) -> np.ndarray:
        out: np.ndarray = x + std * np.random.default_rng(0).standard_normal(x.shape).astype(np.float32)
        return out

    return sent


def jpeg(quality: int) -> Channel:
    """Through a JPEG file of that quality, Pillow's colours at half the size."""

    def one(image: np.ndarray) -> np.ndarray:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))

    return lambda x: np.stack([one(image) for image in pictures.to_bytes(x)]).astype(np.float32) / 127.5 - 1
