"""What a translation is worth where the truth is known: how far from it, how sharp, how colourful, how like real images."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ganjax import metrics
from ganjax.metrics.extractors import Extractor, efflite0, extract
from ganjax.metrics.lpips import AT_ONCE, Lpips, lpips
from ganjax.monitor import pictures

LARGER = 4  # times, for LPIPS: its networks halve what they see five times
Images = Float[np.ndarray, "n h w c"]


class Judges(NamedTuple):
    """The networks that look, and the features of real images that are nobody's truth here."""

    lpips: Lpips
    extractor: Extractor
    real: np.ndarray


def judges(real: Images) -> Judges:
    """Both networks; the kernel distance is to ``real``."""
    extractor = efflite0()
    return Judges(lpips("alexnet"), extractor, features(extractor, real))


def features(extractor: Extractor, images: Images) -> np.ndarray:
    """[n, d]."""
    (seen,) = extract(extractor, [pictures.to_bytes(images)])
    return np.asarray(seen["features"])


def measured(made: Images, truth: Images, by: Judges) -> dict[str, float]:
    """Distances to the truth by pixel and by LPIPS; gradients and chroma over the truth's; KID by EfficientNet-Lite0."""
    large = [x.repeat(LARGER, 1).repeat(LARGER, 2) for x in (made, truth)]
    parts = [[x[i : i + AT_ONCE] for x in large] for i in range(0, len(made), AT_ONCE)]
    apart = [np.asarray(by.lpips.distance(by.lpips.variables, *part)) for part in parts]
    return {
        "error": float(np.abs(made - truth).mean()),
        "sharpness": gradient(made) / gradient(truth),
        "chroma": chroma(made) / chroma(truth),
        "lpips": float(np.concatenate(apart).mean()),
        "kd_efflite0": metrics.kernel_distance(by.real, features(by.extractor, made)).value,
    }


def gradient(images: Images) -> float:
    """Mean |∇x|: the length of the differences to the right and lower neighbour, of all pixels and channels."""
    down, right = images[:, 1:, :-1] - images[:, :-1, :-1], images[:, :-1, 1:] - images[:, :-1, :-1]
    return float(np.hypot(down, right).mean())


def chroma(images: Images) -> float:
    """Mean difference of the largest and the least channel: 0 of grey images."""
    return float(np.ptp(images, axis=-1).mean())
