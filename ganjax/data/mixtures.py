"""Distributions in the plane with known modes: 100,000 points each, drawn once."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganjax.data.source import Source, from_arrays

POINTS = 100_000
SEED = 0  # of the points themselves; config.data.seed orders them


def ring8() -> Source:
    """Eight Gaussians on a circle of radius 1, σ = 0.01 (radius 2 and σ = 0.02 of Metz et al. 2017, halved)."""
    angles = 2 * np.pi * np.arange(8) / 8
    return _gaussians("ring8", np.stack([np.cos(angles), np.sin(angles)], axis=1), 0.01)


def grid25() -> Source:
    """25 Gaussians at 2 (x, y), x, y ∈ {−2 … 2}, σ = 0.05, all divided by 2.828.  Gulrajani et al. 2017, gan_toy."""
    steps = 2.0 * np.arange(-2, 3)
    modes = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(25, 2)
    return _gaussians("grid25", modes / 2.828, 0.05 / 2.828)


def swiss_roll() -> Source:
    """(t cos t, t sin t) / 7.5 with t from 1.5 π to 4.5 π and a noise of 0.25, as gan_toy takes it.

    Gulrajani et al. 2017, official code; scikit-learn's roll seen from the side.
    """
    rng = np.random.default_rng(SEED)
    t = 1.5 * np.pi * (1 + 2 * rng.random(POINTS))
    points = np.stack([t * np.cos(t), t * np.sin(t)], axis=1) + 0.25 * rng.standard_normal((POINTS, 2))
    return from_arrays("swiss_roll", {"image": (points / 7.5).astype(np.float32)}, {})


def two_moons() -> Source:
    """Two half circles that hold each other, a noise of 0.05, centred; the label is the moon."""
    rng = np.random.default_rng(SEED)
    angle, moon = np.pi * rng.random(POINTS), rng.integers(0, 2, POINTS)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    points = np.where(moon[:, None] == 0, upper, lower) - [0.5, 0.25] + 0.05 * rng.standard_normal((POINTS, 2))
    return from_arrays("two_moons", {"image": points.astype(np.float32), "label": moon.astype(np.int32)}, {})


def _gaussians(name: str, modes: np.ndarray, sigma: float) -> Source:
    rng = np.random.default_rng(SEED)
    label = rng.integers(0, len(modes), POINTS)
    points = modes[label] + sigma * rng.standard_normal((POINTS, 2))
    info: dict[str, Any] = {"modes": modes.tolist(), "sigma": sigma}
    return from_arrays(name, {"image": points.astype(np.float32), "label": label.astype(np.int32)}, info)
