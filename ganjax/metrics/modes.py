"""Modes of 2-D mixtures: how many are covered, how many samples are near one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Coverage(NamedTuple):
    """``covered`` modes, the ``share`` of samples within 3σ of a mode, and how many samples each mode has."""

    covered: int
    share: float
    counts: list[int]


def coverage(
    points: Float[np.ndarray, "n d"], modes: Sequence[Sequence[float]], sigma: float, at_least: float = 0.01
) -> Coverage:
    """A mode is covered where ``at_least`` of the samples (100 of 10,000) lie within 3σ of it, σ per coordinate."""
    distance = np.linalg.norm(np.asarray(points)[:, None] - np.asarray(modes)[None], axis=-1)
    nearest = distance.argmin(axis=1)
    near = distance.min(axis=1) <= 3 * sigma  # NaN is near nothing
    counts = np.bincount(nearest[near], minlength=len(modes))
    return Coverage(int((counts >= at_least * len(points)).sum()), float(near.mean()), counts.tolist())
