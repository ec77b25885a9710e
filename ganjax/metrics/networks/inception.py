"""Inception-v3 of the graph of 2015-12-05, which FID, KID and the Inception score are defined with.

Szegedy et al. 2016, "Rethinking the Inception Architecture for Computer Vision" (arXiv:1512.00567). Where that graph is
not the network of the paper, nor torchvision's: 1. averages at the border leave the padding out; 2. the last block pools
by maximum; 3. 1008 classes, of which the Inception score takes the logits without their bias; 4. no auxiliary head;
ε = 10⁻³. Modules bear the names that they have in PyTorch's files of these weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

SIZE = 299
Images = Float[Array, "_ _ _ _"]  # number, height, width, channels


@runtime_checkable
class Layer(Protocol):
    """conv(name, x, features, kernel, stride): convolution, BatchNorm, ReLU."""

    def __call__(self, name: str, x: Images, features: int, kernel: Any = 1, stride: int = 1) -> Images: ...


class Inception2015(nn.Module):
    """Images [b, 299, 299, 3] as (pixels − 128) / 128 -> {"features": [b, 2048], "logits": [b, 1008], no bias, …}.

    ``64``, ``192`` and ``768`` are the means of earlier maps, ``biased`` the logits with their bias.
    """

    @nn.compact
    def __call__(self, x: Images) -> dict[str, Float[Array, "b _"]]:
        x = _Conv(32, 3, 2, "VALID", name="Conv2d_1a_3x3")(x)
        x = _Conv(32, 3, 1, "VALID", name="Conv2d_2a_3x3")(x)
        x = _Conv(64, 3, 1, "SAME", name="Conv2d_2b_3x3")(x)
        outputs = {"64": _mean(x := _half(x))}
        x = _Conv(80, 1, 1, "VALID", name="Conv2d_3b_1x1")(x)
        x = _Conv(192, 3, 1, "VALID", name="Conv2d_4a_3x3")(x)
        outputs["192"] = _mean(x := _half(x))
        for letter, pool in zip("bcd", (32, 64, 64), strict=True):
            x = Mixed(block_5(pool), name=f"Mixed_5{letter}")(x)
        x = Mixed(block_6a, name="Mixed_6a")(x)
        for letter, width in zip("bcde", (128, 160, 160, 192), strict=True):
            x = Mixed(block_6(width), name=f"Mixed_6{letter}")(x)
        outputs["768"] = _mean(x)
        x = Mixed(block_7a, name="Mixed_7a")(x)
        x = Mixed(block_7(_average), name="Mixed_7b")(x)
        x = Mixed(block_7(_maximum), name="Mixed_7c")(x)
        features = _mean(x)
        logits, bias = _Classes(1008, name="fc")(features)
        return {**outputs, "features": features, "logits": logits, "biased": logits + bias}


class Mixed(nn.Module):
    """A block of branches, side by side along the channels; ``wiring(conv, x)`` lists them."""

    wiring: Callable[[Layer, Images], list[Images]]

    @nn.compact
    def __call__(self, x: Images) -> Images:
        def conv(name: str, x: Images, features: int, kernel: Any = 1, stride: int = 1) -> Images:
            return _Conv(features, kernel, stride, "SAME" if stride == 1 else "VALID", name=name)(x)

        return jnp.concatenate(self.wiring(conv, x), axis=-1)


def block_5(pool: int) -> Callable[[Layer, Images], list[Images]]:
    """35 × 35: 1 × 1; 5 × 5; two 3 × 3; the average."""

    def wiring(conv: Layer, x: Images) -> list[Images]:
        double = conv("branch3x3dbl_2", conv("branch3x3dbl_1", x, 64), 96, 3)
        return [
            conv("branch1x1", x, 64),
            conv("branch5x5_2", conv("branch5x5_1", x, 48), 64, 5),
            conv("branch3x3dbl_3", double, 96, 3),
            conv("branch_pool", _average(x), pool),
        ]

    return wiring


def block_6a(conv: Layer, x: Images) -> list[Images]:
    """35 × 35 to 17 × 17."""
    double = conv("branch3x3dbl_2", conv("branch3x3dbl_1", x, 64), 96, 3)
    return [conv("branch3x3", x, 384, 3, 2), conv("branch3x3dbl_3", double, 96, 3, 2), _half(x)]


def block_6(width: int) -> Callable[[Layer, Images], list[Images]]:
    """17 × 17: 7 × 7 as 1 × 7 and 7 × 1, once and twice."""

    def wiring(conv: Layer, x: Images) -> list[Images]:
        once = conv("branch7x7_2", conv("branch7x7_1", x, width), width, (1, 7))
        twice = conv("branch7x7dbl_2", conv("branch7x7dbl_1", x, width), width, (7, 1))
        twice = conv("branch7x7dbl_4", conv("branch7x7dbl_3", twice, width, (1, 7)), width, (7, 1))
        return [
            conv("branch1x1", x, 192),
            conv("branch7x7_3", once, 192, (7, 1)),
            conv("branch7x7dbl_5", twice, 192, (1, 7)),
            conv("branch_pool", _average(x), 192),
        ]

    return wiring


def block_7a(conv: Layer, x: Images) -> list[Images]:
    """17 × 17 to 8 × 8."""
    long = conv("branch7x7x3_2", conv("branch7x7x3_1", x, 192), 192, (1, 7))
    long = conv("branch7x7x3_4", conv("branch7x7x3_3", long, 192, (7, 1)), 192, 3, 2)
    return [conv("branch3x3_2", conv("branch3x3_1", x, 192), 320, 3, 2), long, _half(x)]


def block_7(pool: Callable[[Images], Images]) -> Callable[[Layer, Images], list[Images]]:
    """8 × 8: 3 × 3 as 1 × 3 beside 3 × 1."""

    def wiring(conv: Layer, x: Images) -> list[Images]:
        once = conv("branch3x3_1", x, 384)
        twice = conv("branch3x3dbl_2", conv("branch3x3dbl_1", x, 448), 384, 3)
        return [
            conv("branch1x1", x, 320),
            conv("branch3x3_2a", once, 384, (1, 3)),
            conv("branch3x3_2b", once, 384, (3, 1)),
            conv("branch3x3dbl_3a", twice, 384, (1, 3)),
            conv("branch3x3dbl_3b", twice, 384, (3, 1)),
            conv("branch_pool", pool(x), 192),
        ]

    return wiring


class _Conv(nn.Module):
    features: int
    kernel: Any
    stride: int
    padding: str

    @nn.compact
    def __call__(self, x: Images) -> Images:
        kernel = (self.kernel, self.kernel) if isinstance(self.kernel, int) else self.kernel
        x = nn.Conv(self.features, kernel, self.stride, self.padding, use_bias=False, name="conv")(x)
        return nn.relu(nn.BatchNorm(use_running_average=True, epsilon=1e-3, name="bn")(x))


class _Classes(nn.Module):
    classes: int

    @nn.compact
    def __call__(self, x: Float[Array, "b d"]) -> tuple[Float[Array, "b k"], Float[Array, " k"]]:
        kernel = self.param("kernel", nn.initializers.lecun_normal(), (x.shape[-1], self.classes))
        return x @ kernel, self.param("bias", nn.initializers.zeros, (self.classes,))


def _half(x: Images) -> Images:
    y: Array = nn.max_pool(x, (3, 3), (2, 2))
    return y


def _average(x: Images) -> Images:
    y: Array = nn.avg_pool(x, (3, 3), padding="SAME", count_include_pad=False)
    return y


def _maximum(x: Images) -> Images:
    y: Array = nn.max_pool(x, (3, 3), padding="SAME")
    return y


def _mean(x: Images) -> Float[Array, "_ _"]:
    return x.mean(axis=(1, 2))
