"""Latents by name, and how their pictures lie among those of random latents and among the digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int

from ganjax.latents import latents

NAMED = {  # as the homework writes them: as ``sample --latent=`` has them
    "0": "0",
    "1": "1",
    "0.5": "0.5",
    "0.3": "0.3",
    "−1": "-1",
    "0 0 1 0 …": "onehot:2",
    "two at 10": "set:50=10,51=10,base=1",
}
RARE = 0.05  # of the samples lie as far out, to both sides
FAR = 3.0  # deviations of |z|² from its mean
Draw = Callable[[np.ndarray], np.ndarray]  # z [n, d] -> images [n, h, w] in [-1, 1]


class Digits(NamedTuple):
    """Real digits, flat, and what they are."""

    images: Float[np.ndarray, "n p"]
    labels: Int[np.ndarray, " n"]


class Place(NamedTuple):
    """Where pictures lie: distances (root mean square of the pixels) to the nearest sample and to the nearest real digit,
    and which digit that is."""

    sample: np.ndarray
    real: np.ndarray
    digit: np.ndarray


def nearest(x: np.ndarray, others: np.ndarray, itself: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """(root mean square distance of each row to the nearest of others, which that is); ``itself``: but for its own row."""
    squares = (x**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * x @ others.T
    if itself:
        np.fill_diagonal(squares, np.inf)
    return np.sqrt(np.maximum(squares.min(axis=1), 0) / x.shape[1]), squares.argmin(axis=1)


def place(x: np.ndarray, samples: np.ndarray, digits: Digits, itself: bool = False) -> Place:
    """Of images [n, h, w] or flat ones; ``itself``: they are the samples."""
    flat = x.reshape(len(x), -1)
    real, which = nearest(flat, digits.images)
    return Place(nearest(flat, samples, itself)[0], real, digits.labels[which])


def rarity(value: float, among: np.ndarray) -> float:
    """Twice the share of ``among`` that lies as far out on this side: 1 in the middle, 0 beyond all of them."""
    return float(2 * min((among >= value).mean(), (among <= value).mean(), 0.5))


def length(z: np.ndarray) -> tuple[float, float]:
    """(|z|, how many deviations |z|² of N(0, 1)ᵈ it lies from its mean): (|z|² − d) / √(2 d)."""
    square = float((z.astype(np.float64) ** 2).sum())
    return math.sqrt(square), (square - z.size) / math.sqrt(2 * z.size)


def named(draw: Draw, dim: int, samples: np.ndarray, usual: Place, digits: Digits) -> dict[str, dict[str, float]]:
    """Of each named latent its length, where its picture lies, and whether both are as of random ones."""
    found = {}
    for name, latent in NAMED.items():
        z = latents(latent, np.zeros((1, dim), np.float32))
        at = place(draw(z), samples, digits)
        norm, deviations = length(z[0])
        rare = {"sample": rarity(at.sample[0], usual.sample), "real": rarity(at.real[0], usual.real)}
        found[name] = {
            "norm": norm,
            "deviations": deviations,
            "to_sample": float(at.sample[0]),
            "to_real": float(at.real[0]),
            "rarity_among_samples": rare["sample"],
            "rarity_as_a_digit": rare["real"],
            "digit": int(at.digit[0]),
            "typical_length": float(abs(deviations) < FAR),
            "ordinary_picture": float(min(rare.values()) >= RARE),
        }
    return found


def by_length(draw: Draw, dim: int, lengths: np.ndarray, digits: Digits, n: int = 64) -> list[float]:
    """The mean distance to the nearest real digit of pictures of z in random directions, of each length."""
    z = np.random.default_rng(1).normal(size=(n, dim))
    ways = z / np.linalg.norm(z, axis=1, keepdims=True)
    images = [draw((ways * each).astype(np.float32)).reshape(n, -1) for each in lengths]
    return [float(nearest(each, digits.images)[0].mean()) for each in images]


def swept(draw: Draw, z: np.ndarray, ends: tuple[float, float], usual: float, digits: Digits) -> dict[str, float]:
    """Over sweeps of one coordinate each, the k-th on the k-th z: how far the ends' pictures lie apart, over how far two
    samples do (``usual``); the share of sweeps in which the nearest real digit stays the same class all along."""
    apart, stays = [], []
    for k, one in enumerate(z):
        images = draw(line(one, k, ends)).reshape(11, -1)
        apart.append(np.sqrt(((images[0] - images[-1]) ** 2).mean()) / usual)
        stays.append(len(set(digits.labels[nearest(images, digits.images)[1]])) == 1)
    return {
        "ends_apart": float(np.mean(apart)),
        "most_apart": float(np.max(apart)),
        "same_digit": float(np.mean(stays)),
    }


def line(z: np.ndarray, coordinate: int, ends: tuple[float, float], n: int = 11) -> np.ndarray:
    """n latents, all as z but for one coordinate, which goes from end to end."""
    out = np.tile(z, (n, 1)).astype(np.float32)
    out[:, coordinate] = np.linspace(*ends, n)
    return out


def drawn(key: jax.Array, n: int, dim: int) -> np.ndarray:
    """Random latents."""
    return np.asarray(jax.random.normal(key, (n, dim)))
