"""Latents by name: the probes of the decks' homework, sweeps and walks."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from ganjax.errors import UserError

Latents = Float[np.ndarray, "n d"]


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
