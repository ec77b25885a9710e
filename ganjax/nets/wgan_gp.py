"""The 5 × 5 networks of WGAN-GP's official code: MNIST and the DCGAN of its CIFAR-10 script.

Gulrajani et al. 2017, arXiv:1704.00028. Convolutions are TensorFlow's SAME at stride 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ganjax.nets.layers import Conv, ConvTranspose, Init, batch_norm, leaky_relu, sigmoid_image, unit_range

glorot = nn.initializers.glorot_uniform()


def fan_average(gain: float = 4.0, down: int = 1, up: int = 1) -> Init:
    """U(±√3 σ), σ² = gain / k² (in / up² + out / down²): the official code's initialiser, aware of strides."""

    def init(key: jax.Array, shape: tuple[int, ...], dtype: Any = jnp.float32) -> jax.Array:
        k, _, inputs, outputs = shape
        bound = (3 * gain / (k * k * (inputs / up**2 + outputs / down**2))) ** 0.5
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return init


class Generator(nn.Module):
    """z [b, n] -> dense 4 × 4 -> doubling 5 × 5 layers -> images in [-1, 1]."""

    widths: Sequence[int]
    image_channels: int
    crop: bool
    norm: bool
    sigmoid: bool
    axis_name: str | None
    dtype: Any

    @nn.compact
    def __call__(self, z: Float[Array, "b n"], train: bool = True) -> Float[Array, "b h w c"]:
        x = nn.Dense(16 * self.widths[0], kernel_init=glorot, dtype=self.dtype)(z).reshape(z.shape[0], 4, 4, -1)
        for i, width in enumerate([*self.widths[1:], self.image_channels]):
            if self.norm:
                x = batch_norm(train, self.axis_name, dtype=self.dtype)(x)
            x = nn.relu(x)
            if self.crop and i == 1:
                x = x[:, :7, :7]  # 8 × 8 cut to 7 × 7, so that two doublings end at 28
            x = ConvTranspose(width, 5, 2, (1, 2), kernel_init=fan_average(up=2), dtype=self.dtype)(x)
        x = x.astype(jnp.float32)
        return sigmoid_image(x) if self.sigmoid else jnp.tanh(x)


class Critic(nn.Module):
    """Images -> halving 5 × 5 layers, LeakyReLU, no norm -> critic values [b]."""

    widths: Sequence[int]
    unit: bool
    dtype: Any

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], train: bool = True) -> Float[Array, " b"]:
        x = unit_range(x) if self.unit else x
        for width in self.widths:
            x = leaky_relu(Conv(width, 5, 2, kernel_init=fan_average(down=2), dtype=self.dtype)(x))
        return nn.Dense(1, kernel_init=glorot, dtype=self.dtype)(x.reshape(x.shape[0], -1))[:, 0].astype(jnp.float32)


def mnist_generator(channels: int = 64, dtype: Any = jnp.float32) -> nn.Module:
    """z -> 28 × 28 × 1; works in [0, 1] inside."""
    return Generator((4 * channels, 2 * channels, channels), 1, True, False, True, None, dtype)


def mnist_critic(channels: int = 64, dtype: Any = jnp.float32) -> nn.Module:
    """28 × 28 × 1 -> critic values; works in [0, 1] inside."""
    return Critic((channels, 2 * channels, 4 * channels), True, dtype)


def cifar_generator(channels: int = 128, axis_name: str | None = None, dtype: Any = jnp.float32) -> nn.Module:
    """z -> 32 × 32 × 3 with BatchNorm, the DCGAN of the CIFAR-10 script."""
    return Generator((4 * channels, 2 * channels, channels), 3, False, True, False, axis_name, dtype)


def cifar_critic(channels: int = 128, dtype: Any = jnp.float32) -> nn.Module:
    """32 × 32 × 3 -> critic values, the DCGAN of the CIFAR-10 script."""
    return Critic((channels, 2 * channels, 4 * channels), False, dtype)
