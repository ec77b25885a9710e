"""SNDCGAN (Miyato et al. 2018, arXiv:1802.05957, appendix B, tables 3a and 3b), the convolutional networks at 4·2^k pixels.

Generator:  z -> dense 4 × 4 -> transposed 4 × 4 convolutions that double, BatchNorm ReLU between -> 3 × 3 convolution, tanh.
Critic:     3 × 3 and 4 × 4 convolutions in turn, the second of a pair halves, spectral norm and LeakyReLU 0.1 -> dense.
"""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets import spectral
from ganjax.nets.dcgan import doublings
from ganjax.nets.layers import Conv, ConvTranspose, Dense, batch_norm, normal_init

Images = Float[Array, "b _ _ _"]  # height, width and channels change


class Generator(nn.Module):
    """z [b, n] -> images [b, size, size, c] in [-1, 1]."""

    size: int
    image_channels: int
    channels: int
    axis_name: str | None
    dtype: Any

    @nn.compact
    def __call__(self, z: Float[Array, "b n"], train: bool = True) -> Images:
        def act(h: Images) -> Images:
            return nn.relu(batch_norm(train, self.axis_name, dtype=self.dtype)(h))

        width = self.channels * 2 ** doublings(self.size)
        x = act(Dense(16 * width, dtype=self.dtype)(z).reshape(z.shape[0], 4, 4, width))
        for i in range(1, doublings(self.size) + 1):
            x = act(ConvTranspose(width // 2**i, kernel_init=normal_init, dtype=self.dtype)(x))
        return jnp.tanh(Conv(self.image_channels, dtype=self.dtype)(x).astype(jnp.float32))


class Critic(nn.Module):
    """Images [b, size, size, c] -> values [b]."""

    size: int
    channels: int
    dtype: Any

    @nn.compact
    def __call__(self, x: Images, train: bool = True) -> Float[Array, " b"]:
        weight, halvings = spectral.iterating(train), doublings(self.size)
        for i in range(halvings + 1):
            for kernel, stride in ((3, 1), (4, 2))[: 1 if i == halvings else 2]:
                layer = Conv(self.channels * 2**i, kernel, stride, (1, 1), dtype=self.dtype, weight=weight)
                x = nn.leaky_relu(layer(x), 0.1)
        return Dense(1, weight=weight)(x.astype(jnp.float32).reshape(x.shape[0], -1))[:, 0]


def generator(
    size: int = 32,
    channels: int = 64,
    image_channels: int = 3,
    axis_name: str | None = None,
    dtype: Any = jnp.float32,
) -> nn.Module:
    """z -> ``size`` px, ``channels`` before the last layer.

    Raises:
        ValueError: size is not 4·2^k.
    """
    doublings(size)
    return Generator(size, image_channels, channels, axis_name, dtype)


def critic(size: int = 32, channels: int = 64, dtype: Any = jnp.float32) -> nn.Module:
    """``size`` px -> values, ``channels`` after the first layer, twice as many after each halving.

    Raises:
        ValueError: size is not 4·2^k.
    """
    doublings(size)
    return Critic(size, channels, dtype)
