"""How far a translation went from its input, and how near it came to the other domain: pixels, features, silhouettes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy import ndimage

from ganjax import metrics
from ganjax.data.pairs import WITHIN
from ganjax.metrics.extractors import Extractor, extract

Images = UInt8[np.ndarray, "n h w 3"]
Masks = Bool[np.ndarray, "n h w"]
WHITE = 24  # of 255: what is darker than that in some channel is no background


class Looked(NamedTuple):
    """Images, what the extractor sees in them, their silhouettes."""

    images: Images
    features: Float[np.ndarray, "n d"]
    masks: Masks


def look(extractor: Extractor, images: Images) -> Looked:
    """Of [n, h, w, 3], bytes."""
    (seen,) = extract(extractor, [images])
    return Looked(images, seen["features"], silhouettes(images))


def silhouettes(images: Images) -> Masks:
    """What is not white, and white that it encloses."""
    masks: np.ndarray = ndimage.binary_fill_holes(images.min(axis=-1) < 255 - WHITE, WITHIN)
    return masks


def measured(a: Looked, made: Looked, b: Looked) -> dict[str, float]:
    """What became of a on its way to b.

    ``pixels``, ``features``, ``shape``: the distance of input and output over that of input and some image of b, 0 where
    nothing is changed. ``way``: the share of the way from the shapes of a to those of b, by their mean overlap with b.
    ``kd_efflite0`` to b, and its ``rest``: the share of the input's own that is left.
    """
    other = Looked(*(np.roll(each, 1, axis=0) for each in b))  # of pairs, another one
    far = {name: kind(a, made) / kind(a, other) for name, kind in DISTANCES.items()}
    kd, before = (metrics.kernel_distance(b.features, x.features).value for x in (made, a))
    begin, here, end = (overlaps(x.masks, b.masks) for x in (a, made, b))
    return {**far, "way": (here - begin) / (end - begin), "kd_efflite0": kd, "rest": kd / before}


def pixels(x: Looked, y: Looked) -> float:
    """Mean absolute difference, of 255."""
    return float(np.abs(x.images.astype(float) - y.images).mean())


def features(x: Looked, y: Looked) -> float:
    """Mean distance."""
    return float(np.linalg.norm(x.features - y.features, axis=1).mean())


def shape(x: Looked, y: Looked) -> float:
    """1 − the mean IoU of silhouettes, one by one."""
    both, either = (kind(x.masks, y.masks).sum(axis=(1, 2)) for kind in (np.logical_and, np.logical_or))
    return float(1 - (both / np.maximum(either, 1)).mean())


def overlaps(x: Masks, y: Masks) -> float:
    """Mean IoU of each of x with each of y but its own, the one at its place."""
    x, y = (each.reshape(len(each), -1).astype(float) for each in (x, y))
    both = x @ y.T
    iou = both / np.maximum(x.sum(axis=1)[:, None] + y.sum(axis=1) - both, 1)
    return float(iou[~np.eye(len(x), dtype=bool)].mean())


DISTANCES = {"pixels": pixels, "features": features, "shape": shape}
