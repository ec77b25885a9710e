"""Lightness and chroma of photographs: CIE Lab of sRGB under D65, in bytes."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from ganjax.data.folder import ENDINGS, images_in, on_white, root_of, stream
from ganjax.data.source import Examples, Source, check_fit, fit

# By these formulas and not by Pillow's ImageCms, whose Lab is relative to D50: red is (54.3, 80.8, 69.9) there.
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
TO_WHITE = XYZ / XYZ.sum(axis=1, keepdims=True)  # rows of linear RGB -> X / Xn, Y / Yn, Z / Zn
DELTA = 6 / 29


def colours(path: str | None = None, image_size: int = 256) -> Source:
    """The images below ``path``, ``a`` their lightness [h, w, 1], ``b`` their chroma a*, b* [h, w, 2] of CIE Lab, bytes.

    Raises:
        UserError: no such folder, no images in it, or more than half of them cannot be read.
    """
    root = root_of(path, "colours", "your images")
    check_fit(image_size, 3)

    def read(image: Image.Image) -> Examples:
        return dict(zip("ab", lab_of(fit(on_white(image), image_size, 3)), strict=True))

    files = images_in(root, f"{', '.join(ENDINGS[:4])} … files, in folders or not")
    kept, skipped, fetch = stream(root, [(file,) for file in files], [read], 3 * image_size**2)
    info = {"sides": {"a": "lightness", "b": "chroma"}, "colour": "lab", "skipped": skipped}
    return Source("colours", len(kept), fetch, info)


def lab_of(rgb: UInt8[np.ndarray, "*n 3"]) -> tuple[UInt8[np.ndarray, "*n 1"], UInt8[np.ndarray, "*n 2"]]:
    """(lightness 255 L / 100, chroma a* + 128 and b* + 128) of sRGB; of grey the chroma is (128, 128)."""
    x = exact_lab(rgb)
    return _bytes(x[..., :1] * 2.55), _bytes(x[..., 1:] + 128)


def rgb_of(lightness: UInt8[np.ndarray, "*n 1"], chroma: UInt8[np.ndarray, "*n 2"]) -> UInt8[np.ndarray, "*n 3"]:
    """sRGB of what ``lab_of`` gives; colours beyond sRGB become the nearest in each channel."""
    y = (lightness[..., 0] / 2.55 + 16) / 116
    a, b = np.moveaxis(chroma.astype(np.float32) - 128, -1, 0)
    f = np.stack([y + a / 500, y, y - b / 200], axis=-1).astype(np.float32)
    linear = np.where(f > DELTA, f**3, 3 * DELTA**2 * (f - 4 / 29)) @ np.linalg.inv(TO_WHITE).T.astype(np.float32)
    linear = np.clip(linear, 0, 1)
    return _bytes(255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


def exact_lab(rgb: UInt8[np.ndarray, "*n 3"]) -> Float32[np.ndarray, "*n 3"]:
    """L in 0 … 100, a* and b* of sRGB, unrounded."""
    t = _linear()[rgb] @ TO_WHITE.T.astype(np.float32)
    f = np.where(t > DELTA**3, np.cbrt(t), t / (3 * DELTA**2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


@functools.cache
def _linear() -> np.ndarray:
    """The intensity of each byte of sRGB."""
    v = np.arange(256) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _bytes(x: np.ndarray) -> np.ndarray:
    return np.clip(np.round(x), 0, 255).astype(np.uint8)
