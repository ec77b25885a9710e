"""The 112-px networks of LSGAN (Mao et al. 2017, arXiv:1611.04076, figure 5; official ``train_lsun``)."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import Conv, ConvTranspose, batch_norm, leaky_relu, normal_init


class Generator(nn.Module):
    """z [b, n] -> 7 × 7 -> four doublings, 3 × 3 kernels -> 112 × 112 images in [-1, 1]."""

    channels: int
    image_channels: int
    axis_name: str | None
    dtype: Any

    @nn.compact
    def __call__(self, z: Float[Array, "b n"], train: bool = True) -> Float[Array, "b _ _ _"]:
        def act(x: Float[Array, "b _ _ _"]) -> Float[Array, "b _ _ _"]:
            return nn.relu(batch_norm(train, self.axis_name, dtype=self.dtype)(x))

        def layer(x: Float[Array, "b _ _ _"], width: int, stride: int) -> Float[Array, "b _ _ _"]:
            padding = (0, 1) if stride == 2 else (1, 1)  # TensorFlow's SAME
            return ConvTranspose(width, 3, stride, padding, dtype=self.dtype)(x)

        wide = 4 * self.channels
        x = nn.Dense(49 * wide, kernel_init=normal_init, dtype=self.dtype)(z).reshape(z.shape[0], 7, 7, wide)
        widths = [(wide, 2), (wide, 1), (wide, 2), (wide, 1), (wide // 2, 2), (wide // 4, 2)]
        for width, stride in widths:
            x = layer(act(x), width, stride)
        return jnp.tanh(layer(act(x), self.image_channels, 1).astype(jnp.float32))


class Critic(nn.Module):
    """Images -> four halvings, 5 × 5 kernels, BatchNorm but on the first -> dense -> critic values [b]."""

    channels: int
    axis_name: str | None
    dtype: Any

    @nn.compact
    def __call__(self, x: Float[Array, "b _ _ _"], train: bool = True) -> Float[Array, " b"]:
        for i in range(4):
            x = Conv(self.channels * 2**i, 5, 2, dtype=self.dtype)(x)
            x = leaky_relu(batch_norm(train, self.axis_name, dtype=self.dtype)(x) if i else x)
        x = nn.Dense(1, kernel_init=normal_init, dtype=self.dtype)(x.reshape(x.shape[0], -1))
        return x[:, 0].astype(jnp.float32)


def generator(
    channels: int = 64, image_channels: int = 3, axis_name: str | None = None, dtype: Any = jnp.float32
) -> nn.Module:
    """z -> 112 × 112 images."""
    return Generator(channels, image_channels, axis_name, dtype)


def critic(channels: int = 64, axis_name: str | None = None, dtype: Any = jnp.float32) -> nn.Module:
    """112 × 112 images -> critic values."""
    return Critic(channels, axis_name, dtype)
