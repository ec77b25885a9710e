"""Latents by name: the probes of the decks' homework, sweeps and walks; truncated ones."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri

from ganjax.errors import UserError

Latents = Float[np.ndarray, "n d"]
WITHIN = 2.0  # of the models on TF-Hub: N(0, 1) within ±2
LOOKED_AT = 2**14  # values in which a law is recognised
FAR = 0.03  # between distribution functions: so many normal values are as far once in 10¹²; uniform ones are 0.057 away


class Truncation(NamedTuple):
    """How the tails of z ~ N(0, 1) are cut at a threshold t > 0.

    ``redrawn``: entries with |z| > t are drawn again, nothing is rescaled (Brock et al. 2019, section 3.1).
    ``tfhub``: t · z, entries with |z| > 2 drawn again, as the models on TF-Hub have it. At t = ½ their deviations are .28 and
    .44.
    """

    kind: str
    threshold: float

    def __str__(self) -> str:
        return f"{self.threshold:g}" if self.kind == "redrawn" else f"{self.kind}:{self.threshold:g}"


def truncation(name: str | None) -> Truncation | None:
    """0.5 -> redrawn at 0.5, tfhub:0.5 -> as on TF-Hub, none -> none.

    Raises:
        UserError: no such truncation.
    """
    if name in (None, "none"):
        return None
    head, _, rest = str(name).rpartition(":")
    try:
        threshold = float(rest)
    except ValueError:
        threshold = math.nan
    if head not in ("", "redrawn", "tfhub") or not 0 < threshold < math.inf:
        raise UserError(f"--truncation={name}: use a threshold above 0, such as 0.5, or tfhub:0.5")
    return Truncation(head or "redrawn", threshold)


def truncated(z: Latents, how: Truncation) -> Latents:
    """Normal z with its tails cut: Φ(z_t) = Φ(−t) + (Φ(t) − Φ(−t)) Φ(z), or t · z_2 (``tfhub``).

    The law is that of drawing again; entries keep their ranks, so that the same z is seen at every threshold. Computed in the
    lower tail, where Φ keeps its digits.
    """
    t = WITHIN if how.kind == "tfhub" else how.threshold
    below = ndtr(-t)
    cut = -np.sign(z) * ndtri(below + (1 - 2 * below) * ndtr(-np.abs(z, dtype=np.float64)))
    scale = how.threshold if how.kind == "tfhub" else 1.0
    inside: Latents = (scale * np.clip(cut, -t, t)).astype(np.float32)
    return inside


def is_normal(z: Latents) -> bool:
    """Whether entries look like independent N(0, 1): their distribution function, and the spread of the rows' lengths.

    Of |z|² the variance is 2 d; it is 0 where z lies on a sphere, whose entries look normal one by one.
    """
    values = np.sort(z.reshape(-1)[:LOOKED_AT])
    apart = np.abs(ndtr(values) - (np.arange(len(values)) + 0.5) / len(values)).max()
    spread = np.square(z, dtype=np.float64).sum(axis=1).var() / (2 * z.shape[1])
    return bool(apart < FAR and 0.5 < spread < 2)


def latents(name: str, z: Latents) -> Latents:
    """The n latents of a name; ``z`` are random ones, which give n, d, and the ends of walks.

    random · V: all coordinates V · onehot:I: 1 at I, else 0 · sweep:I: coordinate I from −3 to 3, the others as in the
    first z · set:I=V,…,base=V: base everywhere but at I · lerp, slerp: a walk from the first z to the second.

    Raises:
        UserError: no such name, or a coordinate that is not there.
    """
    kind, _, rest = name.partition(":")
    n, dim = z.shape
    if kind == "random" and not rest:
        return z
    if kind in ("lerp", "slerp") and not rest:
        a, b = z[0], z[1 % n] if n > 1 else -z[0]
        return walk(a, b, n, spherical=kind == "slerp")
    if kind == "onehot":
        return np.tile(np.eye(dim, dtype=np.float32)[_coordinate(rest, dim, name)], (n, 1))
    if kind == "sweep":
        out = np.tile(z[0], (n, 1))
        out[:, _coordinate(rest, dim, name)] = np.linspace(-3, 3, n)
        return out
    if kind == "set":
        return np.tile(_set(rest, dim, name), (n, 1))
    return np.full((n, dim), _number(name, name), np.float32)


def walk(a: Float[np.ndarray, " d"], b: Float[np.ndarray, " d"], n: int, spherical: bool = False) -> Latents:
    """n points from a to b, on the straight line or (slerp) on the great circle, lengths interpolated as well."""
    t = np.linspace(0, 1, n, dtype=np.float32)[:, None]
    straight: Latents = (1 - t) * a + t * b
    if not spherical:
        return straight
    cosine = np.dot(a, b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12)
    angle = np.arccos(np.clip(cosine, -1, 1))
    if np.sin(angle) < 1e-4:
        return walk(a, b, n)
    path: Latents = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
    return path.astype(np.float32)


def _set(text: str, dim: int, name: str) -> Float[np.ndarray, " d"]:
    pairs = [pair.partition("=") for pair in text.split(",")]
    base = [_number(value, name) for key, _, value in pairs if key == "base"]
    out = np.full(dim, base[-1] if base else 0.0, np.float32)
    for key, _, value in pairs:
        if key != "base":
            out[_coordinate(key, dim, name)] = _number(value, name)
    return out


def _coordinate(text: str, dim: int, name: str) -> int:
    if not text.isdecimal() or int(text) >= dim:
        raise UserError(f"--latent={name}: {text!r} is no coordinate; there are 0 to {dim - 1}")
    return int(text)


def _number(text: str, name: str) -> float:
    try:
        if math.isfinite(number := float(text)):
            return number
    except ValueError:
        pass
    raise UserError(f"--latent={name}: use random, a number, onehot:I, sweep:I, set:I=V,…,base=V, lerp or slerp")
