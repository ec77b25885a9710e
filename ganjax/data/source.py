"""What every data set is to the rest of the house: a number of examples, and a function from indices to arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

Examples = dict[str, np.ndarray]


class Source(NamedTuple):
    """``fetch`` takes indices [n] to {"image": uint8 [n, h, w, c] or float32 [n, 2], "label": int32 [n], …}."""

    name: str
    size: int
    fetch: Callable[[np.ndarray], Examples]
    info: dict[str, Any]


def from_arrays(name: str, arrays: Examples, info: dict[str, Any]) -> Source:
    """A source of arrays in memory, all of one length."""
    return Source(name, len(next(iter(arrays.values()))), lambda i: {key: x[i] for key, x in arrays.items()}, info)


def fit(image: Image.Image, size: int | None, channels: int | None) -> np.ndarray:
    """uint8 [size, size, channels]: the shorter side resized with antialiasing, the middle of the longer one kept."""
    if channels:
        image = image.convert({1: "L", 3: "RGB"}[channels])
    if size and image.size != (size, size):
        scale = size / min(image.size)
        wide, high = (max(size, round(side * scale)) for side in image.size)
        image = image.resize((wide, high), Image.Resampling.LANCZOS)
        left, top = (wide - size) // 2, (high - size) // 2
        image = image.crop((left, top, left + size, top + size))
    pixels = np.asarray(image, np.uint8)
    return pixels if pixels.ndim == 3 else pixels[..., None]


def fit_all(images: np.ndarray, size: int | None, channels: int | None) -> np.ndarray:
    """``fit`` for uint8 [n, h, w, c]; nothing happens to images that fit already."""
    h, w, c = images.shape[1:]
    if (size or h, size or w, channels or c) == (h, w, c):
        return images
    pictures = (Image.fromarray(image[..., 0] if c == 1 else image) for image in images)
    return np.stack([fit(picture, size, channels or c) for picture in pictures])
