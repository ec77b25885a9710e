"""Moments of a run: what D says of the distance, what the samples measure, and some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr

from experiments.claims import Answer
from experiments.on_device import Leg
from ganjax.core import State
from ganjax.monitor import pictures

SMOOTH = 20  # steps before a moment, over whose batches the losses are means


class Moment(NamedTuple):
    """What a step of one seed is worth."""

    step: int
    distance: float
    losses: dict[str, float]
    shown: np.ndarray  # bytes, samples of the same latents at every step


def moments(
    legs: Iterator[Leg], sample: Callable[[State], np.ndarray], distance: Callable[[np.ndarray], float]
) -> list[Moment]:
    """A moment at the end of each leg; ``sample`` draws images in [-1, 1]."""
    found = []
    for leg in legs:
        made = sample(leg.state)
        losses = {name: float(np.mean(x[-SMOOTH:])) for name, x in leg.log.items()}
        found.append(Moment(leg.step, distance(made), losses, pictures.to_bytes(made[:6])))
    return found


def jensen_shannon(loss: np.ndarray) -> np.ndarray:
    """log 2 − loss / 2: what −E log D(x) − E log(1 − D(G(z))) says at least of the divergence, halved, at most log 2."""
    return np.asarray(np.log(2) - loss / 2)


def table(seeds: Sequence[Sequence[Moment]], name: str) -> np.ndarray:
    """[moments, seeds] of a loss, or of ``distance``."""
    rows = [[each.distance if name == "distance" else each.losses[name] for each in seed] for seed in seeds]
    return np.array(rows).T


def correlations(estimate: np.ndarray, distance: np.ndarray) -> list[float]:
    """Spearman's, of each seed: of two tables [moments, seeds]."""
    return [float(spearmanr(a, b).statistic) for a, b in zip(estimate.T, distance.T, strict=True)]


def verdict(rho: Mapping[str, Sequence[float]], critics: Sequence[str], others: Sequence[str]) -> Answer:
    """yes: every seed of the critics has ρ > 0.8 and every seed of the others ρ < 0.5; partly: one of both; else no."""
    follows = all(each > 0.8 for name in critics for each in rho[name])
    does_not = all(each < 0.5 for name in others for each in rho[name])
    return "yes" if follows and does_not else "partly" if follows or does_not else "no"
